// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file that grows by whole records. A record handed over is with the operating system when the
 * call returns, so that killing the process does not lose it.
 */
final class AppendFile implements Closeable {
  private final Path file;
  private final FileChannel channel;

  /** Where the last whole record ends. */
  private long end;

  private AppendFile(Path file, FileChannel channel, long end) {
    this.file = file;
    this.channel = channel;
    this.end = end;
  }

  /** Opens a file to append to, and makes it if it is not there. */
  static AppendFile open(Path file) {
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      return new AppendFile(file, channel, channel.size());
    } catch (IOException e) {
      throw WriteFailure.of(file, e);
    }
  }

  /** Appends all of a record or, if that fails, nothing of it. */
  void append(byte[] record) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(record);
      while (bytes.hasRemaining()) {
        channel.write(bytes, end + bytes.position());
      }
      end += record.length;
    } catch (IOException e) {
      throw WriteFailure.of(file, withoutTornRecord(e));
    }
  }

  private IOException withoutTornRecord(IOException e) {
    try {
      channel.truncate(end);
    } catch (IOException suppressed) {
      e.addSuppressed(suppressed);
    }
    return e;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw WriteFailure.of(file, e);
    }
  }
}
