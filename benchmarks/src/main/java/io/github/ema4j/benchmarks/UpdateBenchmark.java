// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One update of the average of a network's parameters, against the same formula as one would first
 * write it with ND4J.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class UpdateBenchmark {
  private static final double DECAY = 0.9999;

  /** Number of float parameters: a small network, a medium one, ResNet-18. */
  @Param({"100000", "1000000", "11700000"})
  public int size;

  private INDArray params;
  private INDArray shadow;
  private ParameterAverage average;

  /** Makes parameters that differ from the average that starts from zero. */
  @Setup
  public void createParameters() {
    params = Nd4j.rand(DataType.FLOAT, 1, size);
    shadow = Nd4j.zeros(DataType.FLOAT, 1, size);
    average = new ParameterAverage(AveragingConfig.of(DECAY), shadow);
  }

  /** {@link ParameterAverage#update}, with its check for values that are not finite. */
  @Benchmark
  public boolean parameterAverage() {
    return average.update(params);
  }

  /** {@code e = d * e + (1 - d) * p}, which makes a temporary array. */
  @Benchmark
  public INDArray naive() {
    return shadow.muli(DECAY).addi(params.mul(1 - DECAY));
  }
}
