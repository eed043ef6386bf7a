// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Measures variants side by side: in each round every variant once, in an order that changes from
 * round to round, while all other workers sleep. A sample is the median of the calls that fit into
 * its time. Where a worker's threads had to wait for a processor, something else was running: such
 * a sample is repeated, and the least disturbed one is kept.
 *
 * <p>What a JVM makes of a loop, and where a process has its memory, is settled when it starts, and
 * not the same each time. So the rounds can be spread over several processes.
 */
public final class Comparer {

  /** Share of the time of a sample that threads may have waited for a processor. */
  private static final double TOLERATED_WAIT = 0.03;

  private static final int MOST_CALLS = 300;

  private final Effort effort;

  /**
   * Creates a comparer.
   *
   * @param effort rounds, warm-up and length of a sample
   */
  public Comparer(Effort effort) {
    this.effort = effort;
  }

  /**
   * Measures with the processes that there are.
   *
   * @param variants at least one; ratios are against the first
   * @return all samples
   */
  public Comparison compare(List<Variant> variants) {
    return compare(variants, 1, () -> {});
  }

  /**
   * Measures with other processes from time to time, as many as the effort says.
   *
   * @param variants at least one; ratios are against the first
   * @param renew restarts the workers of the variants and gives them what they need
   * @return all samples
   */
  public Comparison compare(List<Variant> variants, Runnable renew) {
    return compare(variants, Math.min(effort.processes(), effort.rounds()), renew);
  }

  private Comparison compare(List<Variant> variants, int processes, Runnable renew) {
    Map<Variant, Integer> calls = warmUp(variants);
    int process = 0;
    Map<Variant, double[]> samples = new LinkedHashMap<>();
    variants.forEach(variant -> samples.put(variant, new double[effort.rounds()]));
    List<Variant> order = new ArrayList<>(variants);
    int disturbed = 0;
    for (int round = 0; round < effort.rounds(); round++) {
      if (process < round * processes / effort.rounds()) {
        process++;
        renew.run();
        calls = warmUp(variants);
      }
      Collections.shuffle(order, new Random(round));
      for (Variant variant : order) {
        Sample sample = sample(variant, calls.get(variant));
        samples.get(variant)[round] = sample.nanos;
        disturbed += sample.waited > TOLERATED_WAIT ? 1 : 0;
      }
    }
    return new Comparison(samples, effort.rounds(), processes, disturbed);
  }

  private Map<Variant, Integer> warmUp(List<Variant> variants) {
    Map<Variant, Integer> calls = new LinkedHashMap<>();
    for (Variant variant : variants) {
      calls.put(variant, warmUp(variant));
    }
    return calls;
  }

  /** Runs a variant until it is compiled and settled; returns the calls that fill one sample. */
  private int warmUp(Variant variant) {
    long start = System.nanoTime();
    int calls = 1;
    long end;
    do {
      long begin = System.nanoTime();
      variant.worker().run(variant.operation(), variant.threads(), calls);
      end = System.nanoTime();
      // Not the times it answers with: it may have timed a small part of each call.
      long nanosPerCall = Math.max(1, (end - begin) / calls);
      calls = (int) Math.max(1, Math.min(MOST_CALLS, effort.sample().toNanos() / nanosPerCall));
    } while (end - start < effort.warmUp().toNanos());
    return calls;
  }

  private record Sample(double nanos, double waited) {}

  private Sample sample(Variant variant, int calls) {
    ProcessWatch watch = variant.worker().watch();
    Sample best = null;
    for (int i = 0; i < effort.tries() && (best == null || best.waited > TOLERATED_WAIT); i++) {
      long waited = watch.waitedNanos();
      long start = System.nanoTime();
      long[] nanos = variant.worker().run(variant.operation(), variant.threads(), calls);
      long wall = System.nanoTime() - start;
      Sample sample =
          new Sample(median(nanos), (watch.waitedNanos() - waited) / (double) Math.max(1, wall));
      if (best == null || sample.waited < best.waited) {
        best = sample;
      }
      watch.awaitIdle();
    }
    return best;
  }

  private static double median(long[] nanos) {
    return Statistics.of(Arrays.stream(nanos).asDoubleStream().toArray()).median();
  }
}
