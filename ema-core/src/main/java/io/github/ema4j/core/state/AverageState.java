// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.state;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import java.util.List;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The complete state of a {@link ParameterAverage}: what it takes to write one to a file and to go
 * on with it as if it had never stopped.
 *
 * @param info what the average is of, how it averages and how far it has come
 * @param shadow the averaged values, as many and of the type that {@code info} says; not copied
 * @param variances the averaged variances that the shadow holds as log10 deviations, as many as
 *     {@code info} says; not copied
 */
public record AverageState(AverageInfo info, INDArray shadow, double[] variances) {

  /**
   * Checks that description and values belong together.
   *
   * @throws IllegalArgumentException if a length or the type differs
   */
  public AverageState {
    Objects.requireNonNull(info, "info");
    if (shadow.length() != info.length()) {
      throw new IllegalArgumentException(
          "The average is of %d parameters, but there are %d averaged values"
              .formatted(info.length(), shadow.length()));
    }
    if (shadow.dataType() != info.shadowType()) {
      throw new IllegalArgumentException(
          "The average is held in %s, but the averaged values are %s"
              .formatted(info.shadowType(), shadow.dataType()));
    }
    if (variances.length != info.coverage().log10Deviations().count()) {
      throw new IllegalArgumentException(
          "The average holds %d variances as log10 deviations, but there are %d averaged variances"
              .formatted(info.coverage().log10Deviations().count(), variances.length));
    }
  }

  /**
   * The state of an average now. Its shadow is the average's own array and changes with the next
   * update: write it out before, or take {@code dup()}.
   *
   * @param average any
   * @return the state
   * @throws IllegalStateException while swapped
   */
  public static AverageState of(ParameterAverage average) {
    synchronized (average) { // counters and values of one moment
      return new AverageState(AverageInfo.of(average), average.shadow(), average.variances());
    }
  }

  /**
   * The average that was in this state, averaging as the settings say.
   *
   * @param params the parameters to go on with; only looked at
   * @return a new average with a copy of the shadow
   * @throws IllegalArgumentException if the parameters are of another length or type, or the
   *     schedule is a custom one: then pass its configuration
   */
  public ParameterAverage resume(INDArray params) {
    return resume(params, info.settings().toConfig());
  }

  /**
   * The average that was in this state, for a configuration that must be the one it had.
   *
   * @param params the parameters to go on with; only looked at
   * @param config needed if the schedule is a custom one
   * @return a new average with a copy of the shadow
   * @throws IllegalArgumentException if the configuration differs, naming how, or the parameters
   *     are of another length or type
   */
  public ParameterAverage resume(INDArray params, AveragingConfig config) {
    List<String> differences = info.settings().differencesFrom(AverageInfo.Settings.of(config));
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          "The saved average was made with other settings: " + String.join("; ", differences));
    }
    if (params.length() != info.length()) {
      throw new IllegalArgumentException(
          "The saved average is of %d parameters, but the network has %d"
              .formatted(info.length(), params.length()));
    }
    if (params.dataType() != info.paramsType()) {
      throw new IllegalArgumentException(
          "The saved average is of %s parameters, but the network's are %s"
              .formatted(info.paramsType(), params.dataType()));
    }
    return ParameterAverage.resume(
        config, info.counters(), shadow, variances, params, info.coverage());
  }
}
