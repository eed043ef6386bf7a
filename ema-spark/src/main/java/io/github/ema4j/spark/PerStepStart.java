// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import java.io.Serializable;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The average that the workers of a round go on from, to be broadcast.
 *
 * <p>Not the array by itself: Spark closes what it has broadcast when it is done with it, if it can
 * be closed, and on the driver that is the average's own array.
 */
final class PerStepStart implements Serializable {

  private final INDArray shadow;
  private final double[] variances;
  // An AverageInfo in plain values, which can be serialized.
  private final Map<String, Object> info;

  PerStepStart(AverageState state) {
    shadow = state.shadow();
    variances = state.variances();
    info = state.info().toMap();
  }

  /** An average of the worker's own, of its network's parameters. */
  ParameterAverage resume(INDArray params) {
    return new AverageState(AverageInfo.fromMap(info), shadow, variances).resume(params);
  }
}
