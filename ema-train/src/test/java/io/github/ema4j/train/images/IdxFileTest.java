// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static io.github.ema4j.train.images.IdxBytes.gzip;
import static io.github.ema4j.train.images.IdxBytes.idx;
import static io.github.ema4j.train.images.IdxBytes.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class IdxFileTest {
  private static final byte[] TWO_IMAGES = idxOf(new int[] {2, 1, 3}, 0, 1, 2, 127, 128, 255);

  @Test
  void readsShapeAndValues() throws IOException {
    IdxFile file = read(gzip(TWO_IMAGES), 3);

    assertEquals(2, file.size(0));
    assertEquals(1, file.size(1));
    assertEquals(3, file.size(2));
    assertArrayEquals(new byte[] {0, 1, 2, 127, (byte) 128, (byte) 255}, file.values());
  }

  @Test
  void refusesFewerValuesThanTheHeaderSays() {
    assertFails("truncated: the header says 2 x 1 x 3 = 6 values, found 4", cut(TWO_IMAGES, 2));
  }

  @Test
  void refusesMoreValuesThanTheHeaderSays() {
    assertFails("too long: the header says 2 x 1 x 3 = 6 values", Arrays.copyOf(TWO_IMAGES, 23));
  }

  @Test
  void refusesHalfAHeader() {
    assertFails("truncated", Arrays.copyOf(TWO_IMAGES, 9));
  }

  @Test
  void refusesAnEmptyFile() {
    assertFails("truncated", new byte[0]);
  }

  @Test
  void refusesAGzipStreamThatWasCutOff() throws IOException {
    byte[] packed = gzip(TWO_IMAGES);
    assertMessage("truncated", () -> read(cut(packed, 12), 3));
    assertMessage("truncated", () -> read(new byte[0], 3));
  }

  @Test
  void refusesFilesThatAreNotGzipped() {
    assertMessage("not a gzip file", () -> read(TWO_IMAGES, 3));
    byte[] html = "<html>not found</html>".getBytes(StandardCharsets.US_ASCII);
    assertMessage("not a gzip file", () -> read(html, 3));
  }

  @Test
  void refusesAnotherNumberOfDimensions() {
    assertMessage(
        "wrong magic number 0x00000803, expected 0x00000801", () -> read(gzip(TWO_IMAGES), 1));
  }

  @Test
  void refusesAnotherDataType() {
    byte[] ints = TWO_IMAGES.clone();
    ints[2] = 0x0c;
    assertFails("wrong magic number 0x00000c03, expected 0x00000803", ints);
  }

  @Test
  void refusesSizesThatNoArrayHas() {
    assertFails("impossible size -1 x 1 x 1", idxOf(new int[] {-1, 1, 1}));
    assertFails("impossible size 0 x 1 x 1", idxOf(new int[] {0, 1, 1}));
    int huge = Integer.MAX_VALUE;
    assertFails("impossible size 2147483647", idxOf(new int[] {huge, huge, huge}));
  }

  private static byte[] idxOf(int[] shape, int... values) {
    try {
      return idx(shape, values);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] cut(byte[] bytes, int atEnd) {
    return Arrays.copyOf(bytes, bytes.length - atEnd);
  }

  private static void assertFails(String message, byte[] idx) {
    assertMessage(message, () -> read(gzip(idx), 3));
  }

  private static void assertMessage(String message, Executable reading) {
    String actual = assertThrows(IOException.class, reading).getMessage();
    assertTrue(actual.startsWith("some.gz: "), actual);
    assertTrue(actual.contains(message), actual);
  }
}
