// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Finds the first difference between two values, field by field: {@code equals} of several classes
 * of Deeplearning4j leaves fields out, and users' classes often have none.
 */
public final class Difference {

  private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  private final BiPredicate<Class<?>, Field> leftOut;

  private Difference(BiPredicate<Class<?>, Field> leftOut) {
    this.leftOut = leftOut;
  }

  /**
   * Compares two values.
   *
   * @param a any value
   * @param b any value
   * @param leftOut which fields to leave out, of objects of which class
   * @return where they differ and how, such as {@code confs[0].layer.iDropout.p was 0.8 and is
   *     NaN}; empty if they do not
   */
  public static Optional<String> between(Object a, Object b, BiPredicate<Class<?>, Field> leftOut) {
    return Optional.ofNullable(new Difference(leftOut).find("", a, b));
  }

  private String find(String path, Object a, Object b) {
    if (a == b || (a != null && !seen.add(a))) {
      return null;
    }
    if (a instanceof List<?> list && b instanceof List<?> other) { // of whatever classes
      return inLists(path, list, other);
    }
    if (a instanceof Map<?, ?> map && b instanceof Map<?, ?> other) {
      return inMaps(path, map, other);
    }
    if (a == null || b == null || a.getClass() != b.getClass()) {
      return told(path, a, b);
    }
    if (a instanceof INDArray array) {
      return sameBits(array, (INDArray) b) ? null : told(path, a, b);
    }
    if (a.getClass().isArray()) {
      return inLists(path, elements(a), elements(b));
    }
    if (isPlain(a)) {
      return a.equals(b) ? null : told(path, a, b);
    }
    return inFields(path, a, b);
  }

  private static boolean isPlain(Object value) {
    return value instanceof Enum
        || value instanceof Collection
        || value.getClass().getName().startsWith("java.");
  }

  private static boolean sameBits(INDArray a, INDArray b) {
    return a.dataType() == b.dataType()
        && Arrays.equals(a.shape(), b.shape())
        && Arrays.equals(values(a), values(b));
  }

  private static double[] values(INDArray array) {
    return array.reshape(array.length()).dup().data().asDouble();
  }

  private static List<Object> elements(Object array) {
    List<Object> elements = new ArrayList<>();
    for (int i = 0; i < Array.getLength(array); i++) {
      elements.add(Array.get(array, i));
    }
    return elements;
  }

  private String inLists(String path, List<?> a, List<?> b) {
    if (a.size() != b.size()) {
      return told(path, a, b);
    }
    for (int i = 0; i < a.size(); i++) {
      String difference = find(path + "[" + i + "]", a.get(i), b.get(i));
      if (difference != null) {
        return difference;
      }
    }
    return null;
  }

  private String inMaps(String path, Map<?, ?> a, Map<?, ?> b) {
    if (!a.keySet().equals(b.keySet())) {
      return told(path, a, b);
    }
    for (Map.Entry<?, ?> entry : a.entrySet()) {
      String difference =
          find(path + "[" + entry.getKey() + "]", entry.getValue(), b.get(entry.getKey()));
      if (difference != null) {
        return difference;
      }
    }
    return null;
  }

  private String inFields(String path, Object a, Object b) {
    for (Class<?> type = a.getClass(); type != Object.class; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())
            && !isScratch(field)
            && !leftOut.test(a.getClass(), field)) {
          String at = path.isEmpty() ? field.getName() : path + "." + field.getName();
          String difference = find(at, value(field, a), value(field, b));
          if (difference != null) {
            return difference;
          }
        }
      }
    }
    return null;
  }

  /**
   * Transient fields of Deeplearning4j hold what the last forward pass drew, and what it can derive
   * again. A user's class may keep a setting in one, which no copy by JSON has.
   */
  private static boolean isScratch(Field field) {
    String owner = field.getDeclaringClass().getName();
    return Modifier.isTransient(field.getModifiers())
        && (owner.startsWith("org.deeplearning4j.") || owner.startsWith("org.nd4j."));
  }

  private static Object value(Field field, Object of) {
    try {
      field.setAccessible(true);
      return field.get(of);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  private static String told(String path, Object a, Object b) {
    return "%s was %s and is %s".formatted(path, shortened(a), shortened(b));
  }

  private static String shortened(Object value) {
    String text = Objects.toString(value).replaceAll("\\s+", " ");
    return text.length() <= 100 ? text : text.substring(0, 100) + "...";
  }
}
