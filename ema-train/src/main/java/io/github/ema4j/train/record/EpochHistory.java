// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.ema4j.train.error.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@link JsonLines} recorded of a run, as far as it has come.
 *
 * @param run what was run; of a resumed run its last session
 * @param epochs in their order
 */
public record EpochHistory(RunDescription run, List<EpochResult> epochs) {

  /** Copies the list. */
  public EpochHistory {
    epochs = List.copyOf(epochs);
  }

  /**
   * Reads the record of a run, which may still go on or have been killed: a last line that was not
   * written to its end is passed over.
   *
   * @throws UserError if the file cannot be read or a line is not one of {@link JsonLines}; the
   *     message says which
   */
  public static EpochHistory read(Path jsonLines) {
    List<RunDescription> sessions = new ArrayList<>();
    List<EpochResult> epochs = new ArrayList<>();
    WholeLines.forEach(
        jsonLines,
        text -> {
          JsonNode line = LogLine.parse(text);
          switch (LogLine.type(line)) {
            case LogLine.START, LogLine.RESUME -> sessions.add(LogLine.run(line));
            case LogLine.EPOCH -> epochs.add(LogLine.epoch(line));
            default -> {} // iterations are for other readers
          }
        });
    if (sessions.isEmpty()) {
      throw new UserError(jsonLines + " does not say which run it is of: is it a log.jsonl?");
    }
    return new EpochHistory(sessions.get(sessions.size() - 1), epochs);
  }
}
