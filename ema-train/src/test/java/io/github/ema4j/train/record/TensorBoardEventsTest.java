// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.UnknownFieldSet;
import org.tensorflow.framework.Summary;

/**
 * Reads the files with Google's Protocol Buffers and TensorFlow's class of a summary, both of which
 * ND4J has, and the field numbers of TensorFlow's {@code event.proto}.
 */
class TensorBoardEventsTest {
  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;

  @TempDir Path dir;

  /** Undoes the masking as TensorFlow's {@code crc32c::Unmask} does. */
  private static int unmasked(int masked) {
    int rotated = masked - 0xa282ead8;
    return (rotated >>> 17) | (rotated << 15);
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static List<UnknownFieldSet> events(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<UnknownFieldSet> events = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] length = new byte[8];
      bytes.get(length);
      assertEquals(crc(length), unmasked(bytes.getInt()));
      byte[] data =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      bytes.get(data);
      assertEquals(crc(data), unmasked(bytes.getInt()));
      events.add(UnknownFieldSet.parseFrom(data));
    }
    return events;
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  /** Each value as "step tag value". */
  private static List<String> values(List<UnknownFieldSet> events) throws IOException {
    List<String> values = new ArrayList<>();
    for (UnknownFieldSet event : events) {
      for (ByteString summary : event.getField(SUMMARY).getLengthDelimitedList()) {
        for (Summary.Value value : Summary.parseFrom(summary).getValueList()) {
          values.add(step(event) + " " + value.getTag() + " " + value.getSimpleValue());
        }
      }
    }
    return values;
  }

  private static long step(UnknownFieldSet event) {
    return event.getField(STEP).getVarintList().get(0);
  }

  private static ByteString bytes(UnknownFieldSet event, int field) {
    return event.getField(field).getLengthDelimitedList().get(0);
  }

  @Test
  void rawAndAveragedScoresAreRunsWithTheSameTags() throws IOException {
    try (TensorBoardEvents events = TensorBoardEvents.start(dir, Runs.CLOCK)) {
      events.iteration(1, 5, 0.75, 0.1, 300);
      events.epoch(Runs.epoch(1, Runs.average("0.99", 0.82, 0.5)));
    }
    Path raw = dir.resolve("raw/events.out.tfevents.1740830400.ema4j");
    List<UnknownFieldSet> events = events(raw);
    assertEquals("brain.Event:2", bytes(events.get(0), FILE_VERSION).toStringUtf8());
    assertEquals(
        List.of(Double.doubleToLongBits(1_740_830_400)),
        events.get(0).getField(WALL_TIME).getFixed64List());
    assertEquals(
        List.of(
            "5 train/loss 0.75",
            "5 train/learning_rate 0.1",
            "5 train/images_per_second 300.0",
            "10 eval/accuracy 0.8",
            "10 eval/loss 0.625",
            "10 train/epoch_loss 1.0"),
        values(events));
    Path averaged = dir.resolve("ema_0.99/events.out.tfevents.1740830400.ema4j");
    assertEquals(
        List.of(
            "10 eval/accuracy 0.82",
            "10 eval/loss 0.5",
            "10 ema/decay 0.99",
            "10 ema/initial_share 0.25",
            "10 ema/distance 0.125"),
        values(events(averaged)));
  }

  @Test
  void recordsAreInTheFileWhenTheCallReturns() throws IOException {
    try (TensorBoardEvents events = TensorBoardEvents.start(dir, Runs.CLOCK)) {
      events.iteration(1, 1L << 40, Double.NaN, Double.POSITIVE_INFINITY, 1);
      assertEquals(
          List.of(
              "1099511627776 train/loss NaN",
              "1099511627776 train/learning_rate Infinity",
              "1099511627776 train/images_per_second 1.0"),
          values(events(files(dir.resolve("raw")).get(0))));
    }
  }

