// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.Zips;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Entries are what was written, whole, or are refused by their name. */
class ZipReaderTest {

  private static final byte[] TEXT = "the text".getBytes(StandardCharsets.UTF_8);
  private static final INDArray ARRAY = Nd4j.createFromArray(1.5f, -0f, Float.NaN);

  @TempDir Path directory;

  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = directory.resolve("file.zip");
    try (OutputStream out = Files.newOutputStream(file);
        ZipWriter zip = new ZipWriter(out)) {
      zip.text("text", TEXT);
      zip.array("array", ARRAY);
    }
  }

  private static void refused(String said, Executable use) {
    ZipException e = assertThrows(ZipException.class, use);
    assertTrue(e.getMessage().contains(said), e.getMessage());
  }

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  @Test
  void entriesAreReadAsTheyWereWritten() throws IOException {
    try (ZipReader zip = new ZipReader(file)) {
      assertEquals(Set.of("array", "text"), zip.names());
      assertArrayEquals(TEXT, zip.bytes("text", TEXT.length));
      assertEquals(Bits.of(ARRAY), Bits.of(zip.array("array")));
      assertEquals(Optional.empty(), zip.optionalArray("none"));
      refused("lacks the entry 'none'", () -> zip.array("none"));
    }
  }

  @Test
  void noMoreBytesAreReadThanTheCallerHasRoomFor() throws IOException {
    try (ZipReader zip = new ZipReader(file)) {
      refused("'text' has more than 7 bytes", () -> zip.bytes("text", TEXT.length - 1));
    }
  }

  @Test
  void whatIsNoArrayOrMoreThanOneIsRefused() throws IOException {
    ByteArrayOutputStream more = new ByteArrayOutputStream();
    Nd4j.write(ARRAY, new DataOutputStream(more));
    more.write(0);
    Zips.write(file, Map.of("more", more.toByteArray(), "text", TEXT));
    try (ZipReader zip = new ZipReader(file)) {
      refused("'more' is not an array: more follows after it", () -> zip.array("more"));
      refused("'text' is not an array", () -> zip.array("text"));
    }
  }

  /** An entry that another program has exchanged has a checksum that is right by itself. */
  @Test
  void anEntryIsTheOneThatWasSavedWithTheAverage() throws IOException {
    long crc = crc(TEXT);
    try (ZipReader zip = new ZipReader(file)) {
      zip.expect("text", OptionalLong.of(TEXT.length), crc);
      zip.verify("text");
      zip.expect("text", OptionalLong.empty(), crc);
      zip.verify("text");
      String other = "'text' is not the one that was saved with the average";
      zip.expect("text", OptionalLong.empty(), crc + 1);
      refused(other, () -> zip.verify("text"));
      zip.expect("text", OptionalLong.of(TEXT.length + 1), crc);
      refused(other, () -> zip.bytes("text", 100));
    }
  }

  @Test
  void oneOtherBitIsNoticed() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int at =
        new String(bytes, StandardCharsets.ISO_8859_1).indexOf("FLOAT") + 6; // within the values
    bytes[at] ^= 1;
    Files.write(file, bytes);
    try (ZipReader zip = new ZipReader(file)) {
      zip.verify("text");
      refused("'array' is damaged", () -> zip.verify("array"));
      refused("'array'", () -> zip.array("array"));
    }
  }

  @Test
  void whatIsNoFileOfThisKindIsRefusedAtOnce() throws IOException {
    assertThrows(NoSuchFileException.class, () -> new ZipReader(directory.resolve("none")));
    refused("but a directory or device", () -> new ZipReader(directory));
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 30));
    refused("is not a model file, or only a part of one", () -> new ZipReader(file));
  }
}
