// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** The same entries make the same bytes, and what was written can be checked later. */
class ZipWriterTest {

  private static final byte[] TEXT = "text ".repeat(200).getBytes(StandardCharsets.UTF_8);

  /** A stream that tells whether it was closed. */
  private static final class Stream extends ByteArrayOutputStream {
    private boolean closed;

    @Override
    public void close() {
      closed = true;
    }
  }

  private static byte[] written() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipWriter zip = new ZipWriter(out)) {
      zip.text("text", TEXT);
      zip.array("array", Nd4j.zeros(DataType.FLOAT, 1000));
    }
    return out.toByteArray();
  }

  @Test
  void theBytesDependNeitherOnTheTimeNorOnTheTimeZone() throws IOException {
    byte[] here = written();
    TimeZone zone = TimeZone.getDefault();
    try {
      for (String other : List.of("Pacific/Honolulu", "Pacific/Kiritimati")) {
        TimeZone.setDefault(TimeZone.getTimeZone(other));
        assertArrayEquals(here, written(), other);
      }
    } finally {
      TimeZone.setDefault(zone);
    }
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(here))) {
      assertEquals(LocalDateTime.of(1980, 2, 1, 0, 0), zip.getNextEntry().getTimeLocal());
    }
  }

  /** Weights do not get smaller by packing, but packing them takes longer than to write them. */
  @Test
  void textsArePackedAndArraysAreNot() throws IOException {
    int text = 0;
    int array = 0;
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(written()))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        zip.readAllBytes();
        if (entry.getName().equals("text")) {
          text = (int) entry.getCompressedSize();
        } else {
          array = (int) entry.getCompressedSize();
        }
      }
    }
    assertTrue(text < TEXT.length / 4, text + " bytes");
    assertTrue(array >= 1000 * Float.BYTES, array + " bytes");
  }

  @Test
  void sizesAndChecksumsAreKnownOnceWritten() throws IOException {
    CRC32 crc = new CRC32();
    crc.update(TEXT);
    ZipWriter zip = new ZipWriter(new ByteArrayOutputStream());
    assertEquals(Map.of(), zip.entries());
    zip.text("b", TEXT);
    zip.text("a", new byte[0]);
    assertEquals(List.of("b", "a"), List.copyOf(zip.entries().keySet()));
    assertEquals(new ZipWriter.Entry(1000, crc.getValue()), zip.entries().get("b"));
    assertEquals(new ZipWriter.Entry(0, 0), zip.entries().get("a"));
  }

  @Test
  void whatStandsInTheTextIsReadAgainAndNothingElse() {
    ZipWriter.Entry entry = new ZipWriter.Entry(7, 0xffffffffL);
    assertEquals(entry, ZipWriter.Entry.fromMap(entry.toMap()));
    Map<String, Object> more = new LinkedHashMap<>(entry.toMap());
    more.put("sha256", "abc");
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ZipWriter.Entry.fromMap(more));
    assertTrue(e.getMessage().contains("[sha256]"), e.getMessage());
  }

  /** The caller has to force the file to the disk before it is closed. */
  @Test
  void theStreamStaysOpen() throws IOException {
    Stream out = new Stream();
    try (ZipWriter zip = new ZipWriter(out)) {
      zip.text("text", TEXT);
    }
    assertFalse(out.closed);
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(out.toByteArray()))) {
      zip.getNextEntry();
      assertArrayEquals(TEXT, zip.readAllBytes());
    }
  }
}
