// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The samples of some variants, taken round by round.
 *
 * @param samples nanoseconds per call, one value per round
 * @param rounds how many
 * @param processes of each worker that the rounds are spread over
 * @param disturbed samples during which other processes took processor time nevertheless
 */
public record Comparison(Map<Variant, double[]> samples, int rounds, int processes, int disturbed) {

  /**
   * The variants in their order.
   *
   * @return at least one
   */
  public List<Variant> variants() {
    return List.copyOf(samples.keySet());
  }

  /**
   * Time of one call.
   *
   * @param variant one of {@link #variants}
   * @return nanoseconds
   */
  public Statistics nanos(Variant variant) {
    return Statistics.of(samples.get(variant));
  }

  /**
   * Time of a variant divided by that of another, within each round.
   *
   * @param variant above the line
   * @param base below it
   * @return of the ratios of all rounds
   */
  public Statistics ratio(Variant variant, Variant base) {
    double[] above = samples.get(variant);
    double[] below = samples.get(base);
    double[] ratios = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      ratios[i] = above[i] / below[i];
    }
    return Statistics.of(ratios);
  }

  /**
   * The variant of the smallest median.
   *
   * @param among which variants to look at
   * @return empty if there is none
   */
  public Optional<Variant> fastest(Predicate<Variant> among) {
    return samples.keySet().stream()
        .filter(among)
        .min(Comparator.comparingDouble(variant -> nanos(variant).median()));
  }

  /**
   * How undisturbed the samples are.
   *
   * @return a sentence for a reader
   */
  public String quality() {
    return "%d interleaved rounds%s; disturbed by other processes: %d of %d samples"
        .formatted(
            rounds,
            processes == 1 ? "" : " in %d processes one after the other".formatted(processes),
            disturbed,
            rounds * samples.size());
  }
}
