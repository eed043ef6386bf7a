// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/**
 * The <a href="https://www.tensorflow.org/tutorials/load_data/tfrecord">TFRecord</a> frame of a
 * record: its length (8 bytes), the check sum of that (4), the record, its check sum (4); little
 * endian.
 */
final class TfRecord {
  private static final int HEADER = Long.BYTES + Integer.BYTES;
  private static final int FOOTER = Integer.BYTES;

  /** Of a record in bytes, far more than a summary of scalars has. */
  private static final long LONGEST = 1 << 30;

  private TfRecord() {}

  static byte[] frame(byte[] data) {
    ByteBuffer frame = allocate(HEADER + data.length + FOOTER);
    frame.putLong(data.length);
    frame.putInt(checkSum(frame.array(), Long.BYTES));
    frame.put(data);
    frame.putInt(checkSum(data, data.length));
    return frame.array();
  }

  /**
   * Cuts off a last record that was not written to its end, which a reader of a file that is
   * appended to would run into. Leaves a file alone that is damaged in another way.
   *
   * @return where it is damaged, from which on it cannot be read; empty if it is not
   */
  static OptionalLong cutTorn(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long position = 0;
      while (position < channel.size()) {
        ByteBuffer header = read(channel, position, HEADER);
        if (header.hasRemaining()) {
          channel.truncate(position);
          return OptionalLong.empty();
        }
        long length = header.getLong(0);
        if (header.getInt(Long.BYTES) != checkSum(header.array(), Long.BYTES)
            || length < 0
            || length > LONGEST) {
          return OptionalLong.of(position);
        }
        long next = position + HEADER + length + FOOTER;
        if (next > channel.size()) {
          channel.truncate(position);
          return OptionalLong.empty();
        }
        ByteBuffer data = read(channel, position + HEADER, (int) length + FOOTER);
        if (data.getInt((int) length) != checkSum(data.array(), (int) length)) {
          return OptionalLong.of(position);
        }
        position = next;
      }
      return OptionalLong.empty();
    }
  }

  /** As many bytes as there are, at most {@code bytes}. */
  private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
    ByteBuffer buffer = allocate(bytes);
    while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {}
    return buffer;
  }

  /** CRC-32C, masked as TensorFlow does since the check sum of a check sum is a poor one. */
  private static int checkSum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
