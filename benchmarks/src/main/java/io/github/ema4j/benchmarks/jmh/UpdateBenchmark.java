// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.jmh;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** An update and a swap of one average of FLOAT parameters, with all threads. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class UpdateBenchmark {

  /** Number of parameters. */
  @Param({"100000", "1000000", "25600000"})
  public long size;

  private INDArray params;
  private ParameterAverage average;

  /** Creates the benchmark. */
  public UpdateBenchmark() {}

  /** Starts an average. */
  @Setup
  public void start() {
    params = Nd4j.valueArrayOf(new long[] {1, size}, 0.5, DataType.FLOAT);
    average = new ParameterAverage(AveragingConfig.of(0.9999), params);
  }

  /**
   * One update.
   *
   * @return whether the shadow moved
   */
  @Benchmark
  public boolean update() {
    return average.update(params);
  }

  /** Two swaps: there and back. */
  @Benchmark
  public void swap() {
    average.swap(params).close();
  }
}