  @Test
  void aResumedRunStartsALaterFileThatVoidsWhatIsTrainedAgain() throws IOException {
    try (TensorBoardEvents events = TensorBoardEvents.start(dir, Runs.CLOCK)) {
      events.epoch(Runs.epoch(1));
      events.epoch(Runs.epoch(2));
    }
    byte[] before = Files.readAllBytes(files(dir.resolve("raw")).get(0));
    try (TensorBoardEvents events = TensorBoardEvents.resume(dir, 10, Runs.CLOCK)) {
      events.epoch(Runs.epoch(2));
    }
    List<Path> files = files(dir.resolve("raw"));
    assertEquals(
        List.of("events.out.tfevents.1740830400.ema4j", "events.out.tfevents.1740830401.ema4j"),
        files.stream().map(file -> file.getFileName().toString()).toList());
    assertArrayEquals(before, Files.readAllBytes(files.get(0)));
    List<UnknownFieldSet> events = events(files.get(1));
    assertEquals("brain.Event:2", bytes(events.get(0), FILE_VERSION).toStringUtf8());
    UnknownFieldSet sessionLog = UnknownFieldSet.parseFrom(bytes(events.get(1), SESSION_LOG));
    assertEquals(List.of(1L), sessionLog.getField(1).getVarintList()); // status: START
    assertEquals(11, step(events.get(1)));
    assertEquals(20, step(events.get(2)));
  }

  @Test
  void aTornLastRecordIsCutOffOnResume() throws IOException {
    try (TensorBoardEvents events = TensorBoardEvents.start(dir, Runs.CLOCK)) {
      events.iteration(1, 1, 0.5, 0.1, 1);
      events.iteration(1, 2, 0.5, 0.1, 1);
    }
    Path file = files(dir.resolve("raw")).get(0);
    byte[] three = Files.readAllBytes(file);
    byte[] two = Arrays.copyOf(three, three.length - recordLength(events(file).get(2)));
    for (int length = two.length; length < three.length; length++) {
      Files.write(file, Arrays.copyOf(three, length));
      TfRecord.cutTorn(file);
      assertArrayEquals(two, Files.readAllBytes(file));
    }
    Files.write(file, three);
    TfRecord.cutTorn(file);
    assertArrayEquals(three, Files.readAllBytes(file));

    Files.write(file, Arrays.copyOf(three, three.length - 1));
    try (TensorBoardEvents events = TensorBoardEvents.resume(dir, 1, Runs.CLOCK)) {
      events.iteration(1, 2, 0.5, 0.1, 1);
    }
    assertArrayEquals(two, Files.readAllBytes(file));
  }

  private static int recordLength(UnknownFieldSet event) {
    return 8 + 4 + event.getSerializedSize() + 4;
  }

  @Test
  void aFileDamagedOtherwiseIsLeftAlone() throws IOException {
    Path file = dir.resolve("events");
    byte[] damaged = TfRecord.frame(new byte[100]);
    damaged[3] = 1; // of the length
    Files.write(file, damaged);
    TfRecord.cutTorn(file);
    assertArrayEquals(damaged, Files.readAllBytes(file));
  }

  /** With the right checksum: of a negative length the end would never come. */
  @ParameterizedTest
  @ValueSource(longs = {-16, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40})
  void aRecordOfImpossibleLengthIsLeftAlone(long length) throws IOException {
    ByteBuffer record = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(length);
    CRC32C crc = new CRC32C();
    crc.update(record.array(), 0, Long.BYTES);
    record.putInt(Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8);
    Path file = dir.resolve("impossible");
    Files.write(file, record.array());

    assertTimeoutPreemptively(Duration.ofMinutes(1), () -> TfRecord.cutTorn(file));

    assertArrayEquals(record.array(), Files.readAllBytes(file));
  }

  @Test
  void everyNameOfAnAverageIsADirectoryOfItsOwn() throws IOException {
    try (TensorBoardEvents events = TensorBoardEvents.start(dir, Runs.CLOCK)) {
      events.epoch(
          Runs.epoch(
              1,
              Runs.average("../x", 0.5, 1),
              Runs.average("..:x", 0.5, 1),
              Runs.average("é", 0.5, 1)));
    }
    assertEquals(
        List.of("ema_%C3%A9", "ema_..%2Fx", "ema_..%3Ax", "raw").stream().sorted().toList(),
        files(dir).stream().map(file -> file.getFileName().toString()).sorted().toList());
  }
}
