// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.time.Duration;
import java.util.List;

/**
 * How long to measure.
 *
 * @param rounds samples of each variant
 * @param processes to spread them over, one after the other
 * @param warmUp of each variant, at least
 * @param sample length of one sample, about: as many calls as fit, at least one
 * @param tries how often to repeat a sample that other processes disturbed
 * @param sizes numbers of parameters
 * @param networks whether to take the networks in full size
 */
public record Effort(
    int rounds,
    int processes,
    Duration warmUp,
    Duration sample,
    int tries,
    List<Long> sizes,
    boolean networks) {

  /**
   * Minutes: shows that everything runs, not how fast it is.
   *
   * @return small
   */
  public static Effort quick() {
    return new Effort(
        3,
        1,
        Duration.ofMillis(150),
        Duration.ofMillis(2),
        1,
        List.of(100_000L, 1_000_000L),
        false);
  }

  /**
   * An hour or so on an idle machine.
   *
   * @return the default
   */
  public static Effort standard() {
    return new Effort(11, 3, Duration.ofSeconds(1), Duration.ofMillis(30), 4, allSizes(), true);
  }

  /**
   * Hours: for numbers that are published.
   *
   * @return large
   */
  public static Effort full() {
    return new Effort(41, 5, Duration.ofSeconds(2), Duration.ofMillis(60), 6, allSizes(), true);
  }

  private static List<Long> allSizes() {
    return List.of(100_000L, 1_000_000L, 11_700_000L, 25_600_000L, 100_000_000L);
  }

  /**
   * The same with other sizes.
   *
   * @param other numbers of parameters
   * @return a copy
   */
  public Effort withSizes(List<Long> other) {
    return new Effort(rounds, processes, warmUp, sample, tries, List.copyOf(other), networks);
  }

  /**
   * The same with another number of rounds.
   *
   * @param other samples of each variant
   * @return a copy
   */
  public Effort withRounds(int other) {
    return new Effort(other, processes, warmUp, sample, tries, sizes, networks);
  }

  /**
   * The same with longer samples, for work that varies from call to call.
   *
   * @param times how much longer
   * @return a copy
   */
  public Effort withLongerSamples(int times) {
    return new Effort(
        rounds, processes, warmUp, sample.multipliedBy(times), tries, sizes, networks);
  }
}
