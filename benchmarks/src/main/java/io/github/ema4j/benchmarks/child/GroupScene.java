// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.core.AverageGroup;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import java.util.stream.DoubleStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Four averages of the same parameters, updated {@code separate}ly or as a {@code group}. */
final class GroupScene implements Scene {

  private final INDArray params;
  private final ParameterAverage[] separate;
  private final AverageGroup group;

  GroupScene(long size) {
    params = Nd4j.valueArrayOf(new long[] {1, size}, 0.5, DataType.FLOAT);
    separate = averages();
    group = AverageGroup.of(averages());
  }

  private ParameterAverage[] averages() {
    return DoubleStream.of(0.99, 0.998, 0.999, 0.9999)
        .mapToObj(decay -> new ParameterAverage(AveragingConfig.of(decay), params))
        .toArray(ParameterAverage[]::new);
  }

  @Override
  public Task task(String operation) {
    return switch (operation) {
      case "group" -> Task.timed(() -> group.update(params));
      case "separate" ->
          Task.timed(
              () -> {
                for (ParameterAverage average : separate) {
                  average.update(params);
                }
              });
      default -> throw Scene.unknown(operation);
    };
  }
}
