// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The names by which TensorBoard sorts the files, and the records in them. */
class EventFileTest {

  @TempDir Path directory;

  private static Clock at(double seconds) {
    return Clock.fixed(Instant.ofEpochMilli((long) (seconds * 1000)), ZoneOffset.UTC);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** TensorBoard reads the files of a run in the order of their names. */
  @Test
  void aLaterFileIsSortedBehindTheEarlierOnesEvenIfTheClockWasSetBack() throws IOException {
    for (double seconds : new double[] {1000, 1000.9, 5, 2000}) {
      EventFile.create(directory, OptionalLong.empty(), at(seconds)).close();
    }
    assertEquals(
        List.of(
            "events.out.tfevents.0000001000.ema4j",
            "events.out.tfevents.0000001001.ema4j",
            "events.out.tfevents.0000001002.ema4j",
            "events.out.tfevents.0000002000.ema4j"),
        names());
  }

  @Test
  void filesOfAnotherKindDoNotCount() throws IOException {
    Files.createFile(directory.resolve("events.out.tfevents.soon"));
    Files.createFile(directory.resolve("log.jsonl"));
    EventFile.create(directory, OptionalLong.empty(), at(7)).close();
    assertEquals("events.out.tfevents.0000000007.ema4j", names().get(0));
  }

  @Test
  void recordsAreTheVersionTheRestartAndTheScalarsWithTheirTimes() throws IOException {
    try (EventFile file = EventFile.create(directory.resolve("new"), OptionalLong.of(5), at(1.5))) {
      file.scalars(7, Map.of("loss", 0.25));
    }
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    for (ProtoMessage event :
        List.of(
            new ProtoMessage().float64(1, 1.5).text(3, "brain.Event:2"),
            new ProtoMessage()
                .float64(1, 1.5)
                .whole(2, 5)
                .message(7, new ProtoMessage().whole(1, 1)),
            new ProtoMessage()
                .float64(1, 1.5)
                .whole(2, 7)
                .message(
                    5,
                    new ProtoMessage()
                        .message(1, new ProtoMessage().text(1, "loss").float32(2, 0.25f))))) {
      expected.writeBytes(TfRecord.frame(event.bytes()));
    }
    assertArrayEquals(
        expected.toByteArray(),
        Files.readAllBytes(directory.resolve("new/events.out.tfevents.0000000001.ema4j")));
  }
}
