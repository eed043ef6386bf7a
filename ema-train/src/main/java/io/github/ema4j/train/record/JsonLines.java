// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ema4j.train.error.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The full record of a run, one JSON object per line. Each has a {@code type} and a {@code time}:
 *
 * <ul>
 *   <li>{@code start}: the run's command, settings and environment;
 *   <li>{@code iteration}: loss, learning rate and speed;
 *   <li>{@code epoch}: all of an {@link EpochResult};
 *   <li>{@code resume}: as start, for a later session, with the last epoch that it did not train
 *       again;
 *   <li>{@code end}: the session ended by itself. A killed one has none.
 * </ul>
 *
 * <p>Each line is handed to the operating system as it comes. What is not a number is the string
 * {@code "NaN"}, {@code "Infinity"} or {@code "-Infinity"}, so that every line is valid JSON.
 */
public final class JsonLines implements RunRecorder {
  private static final Logger log = LoggerFactory.getLogger(JsonLines.class);

  private final AppendFile file;
  private final Clock clock;
  private boolean closed;

  private JsonLines(AppendFile file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /**
   * Starts a new record.
   *
   * @param file that is not there yet
   * @throws UserError if it cannot be written
   */
  static JsonLines start(Path file, RunDescription run, Clock clock) {
    JsonLines lines = new JsonLines(AppendFile.open(file), clock);
    ObjectNode line = lines.line(LogLine.START);
    LogLine.put(line, run);
    lines.write(line);
    return lines;
  }

  /**
   * Goes on with a record: what it has of later epochs than {@code afterEpoch} is dropped, and a
   * last line that was not written to its end.
   *
   * @throws UserError if it cannot be read or written
   */
  static JsonLines resume(Path file, RunDescription run, int afterEpoch, Clock clock) {
    dropAfter(file, afterEpoch);
    JsonLines lines = new JsonLines(AppendFile.open(file), clock);
    ObjectNode line = lines.line(LogLine.RESUME).put("after_epoch", afterEpoch);
    LogLine.put(line, run);
    lines.write(line);
    return lines;
  }

  private static void dropAfter(Path file, int epoch) {
    int[] dropped = {0};
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    WholeLines.forEach(
        file,
        text -> {
          JsonNode line = LogLine.parse(text);
          if (isOf(line, epoch)) {
            kept.writeBytes((text + "\n").getBytes(StandardCharsets.UTF_8));
          } else if (LogLine.type(line).equals(LogLine.EPOCH)) {
            dropped[0]++;
          }
        });
    try {
      OutputFile.write(file, kept::writeTo);
    } catch (IOException e) {
      throw WriteFailure.of(file, e);
    }
    if (dropped[0] > 0) {
      log.info(
          "{}: what was recorded after epoch {} is dropped ({} epochs), since it is trained again",
          file,
          epoch,
          dropped[0]);
    }
  }

  private static boolean isOf(JsonNode line, int lastEpoch) {
    return switch (LogLine.type(line)) {
      case LogLine.ITERATION, LogLine.EPOCH -> LogLine.epochNumber(line) <= lastEpoch;
      default -> true;
    };
  }

  @Override
  public void iteration(
      int epoch, long iteration, double loss, double learningRate, double imagesPerSecond) {
    write(
        line(LogLine.ITERATION)
            .put("epoch", epoch)
            .put("iteration", iteration)
            .put("loss", loss)
            .put("learning_rate", learningRate)
            .put("images_per_second", imagesPerSecond));
  }

  @Override
  public void epoch(EpochResult result) {
    ObjectNode line = line(LogLine.EPOCH);
    LogLine.put(line, result);
    write(line);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try (file) {
        write(line(LogLine.END));
      }
    }
  }

  private ObjectNode line(String type) {
    return LogLine.of(type, clock.instant());
  }

  private void write(ObjectNode line) {
    file.append(LogLine.bytes(line));
  }
}
