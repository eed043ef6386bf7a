// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import java.util.HashMap;
import java.util.Map;

/** Reads {@code name(key=value, ...)}, where a value may be another such form. */
final class ScheduleSpec {

  private static final String KNOWN =
      "constant, half-life, window, inverse-power, copy-first, num-updates, exponential-ramp,"
          + " momentum-annealing, linear-ramp, cosine, debiased, uniform, half-life-fraction,"
          + " power-function";

  /** More than any schedule has: its parts are read again at each level of nesting. */
  static final int MOST_CHARACTERS = 2000;

  private final String text;
  private final Map<String, String> arguments;

  private ScheduleSpec(String text, Map<String, String> arguments) {
    this.text = text;
    this.arguments = arguments;
  }

  static DecaySchedule parse(String spec) {
    if (spec.length() > MOST_CHARACTERS) {
      throw new IllegalArgumentException(
          "A decay schedule of %d characters is nested too deep or none; '%s...'"
              .formatted(spec.length(), spec.substring(0, 100)));
    }
    String text = spec.strip();
    int open = text.indexOf('(');
    if (open < 0 || !text.endsWith(")")) {
      throw new IllegalArgumentException(
          "A decay schedule reads name(key=value, ...), but this is '" + spec + "'");
    }
    String name = text.substring(0, open).strip();
    ScheduleSpec s =
        new ScheduleSpec(text, arguments(text, text.substring(open + 1, text.length() - 1)));
    DecaySchedule schedule =
        switch (name) {
          case "constant" -> DecaySchedule.constant(s.number("decay"));
          case "half-life" -> DecaySchedule.halfLife(s.number("updates"));
          case "window" -> DecaySchedule.window(s.number("updates"));
          case "inverse-power" ->
              DecaySchedule.inversePower(
                  s.number("decay"),
                  s.number("gamma", 1),
                  s.number("power", 2.0 / 3),
                  s.number("min", 0),
                  s.count("after", 0));
          case "copy-first" -> DecaySchedule.copyFirst(s.count("updates"), parse(s.take("then")));
          case "num-updates" -> DecaySchedule.numUpdates(s.number("decay"));
          case "exponential-ramp" ->
              DecaySchedule.exponentialRamp(s.number("decay"), s.number("tau", 2000));
          case "momentum-annealing" ->
              DecaySchedule.momentumAnnealing(s.number("momentum", 0.0002), s.number("gamma", 100));
          case "linear-ramp" ->
              DecaySchedule.linearRamp(s.number("start"), s.number("decay"), s.count("updates"));
          case "cosine" ->
              DecaySchedule.cosine(s.number("start"), s.number("end"), s.count("updates"));
          case "debiased" -> DecaySchedule.debiased(s.number("decay"));
          case "uniform" -> DecaySchedule.uniform();
          case "half-life-fraction" -> DecaySchedule.halfLifeFraction(s.number("fraction", 0.05));
          case "power-function" -> DecaySchedule.powerFunction(s.number("sigmaRel", 0.05));
          default ->
              throw new IllegalArgumentException(
                  "Unknown decay schedule '" + name + "' in '" + spec + "'; known are: " + KNOWN);
        };
    if (!s.arguments.isEmpty()) {
      throw new IllegalArgumentException(
          "'" + spec + "' has arguments that " + name + " does not take: " + s.arguments.keySet());
    }
    return schedule;
  }

  private static Map<String, String> arguments(String text, String list) {
    Map<String, String> arguments = new HashMap<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i <= list.length(); i++) {
      char c = i < list.length() ? list.charAt(i) : ',';
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (c == ',' && depth == 0) {
        String argument = list.substring(start, i).strip();
        start = i + 1;
        if (argument.isEmpty() && i == list.length() && arguments.isEmpty()) {
          break;
        }
        int equals = argument.indexOf('=');
        if (equals <= 0
            || arguments.put(
                    argument.substring(0, equals).strip(), argument.substring(equals + 1).strip())
                != null) {
          throw new IllegalArgumentException(
              "'" + argument + "' in '" + text + "' is not a key=value that stands once");
        }
      }
    }
    if (depth != 0) {
      throw new IllegalArgumentException("The parentheses in '" + text + "' do not match");
    }
    return arguments;
  }

  private String take(String key) {
    String value = arguments.remove(key);
    if (value == null) {
      throw new IllegalArgumentException("'" + text + "' lacks the argument '" + key + "'");
    }
    return value;
  }

  private double number(String key, double otherwise) {
    return arguments.containsKey(key) ? number(key) : otherwise;
  }

  private long count(String key, long otherwise) {
    return arguments.containsKey(key) ? count(key) : otherwise;
  }

  private double number(String key) {
    String value = take(key);
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw notNumber(key, value, e);
    }
  }

  private long count(String key) {
    String value = take(key);
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw notNumber(key, value, e);
    }
  }

  private IllegalArgumentException notNumber(String key, String value, NumberFormatException e) {
    return new IllegalArgumentException(
        key + " in '" + text + "' must be a number, but was '" + value + "'", e);
  }
}
