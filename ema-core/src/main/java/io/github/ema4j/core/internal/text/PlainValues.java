// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.text;

import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** Values by name as a text format delivers them, taken out by kind; errors name the value. */
public final class PlainValues {

  private final Map<String, ?> map;
  private final Set<String> asked = new HashSet<>();

  /**
   * Reads from a map.
   *
   * @param map strings, numbers, booleans and maps by name
   */
  public PlainValues(Map<String, ?> map) {
    this.map = map;
  }

  /**
   * Whether there is a value of a name.
   *
   * @param name of the value
   * @return true if there is, of whatever kind
   */
  public boolean has(String name) {
    return map.containsKey(name);
  }

  /**
   * All values, where the names are not known beforehand.
   *
   * @param read how to take the value of a name out of these
   * @param <T> kind of the values
   * @return a new map in the order of the text
   * @throws IllegalArgumentException if {@code read} finds one to be of another kind
   */
  public <T> Map<String, T> all(Function<String, T> read) {
    Map<String, T> values = new LinkedHashMap<>();
    map.keySet().forEach(name -> values.put(name, read.apply(name)));
    return values;
  }

  /**
   * Refuses values that nobody asked for: what is not understood may change what the others mean.
   *
   * @throws IllegalArgumentException if there are any, with their names
   */
  public void requireNoOthers() {
    Set<String> others = new TreeSet<>(map.keySet());
    others.removeAll(asked);
    if (!others.isEmpty()) {
      throw new IllegalArgumentException("it has values that are not known here: " + others);
    }
  }

  /**
   * A string.
   *
   * @param name of the value
   * @return the value
   * @throws IllegalArgumentException if it is missing or of another kind
   */
  public String text(String name) {
    return take(name, String.class, "a text");
  }

  /**
   * A boolean.
   *
   * @param name of the value
   * @return the value
   * @throws IllegalArgumentException if it is missing or of another kind
   */
  public boolean truth(String name) {
    return take(name, Boolean.class, "true or false");
  }

  /**
   * A finite number.
   *
   * @param name of the value
   * @return the value
   * @throws IllegalArgumentException if it is missing, of another kind or not finite
   */
  public double number(String name) {
    double value = take(name, Number.class, "a number").doubleValue();
    if (!Double.isFinite(value)) {
      throw wrong(name, "a finite number", value);
    }
    return value;
  }

  /**
   * A whole number.
   *
   * @param name of the value
   * @return the value
   * @throws IllegalArgumentException if it is missing, of another kind or beyond 64 bits
   */
  public long whole(String name) {
    Number value = take(name, Number.class, "a whole number");
    if (value instanceof Long || value instanceof Integer) {
      return value.longValue();
    }
    throw wrong(name, "a whole number", value);
  }

  /**
   * A constant of an enumeration.
   *
   * @param name of the value
   * @param type the enumeration
   * @param <E> the enumeration
   * @return the constant
   * @throws IllegalArgumentException if it is missing or no such constant
   */
  public <E extends Enum<E>> E constant(String name, Class<E> type) {
    String value = text(name);
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equals(value)) {
        return constant;
      }
    }
    throw wrong(name, "one of " + Arrays.toString(type.getEnumConstants()), value);
  }

  /**
   * Values within this one.
   *
   * @param name of the value
   * @return the values
   * @throws IllegalArgumentException if it is missing or of another kind
   */
  @SuppressWarnings("unchecked") // names are texts in any text format
  public Map<String, ?> map(String name) {
    return take(name, Map.class, "an object");
  }

  private <T> T take(String name, Class<T> type, String kind) {
    asked.add(name);
    Object value = map.get(name);
    if (value == null) {
      throw new IllegalArgumentException("'" + name + "' is missing");
    }
    if (!type.isInstance(value)) {
      throw wrong(name, kind, value);
    }
    return type.cast(value);
  }

  /**
   * A list of values by name.
   *
   * @param name of the value
   * @return the list
   * @throws IllegalArgumentException if it is missing or of another kind
   */
  @SuppressWarnings("unchecked") // the elements are checked, names are texts in any text format
  public List<Map<String, ?>> maps(String name) {
    List<?> list = take(name, List.class, "a list");
    for (Object element : list) {
      if (!(element instanceof Map)) {
        throw wrong(name, "a list of values by name", list);
      }
    }
    return (List<Map<String, ?>>) list;
  }

  private static IllegalArgumentException wrong(String name, String kind, Object value) {
    return new IllegalArgumentException(
        "'%s' must be %s, but was '%s'".formatted(name, kind, shortened(value)));
  }

  /** What a damaged file holds may be as long as the file. */
  private static String shortened(Object value) {
    String text = String.valueOf(value);
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}
