// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.ParameterAverage;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;

/** What one worker made of one round, and the average that it kept. Stays on the worker. */
final class PerStepResult extends ParameterAveragingTrainingResult {

  private final ParameterAverage average;

  PerStepResult(ParameterAveragingTrainingResult result, ParameterAverage average) {
    super(
        result.getParameters(),
        result.getUpdaterState(),
        result.getScore(),
        result.getSparkTrainingStats(),
        result.getListenerMetaData(),
        result.getListenerStaticInfo(),
        result.getListenerUpdates());
    this.average = average;
  }

  ParameterAverage average() {
    return average;
  }
}
