// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.jmh;

import io.github.ema4j.benchmarks.harness.Effort;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import java.util.Collection;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs {@link UpdateBenchmark} with JMH's GC profiler. */
public final class AllocationRun {

  private AllocationRun() {}

  /**
   * Runs it in a JVM of its own.
   *
   * @param effort how long
   * @param size number of parameters
   * @return time and allocation of each benchmark
   * @throws IllegalStateException if JMH fails
   */
  public static MarkdownTable table(Effort effort, long size) {
    System.setProperty("jmh.ignoreLock", "true"); // a run beside this one disturbs, but is no error
    TimeValue iteration = TimeValue.milliseconds(Math.max(50, 2 * effort.warmUp().toMillis()));
    MarkdownTable table = new MarkdownTable("Benchmark", "parameters", "µs", "± 99.9 %", "bytes");
    try {
      Collection<RunResult> results =
          new Runner(
                  new OptionsBuilder()
                      .include(UpdateBenchmark.class.getName())
                      .param("size", Long.toString(size))
                      .forks(1)
                      .warmupIterations(3)
                      .warmupTime(iteration)
                      .measurementIterations(5)
                      .measurementTime(iteration)
                      .addProfiler(GCProfiler.class)
                      .jvmArgs("-Xmx1g", "--enable-native-access=ALL-UNNAMED")
                      .verbosity(VerboseMode.SILENT)
                      .shouldFailOnError(true)
                      .build())
              .run();
      for (RunResult result : results) {
        Result<?> time = result.getPrimaryResult();
        Result<?> allocation = result.getSecondaryResults().get("gc.alloc.rate.norm");
        table.row(
            time.getLabel(),
            Format.size(size),
            Format.digits(time.getScore()),
            Format.digits(time.getScoreError()),
            Format.digits(allocation.getScore()));
      }
    } catch (RunnerException e) {
      throw new IllegalStateException("JMH failed: " + e.getMessage(), e);
    }
    return table;
  }
}
