// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A training program that may be killed at any time and started again: goes on from the last
 * checkpoint in a directory, saves one after every iteration, and never ends.
 */
final class Training {

  static final String PLAIN = "plain";
  static final String RESTORING = "restoring";

  /** By name, how the network is averaged: each schedule, unit and policy that has a state. */
  static final Map<String, AveragingConfig> CONFIGS = configs();

  /** Printed after the first iteration of a life, which takes as long as a hundred others. */
  static final String GOES = "training goes";

  private Training() {}

  private static Map<String, AveragingConfig> configs() {
    Map<String, AveragingConfig> configs = new TreeMap<>();
    configs.put(PLAIN, Run.CONFIG);
    configs.put(RESTORING, Run.RESTORING);
    configs.put("debiased", AveragingConfig.of(DecaySchedule.debiased(0.99)));
    configs.put("cosine", AveragingConfig.of(DecaySchedule.cosine(0.5, 1, 400)));
    configs.put("half-life-fraction", AveragingConfig.of(DecaySchedule.halfLifeFraction(0.05)));
    return configs;
  }

  public static void main(String[] arguments) throws IOException {
    Run run = prepare(Kind.valueOf(arguments[0]), CONFIGS.get(arguments[1]), Path.of(arguments[2]));
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
