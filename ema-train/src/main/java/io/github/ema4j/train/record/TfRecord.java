// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
   */
  static void cutTorn(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long position = 0;
      while (position < channel.size()) {
        ByteBuffer header = allocate(HEADER);
        while (header.hasRemaining() && channel.read(header, position + header.position()) >= 0) {}
        if (header.hasRemaining()) {
          channel.truncate(position);
        } else if (header.getInt(Long.BYTES) != checkSum(header.array(), Long.BYTES)) {
          return;
        } else {
          long length = header.getLong(0);
          if (length < 0 || length > LONGEST) {
            return;
          }
          long next = position + HEADER + length + FOOTER;
          if (next > channel.size()) {
            channel.truncate(position);
          }
          position = next;
        }
      }
    }
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
