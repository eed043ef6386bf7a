// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.state;

import io.github.ema4j.core.AverageCounters;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.Variances;
import io.github.ema4j.core.internal.text.PlainValues;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Everything about an average but its values: which parameters it is of, how it averages and how
 * far it has come. Immutable; {@link #toMap} and {@link #fromMap} translate it to plain values for
 * any text format.
 *
 * @param length number of parameters, at least 1
 * @param paramsType data type of the parameters
 * @param shadowType data type of the averaged values, FLOAT or DOUBLE
 * @param coverage which of the parameters are averaged, copied or left out
 * @param settings how it averages, the decay schedule by its textual form
 * @param counters how far it has come
 */
public record AverageInfo(
    long length,
    DataType paramsType,
    DataType shadowType,
    Coverage coverage,
    Settings settings,
    AverageCounters counters) {

  /**
   * An {@link AveragingConfig} in plain values. Unlike it, this can name a custom schedule without
   * having its code.
   *
   * @param schedule what {@link DecaySchedule#spec} returned
   * @param shadowType the data type asked for, empty for the default
   * @param updateEvery see {@link AveragingConfig#updateEvery}
   * @param correctDecayForInterval see {@link AveragingConfig#correctDecayForInterval}
   * @param startAfter see {@link AveragingConfig#startAfter}
   * @param onNonFinite see {@link AveragingConfig#onNonFinite}
   * @param unit see {@link AveragingConfig#unit}
   * @param startAfterEpochs see {@link AveragingConfig#startAfterEpochs}
   */
  public record Settings(
      String schedule,
      Optional<DataType> shadowType,
      int updateEvery,
      boolean correctDecayForInterval,
      long startAfter,
      NonFinitePolicy onNonFinite,
      AveragingUnit unit,
      int startAfterEpochs) {

    /**
     * The settings of a configuration.
     *
     * @param config any
     * @return its values
     */
    public static Settings of(AveragingConfig config) {
      return new Settings(
          config.schedule().spec(),
          config.shadowType(),
          config.updateEvery(),
          config.correctDecayForInterval(),
          config.startAfter(),
          config.onNonFinite(),
          config.unit(),
          config.startAfterEpochs());
    }

    /**
     * The configuration with these settings.
     *
     * @return the configuration
     * @throws IllegalArgumentException if the schedule is not one of {@code core.schedule}, or a
     *     value is out of range
     */
    public AveragingConfig toConfig() {
      AveragingConfig.Builder builder =
          AveragingConfig.builder()
              .schedule(parseSchedule())
              .updateEvery(updateEvery)
              .correctDecayForInterval(correctDecayForInterval)
              .startAfter(startAfter)
              .startAfterEpochs(startAfterEpochs)
              .onNonFinite(onNonFinite)
              .unit(unit);
      shadowType.ifPresent(builder::shadowType);
      return builder.build();
    }

    private DecaySchedule parseSchedule() {
      try {
        return DecaySchedule.parse(schedule);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "The schedule cannot be made from its text (%s). If it is a custom one, pass the AveragingConfig that has it"
                .formatted(e.getMessage()),
            e);
      }
    }

    /**
     * What differs between these settings and others.
     *
     * @param expected the others
     * @return one line per difference, with both values; empty if there is none
     */
    public List<String> differencesFrom(Settings expected) {
      Map<String, Object> theirs = expected.toMap();
      List<String> differences = new ArrayList<>();
      toMap()
          .forEach(
              (name, value) -> {
                if (!value.equals(theirs.get(name))) {
                  differences.add("%s is %s, expected %s".formatted(name, value, theirs.get(name)));
                }
              });
      return differences;
    }

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("schedule", schedule);
      map.put("requestedShadowType", shadowType.map(DataType::name).orElse(DEFAULT));
      map.put("updateEvery", updateEvery);
      map.put("correctDecayForInterval", correctDecayForInterval);
      map.put("startAfter", startAfter);
      map.put("onNonFinite", onNonFinite.name());
      map.put(UNIT, unit.name());
      map.put(START_AFTER_EPOCHS, startAfterEpochs);
      return map;
    }
  }

  private static final String DEFAULT = "default";
  private static final String UNIT = "unit";
  private static final String START_AFTER_EPOCHS = "startAfterEpochs";
  private static final String AWAITED_STEPS = "awaitedSteps";

  /**
   * Checks the values against each other.
   *
   * @throws IllegalArgumentException if the coverage is of another length, or the types are not
   *     floating ones
   */
  public AverageInfo {
    Objects.requireNonNull(settings, "settings");
    Objects.requireNonNull(counters, "counters");
    if (coverage.length() != length) {
      throw new IllegalArgumentException(
          "The average is of %d parameters, but its coverage of %d"
              .formatted(length, coverage.length()));
    }
    if (!paramsType.isFPType()) {
      throw new IllegalArgumentException(
          "paramsType must be a floating type, but was " + paramsType);
    }
    if (shadowType != DataType.FLOAT && shadowType != DataType.DOUBLE) {
      throw new IllegalArgumentException(
          "shadowType must be FLOAT or DOUBLE, but was " + shadowType);
    }
  }

  /**
   * Describes an average as it is now.
   *
   * @param average any
   * @return the description
   */
  public static AverageInfo of(ParameterAverage average) {
    return new AverageInfo(
        average.length(),
        average.paramsType(),
        average.shadowType(),
        average.coverage(),
        Settings.of(average.config()),
        average.counters());
  }

  /**
   * The description as plain values under fixed names: strings, numbers and booleans.
   *
   * @return a new map in a fixed order; {@code decay} is absent before the first update, and {@code
   *     averaged} and {@code copied} where all parameters are averaged, {@code variances} and
   *     {@code log10Deviations} where there are none, {@code averagedSteps} where every update
   *     stood for {@code updateEvery} steps, {@code unit} where steps are counted, and restores, a
   *     start after epochs and what concerns it where there are none
   */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("length", length);
    map.put("paramsType", paramsType.name());
    map.put("shadowType", shadowType.name());
    if (coverage.averaged().count() < length) {
      map.put("averaged", Coverage.text(coverage.averaged()));
      map.put("copied", Coverage.text(coverage.copied()));
    }
    if (!coverage.variances().isEmpty()) {
      map.put("variances", Coverage.text(coverage.variances().plain()));
      map.put("log10Deviations", Coverage.text(coverage.log10Deviations()));
    }
    map.putAll(settings.toMap());
    // Younger than files that lack them.
    map.remove(UNIT, AveragingUnit.STEPS.name());
    map.remove(START_AFTER_EPOCHS, 0);
    map.put("steps", counters.steps());
    map.put("updates", counters.updates());
    if (counters.averagedSteps() != counters.updates() * settings.updateEvery()) {
      map.put("averagedSteps", counters.averagedSteps());
    }
    map.put("skipped", counters.skipped());
    if (counters.updates() > 0) {
      map.put("decay", counters.decay());
    }
    map.put("initialShare", counters.initialShare());
    if (counters.restores() > 0) {
      map.put("restores", counters.restores());
    }
    if (counters.restoresInARow() > 0) {
      map.put("restoresInARow", counters.restoresInARow());
    }
    if (counters.awaitedSteps() > 0) {
      map.put(AWAITED_STEPS, counters.awaitedSteps());
    }
    return map;
  }

  /**
   * Reads what {@link #toMap} wrote.
   *
   * @param map the values by name; whole numbers may be of any type of number
   * @return the description
   * @throws IllegalArgumentException if a value is missing, of another kind or out of range, or
   *     there is one of another name
   */
  public static AverageInfo fromMap(Map<String, ?> map) {
    PlainValues values = new PlainValues(map);
    String requested = values.text("requestedShadowType");
    long length = values.whole("length");
    int updateEvery = interval(values.whole("updateEvery"));
    long updates = values.whole("updates");
    AverageInfo info =
        new AverageInfo(
            length,
            values.constant("paramsType", DataType.class),
            values.constant("shadowType", DataType.class),
            coverage(length, values),
            new Settings(
                values.text("schedule"),
                requested.equals(DEFAULT)
                    ? Optional.empty()
                    : Optional.of(values.constant("requestedShadowType", DataType.class)),
                updateEvery,
                values.truth("correctDecayForInterval"),
                values.whole("startAfter"),
                values.constant("onNonFinite", NonFinitePolicy.class),
                values.has(UNIT) ? values.constant(UNIT, AveragingUnit.class) : AveragingUnit.STEPS,
                Math.toIntExact(orZero(START_AFTER_EPOCHS, values))),
            new AverageCounters(
                values.whole("steps"),
                updates,
                values.has("averagedSteps") ? values.whole("averagedSteps") : updates * updateEvery,
                values.whole("skipped"),
                values.has("decay") ? values.number("decay") : Double.NaN,
                values.number("initialShare"),
                orZero("restores", values),
                orZero("restoresInARow", values),
                orZero(AWAITED_STEPS, values)));
    values.requireNoOthers();
    return info;
  }

  private static Coverage coverage(long length, PlainValues values) {
    boolean all = !values.has("averaged");
    boolean noVariances = !values.has("variances");
    return new Coverage(
        all ? Ranges.all(length) : Coverage.parse(length, values.text("averaged")),
        all ? Ranges.none(length) : Coverage.parse(length, values.text("copied")),
        noVariances
            ? Variances.none(length)
            : new Variances(
                Coverage.parse(length, values.text("variances")),
                Coverage.parse(length, values.text("log10Deviations"))));
  }

  private static long orZero(String name, PlainValues values) {
    return values.has(name) ? values.whole(name) : 0;
  }

  private static int interval(long steps) {
    if (steps < 1 || steps > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "updateEvery must be from 1 to %d, but was %d".formatted(Integer.MAX_VALUE, steps));
    }
    return (int) steps;
  }
}
