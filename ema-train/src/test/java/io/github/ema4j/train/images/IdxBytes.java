// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.zip.GZIPOutputStream;

/** Makes idx files in memory. */
final class IdxBytes {
  private IdxBytes() {}

  /** An idx file of unsigned bytes, not yet gzipped. */
  static byte[] idx(int[] shape, int... values) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(0x0800 | shape.length);
    for (int size : shape) {
      out.writeInt(size);
    }
    for (int value : values) {
      out.write(value);
    }
    return bytes.toByteArray();
  }

  static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  static IdxFile read(byte[] file, int dimensions) throws IOException {
    return IdxFile.read(new ByteArrayInputStream(file), "some.gz", dimensions);
  }

  static IdxFile of(int[] shape, int... values) throws IOException {
    return read(gzip(idx(shape, values)), shape.length);
  }
}
