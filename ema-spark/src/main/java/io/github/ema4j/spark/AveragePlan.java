// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.ParameterSelection;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * What a builder was told about the average.
 *
 * @param averaging schedule, start and precision
 * @param selection which parameters
 * @param horizon what the decay counts
 * @param everyStep whether the workers average after every step, rather than the driver per round
 * @param checkpoints empty if none are kept
 */
record AveragePlan(
    AveragingConfig averaging,
    ParameterSelection selection,
    Horizon horizon,
    boolean everyStep,
    Optional<Checkpoints> checkpoints) {

  /**
   * Where checkpoints go, and how often.
   *
   * @param directory in any file system of Hadoop
   * @param everyRounds rounds from one to the next
   * @param keepLast how many of the newest to keep
   */
  record Checkpoints(String directory, int everyRounds, int keepLast) {

    CheckpointStore open(Configuration hadoop) {
      return new CheckpointStore(directory, keepLast, hadoop);
    }
  }

  /** Whether a run has left checkpoints in the directory. */
  boolean hasCheckpoints(Configuration hadoop) throws IOException {
    return checkpoints.isPresent() && checkpoints.get().open(hadoop).last().isPresent();
  }
}
