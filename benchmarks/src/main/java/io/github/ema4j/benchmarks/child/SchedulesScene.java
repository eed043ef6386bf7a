// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The same parameters averaged with different schedules; a task is the schedule's spec. */
final class SchedulesScene implements Scene {

  private final INDArray params;
  private final Map<String, ParameterAverage> averages = new HashMap<>();

  SchedulesScene(long size) {
    params = Nd4j.valueArrayOf(new long[] {1, size}, 0.5, DataType.FLOAT);
  }

  @Override
  public Task task(String spec) {
    ParameterAverage average =
        averages.computeIfAbsent(
            spec,
            key ->
                new ParameterAverage(
                    AveragingConfig.builder().schedule(DecaySchedule.parse(key)).build(), params));
    return Task.timed(() -> average.update(params));
  }
}
