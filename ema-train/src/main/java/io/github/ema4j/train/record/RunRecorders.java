// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** Opens the record of a run. */
public final class RunRecorders {
  /** For {@code resumeAfterEpoch}: the run starts anew. */
  public static final int NEW_RUN = -1;

  /** The file of {@link JsonLines}. */
  public static final String LOG = "log.jsonl";

  /** The file of {@link SummaryCsv}. */
  public static final String SUMMARY = "summary.csv";

  /** The directory of {@link TensorBoardEvents}. */
  public static final String TENSORBOARD = "tensorboard";

  private RunRecorders() {}

  /**
   * Starts or continues the record of a run.
   *
   * <p>To resume where nothing was recorded is to start.
   *
   * @param directory the run's output directory; made if it is not there
   * @param description of this session
   * @param resumeAfterEpoch {@link #NEW_RUN}, or the last epoch that the resumed state of training
   *     includes, 0 if none: what was recorded of later epochs is dropped, since they are trained
   *     again
   * @return one recorder for all files
   * @throws UserError if a new run is to start where there is the record of another one, or a file
   *     cannot be read or written
   * @throws IllegalArgumentException if {@code resumeAfterEpoch} is below {@link #NEW_RUN}
   */
  public static RunRecorder open(Path directory, RunDescription description, int resumeAfterEpoch) {
    if (resumeAfterEpoch < NEW_RUN) {
      throw new IllegalArgumentException(
          "resumeAfterEpoch " + resumeAfterEpoch + " is neither NEW_RUN nor >= 0");
    }
    try {
      OutputDirectory.prepare(directory);
    } catch (IOException e) {
      throw new UserError(e.getMessage(), e);
    }
    return resumeAfterEpoch != NEW_RUN && Files.exists(directory.resolve(LOG))
        ? resume(directory, description, resumeAfterEpoch)
        : start(directory, description);
  }

  /**
   * Refuses, before anything is changed, a record that {@link #open} would refuse to continue.
   *
   * @throws UserError if it is damaged, or does not have all epochs up to {@code resumeAfterEpoch}
   */
  public static void check(Path directory, int resumeAfterEpoch) {
    Path log = directory.resolve(LOG);
    if (resumeAfterEpoch != NEW_RUN && Files.exists(log)) {
      requireRecorded(log, resumeAfterEpoch);
    } else {
      requireNone(directory);
    }
  }

  private static RunRecorder start(Path directory, RunDescription description) {
    requireNone(directory);
    Clock clock = Clock.systemUTC();
    return new AllRecorders(
        List.of(
            JsonLines.start(directory.resolve(LOG), description, clock),
            new SummaryCsv(directory.resolve(SUMMARY), List.of()),
            TensorBoardEvents.start(directory.resolve(TENSORBOARD), clock)));
  }

  private static void requireNone(Path directory) {
    for (String name : List.of(LOG, SUMMARY, TENSORBOARD)) {
      if (Files.exists(directory.resolve(name))) {
        throw new UserError(
            "%s is of an earlier run: resume that, name another directory, or move its %s, %s and %s"
                    .formatted(directory.resolve(name), LOG, SUMMARY, TENSORBOARD)
                + " elsewhere");
      }
    }
  }

  private static RunRecorder resume(
      Path directory, RunDescription description, int resumeAfterEpoch) {
    Path log = directory.resolve(LOG);
    requireRecorded(log, resumeAfterEpoch);
    Clock clock = Clock.systemUTC();
    JsonLines lines = JsonLines.resume(log, description, resumeAfterEpoch, clock);
    List<EpochResult> epochs = EpochHistory.read(log).epochs();
    long iteration = epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).iteration();
    return new AllRecorders(
        List.of(
            lines,
            new SummaryCsv(directory.resolve(SUMMARY), epochs),
            TensorBoardEvents.resume(directory.resolve(TENSORBOARD), iteration, clock)));
  }

  /** Before anything is written: the other files are made anew from this one. */
  private static void requireRecorded(Path log, int lastEpoch) {
    int next = -1;
    for (EpochResult epoch : EpochHistory.read(log).epochs()) {
      if (next >= 0 && epoch.epoch() != next) {
        break;
      }
      next = epoch.epoch() + 1;
    }
    if (lastEpoch > 0 && next <= lastEpoch) {
      throw new UserError(
          "%s is damaged: it does not record all epochs up to %d, after which the run goes on. Put it back from a copy, or move %s, %s and %s elsewhere to go on with new ones"
              .formatted(log, lastEpoch, LOG, SUMMARY, TENSORBOARD));
    }
  }
}
