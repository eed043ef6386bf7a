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
import java.util.ArrayList;
import java.util.List;
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
 * <p>Each line ends with a {@link LineChecksum}, and is handed to the operating system as it comes.
 * What is not a number is the string {@code "NaN"}, {@code "Infinity"} or {@code "-Infinity"}, so
 * that every line is valid JSON.
 */
public final class JsonLines implements RunRecorder {
  private static final Logger log = LoggerFactory.getLogger(JsonLines.class);

  private final AppendFile file;
  private final Clock clock;
  private LineChecksum checksum;
  private boolean closed;

  private JsonLines(AppendFile file, LineChecksum checksum, Clock clock) {
    this.file = file;
    this.checksum = checksum;
    this.clock = clock;
  }

  /**
   * Starts a new record.
   *
   * @param file that is not there yet
   * @throws UserError if it cannot be written
   */
  static JsonLines start(Path file, RunDescription run, Clock clock) {
    JsonLines lines = new JsonLines(AppendFile.open(file), LineChecksum.NONE, clock);
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
    LineChecksum checksum = dropAfter(file, afterEpoch);
    JsonLines lines = new JsonLines(AppendFile.open(file), checksum, clock);
    ObjectNode line = lines.line(LogLine.RESUME).put("after_epoch", afterEpoch);
    LogLine.put(line, run);
    lines.write(line);
    return lines;
  }

  /** Returns the checksum of what is kept. */
  private static LineChecksum dropAfter(Path file, int epoch) {
    int[] dropped = {0};
    List<String> kept = new ArrayList<>();
    WholeLines.forEach(
        file,
        text -> {
          JsonNode line = LogLine.parse(text);
          if (isOf(line, epoch)) {
            kept.add(text);
          } else if (LogLine.type(line).equals(LogLine.EPOCH)) {
            dropped[0]++;
          }
        });
    LineChecksum checksum = LineChecksum.NONE;
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    for (String line : kept) {
      checksum = checksum.after(line);
      lines.writeBytes(bytes(line, checksum));
    }
    try {
      OutputFile.write(file, lines::writeTo);
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
    return checksum;
  }

  private static byte[] bytes(String line, LineChecksum checksum) {
    return (checksum.in(line) + "\n").getBytes(StandardCharsets.UTF_8);
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
    String text = LogLine.text(line);
    LineChecksum next = checksum.after(text);
    file.append(bytes(text, next));
    checksum = next; // not before the line is in the file
  }
}
