// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of TensorBoard events: <a
 * href="https://github.com/tensorflow/tensorflow/blob/v2.15.0/tensorflow/core/util/event.proto">Event</a>
 * messages in {@link TfRecord} frames.
 */
final class EventFile implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(EventFile.class);

  /** Followed by ten digits of seconds since 1970, by whose order TensorBoard reads the files. */
  private static final String PREFIX = "events.out.tfevents.";

  private static final String SUFFIX = ".ema4j";

  private final AppendFile file;
  private final Clock clock;

  private EventFile(AppendFile file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /**
   * Starts a file after those that the directory has; the directory is made if it is not there.
   *
   * @param restartAt of a resumed run: the step from which earlier files are void
   */
  static EventFile create(Path directory, OptionalLong restartAt, Clock clock) {
    long seconds = clock.millis() / 1000;
    try {
      Files.createDirectories(directory);
      List<Path> earlier = files(directory);
      if (!earlier.isEmpty()) {
        Path last = earlier.get(earlier.size() - 1);
        for (Path file : earlier) {
          warnOfDamage(file);
        }
        seconds = Math.max(seconds, seconds(last) + 1);
      }
    } catch (IOException e) {
      throw WriteFailure.of(directory, e);
    }
    String name = String.format(Locale.ROOT, "%s%010d%s", PREFIX, seconds, SUFFIX);
    EventFile events = new EventFile(AppendFile.open(directory.resolve(name)), clock);
    events.write(events.event().text(3, "brain.Event:2")); // file_version
    restartAt.ifPresent(events::restart);
    return events;
  }

  /** TensorBoard says nothing of a damaged file, and shows what comes before the damage. */
  private static void warnOfDamage(Path file) throws IOException {
    TfRecord.cutTorn(file)
        .ifPresent(
            position ->
                log.warn(
                    "{} is damaged at byte {}: TensorBoard shows nothing that it has after that, which is in {} all the same",
                    file,
                    position,
                    RunRecorders.LOG));
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().matches("\\Q" + PREFIX + "\\E\\d{10}.*"))
          .sorted()
          .toList();
    }
  }

  private static long seconds(Path file) {
    return Long.parseLong(
        file.getFileName().toString().substring(PREFIX.length(), PREFIX.length() + 10));
  }

  /**
   * {@code SessionLog(status = START)}: TensorBoard discards what it has of this step and later.
   */
  private void restart(long step) {
    write(event().whole(2, step).message(7, new ProtoMessage().whole(1, 1)));
  }

  /** Writes values of one step, by their tags. */
  void scalars(long step, Map<String, Double> values) {
    ProtoMessage summary = new ProtoMessage();
    values.forEach(
        (tag, value) ->
            summary.message(1, new ProtoMessage().text(1, tag).float32(2, value.floatValue())));
    write(event().whole(2, step).message(5, summary));
  }

  private ProtoMessage event() {
    return new ProtoMessage().float64(1, clock.millis() / 1000.0); // wall_time
  }

  private void write(ProtoMessage event) {
    file.append(TfRecord.frame(event.bytes()));
  }

  @Override
  public void close() {
    file.close();
  }
}
