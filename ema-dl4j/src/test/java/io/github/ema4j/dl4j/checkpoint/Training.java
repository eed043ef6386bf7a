// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A training program that may be killed at any time and started again: goes on from the last
 * checkpoint in a directory, saves one after every iteration, and never ends.
 */
final class Training {

  /** Printed after the first iteration of a life, which takes as long as a hundred others. */
  static final String GOES = "training goes";

  private Training() {}

  public static void main(String[] arguments) throws IOException {
    Run run =
        prepare(
            Kind.valueOf(arguments[0]),
            Boolean.parseBoolean(arguments[1]) ? Run.RESTORING : Run.CONFIG,
            Path.of(arguments[2]));
    int first = Networks.iterationCount(run.network());
    run.fitIterations(first, first + 1);
    System.out.println(GOES);
    for (int i = first + 1; true; i++) {
      run.fitIterations(i, i + 1);
    }
  }

  static Run prepare(Kind kind, AveragingConfig config, Path directory) throws IOException {
    Optional<Path> last = EmaCheckpointListener.lastFile(directory);
    Run run = last.isPresent() ? Run.restore(kind, last.get(), config) : Run.start(kind, config);
    return run.with(
        EmaCheckpointListener.builder(directory, run.ema())
            .saveEveryNIterations(1)
            .keepLast(2)
            .build());
  }
}
