// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Runs that never took place. */
final class Runs {
  static final Clock CLOCK = Clock.fixed(Instant.parse("2025-03-01T12:00:00Z"), ZoneOffset.UTC);

  private Runs() {}

  /** Of a run that learnt something. */
  static RunFindings findings(Optional<String> divergence) {
    return new RunFindings(new Guessing(10, 100), divergence, List.of());
  }

  static RunDescription description() {
    return new RunDescription(
        "train images --model lenet",
        Map.of("lr", "0.1"),
        Map.of("java", "17"),
        "lenet",
        431_080,
        "images",
        Instant.parse("2025-03-01T11:59:00Z"));
  }

  /** Ten iterations per epoch. */
  static EpochResult epoch(int epoch, AveragedResult... averages) {
    return new EpochResult(
        epoch, 10L * epoch, 0.1, 1.0 / epoch, new Score(0.8, 0.625), List.of(averages), 2.5, 4000);
  }

  static AveragedResult average(String name, double accuracy, double loss) {
    return new AveragedResult(
        name,
        "constant " + name,
        0.99,
        0.25,
        OptionalDouble.of(0.125),
        Optional.of(new Score(accuracy, loss)));
  }
}
