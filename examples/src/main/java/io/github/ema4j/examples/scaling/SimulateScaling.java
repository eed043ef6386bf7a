// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.scaling;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How far an average that sees the weights at the end of each round only is from one that sees the
 * mean of the workers after every iteration, and how far it would be with other decays. Prints
 * that, and what a round costs, as the Markdown tables of {@code docs/scaling.md}; takes a few
 * seconds and no data.
 */
public final class SimulateScaling {

  private static final int ITERATIONS = 4096;
  private static final long SEED = 1;

  private SimulateScaling() {}

  /**
   * Errors of three ways to average at round ends, relative to the distance of the exact average
   * from the weights: the root mean square of the one over that of the other, at the round ends of
   * the second half of the run.
   *
   * @param workers how many train side by side
   * @param interval iterations of a round
   * @param decay per iteration
   * @param predicted what the theory says of {@code corrected}: {@code (interval - 1) / 2 * (1 -
   *     decay)}
   * @param corrected with {@code decay^interval} per round
   * @param uncorrected with {@code decay} per round
   * @param perExample with {@code decay^(interval * workers)} per round
   */
  record Errors(
      int workers,
      int interval,
      double decay,
      double predicted,
      double corrected,
      double uncorrected,
      double perExample) {}

  /** Prints the two tables of {@code docs/scaling.md}. */
  public static void main(String[] args) {
    System.out.println(costs());
    System.out.print(errors());
  }

  /** What a round costs. */
  static String costs() {
    return RoundCosts.table(List.of(1e6, 25e6, 1e9, 100e9), List.of(10, 1_000, 100_000));
  }

  /** What is lost by seeing the ends of rounds only. */
  static String errors() {
    return table(List.of(16, 4096), List.of(4, 16, 64), List.of(0.99, 0.999));
  }

  private static String table(List<Integer> workers, List<Integer> intervals, List<Double> decays) {
    StringBuilder table =
        new StringBuilder(
            """
            | workers w | iterations a round k | decay d | predicted | d^k per round | d per round | d^(k*w) per round |
            | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
            """);
    for (int count : workers) {
      for (int interval : intervals) {
        for (Errors errors : simulate(count, interval, decays)) {
          table.append(
              String.format(
                  Locale.ROOT,
                  "| %,d | %d | %s | %.2f %% | %.2f %% | %,.0f %% | %.0f %% |%n",
                  errors.workers(),
                  errors.interval(),
                  errors.decay(),
                  100 * errors.predicted(),
                  100 * errors.corrected(),
                  100 * errors.uncorrected(),
                  100 * errors.perExample()));
        }
      }
    }
    return table.toString();
  }

  /** One training, averaged with each of the decays. */
  static List<Errors> simulate(int count, int interval, List<Double> decays) {
    Workers workers = new Workers(count, SEED);
    List<Ways> ways = new ArrayList<>();
    decays.forEach(decay -> ways.add(new Ways(workers.mean(), decay, interval, count)));
    for (int iteration = 1; iteration <= ITERATIONS; iteration++) {
      workers.iterate();
      boolean roundEnds = iteration % interval == 0;
      for (Ways way : ways) {
        way.iterated(workers.mean());
        if (roundEnds) {
          way.roundEnded(workers.mean(), iteration > ITERATIONS / 2);
        }
      }
      if (roundEnds) {
        workers.agree();
      }
    }
    return ways.stream().map(Ways::errors).toList();
  }

  /** The exact average and those of round ends, side by side. */
  private static final class Ways {
    private final int workers;
    private final int interval;
    private final double decay;
    private final double[] exact;
    private final double[][] atRoundEnds;
    private final double[] decays;
    private final double[] squaredErrors;
    private double squaredDistance;

    Ways(double[] start, double decay, int interval, int workers) {
      this.workers = workers;
      this.interval = interval;
      this.decay = decay;
      DecaySchedule schedule = DecaySchedule.constant(decay);
      decays =
          new double[] {
            schedule.decayOver(1, interval), decay, schedule.decayOver(1, (long) interval * workers)
          };
      exact = start.clone();
      atRoundEnds = new double[][] {start.clone(), start.clone(), start.clone()};
      squaredErrors = new double[decays.length];
    }

    void iterated(double[] mean) {
      move(exact, mean, decay);
    }

    void roundEnded(double[] mean, boolean measured) {
      for (int i = 0; i < decays.length; i++) {
        move(atRoundEnds[i], mean, decays[i]);
        if (measured) {
          squaredErrors[i] += squaredDistance(atRoundEnds[i], exact);
        }
      }
      if (measured) {
        squaredDistance += squaredDistance(exact, mean);
      }
    }

    Errors errors() {
      return new Errors(
          workers,
          interval,
          decay,
          (interval - 1) / 2.0 * (1 - decay),
          relative(0),
          relative(1),
          relative(2));
    }

    private double relative(int way) {
      return Math.sqrt(squaredErrors[way] / squaredDistance);
    }

    private static void move(double[] shadow, double[] weights, double decay) {
      for (int d = 0; d < shadow.length; d++) {
        shadow[d] -= (1 - decay) * (shadow[d] - weights[d]);
      }
    }

    private static double squaredDistance(double[] a, double[] b) {
      double sum = 0;
      for (int d = 0; d < a.length; d++) {
        sum += (a[d] - b[d]) * (a[d] - b[d]);
      }
      return sum;
    }
  }
}
