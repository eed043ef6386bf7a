// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The content of a gzipped file in the idx format of MNIST: an array of unsigned bytes.
 *
 * <p>The format is a magic number (two zero bytes, 8 for the data type "unsigned byte", the number
 * of dimensions), one big-endian 32-bit size for each dimension, then the values, the last
 * dimension running fastest. Instances are immutable by convention: {@link #values()} is not
 * copied.
 */
public final class IdxFile {
  private static final int UNSIGNED_BYTES = 0x0800;

  private final int[] shape;
  private final byte[] values;

  private IdxFile(int[] shape, byte[] values) {
    this.shape = shape;
    this.values = values;
  }

  /**
   * Reads a whole file. The caller closes the stream.
   *
   * @param in the gzipped file
   * @param name what to call the file in error messages
   * @param dimensions how many dimensions it has to have, 3 for images, 1 for labels
   * @throws IOException if it cannot be read, is no such idx file, or is shorter or longer than its
   *     header says; the message starts with {@code name}
   */
  public static IdxFile read(InputStream in, String name, int dimensions) throws IOException {
    try {
      return read(new DataInputStream(new GZIPInputStream(in)), dimensions);
    } catch (ZipException e) {
      throw new IOException(name + ": not a gzip file, or a damaged one: " + e.getMessage(), e);
    } catch (EOFException e) {
      throw new IOException(name + ": truncated: the file ends too early", e);
    } catch (IOException e) {
      throw new IOException(name + ": " + e.getMessage(), e);
    }
  }

  private static IdxFile read(DataInputStream in, int dimensions) throws IOException {
    int magic = in.readInt();
    int expected = UNSIGNED_BYTES | dimensions;
    if (magic != expected) {
      throw new IOException(
          String.format(
              "wrong magic number 0x%08x, expected 0x%08x (idx, unsigned bytes, %d dimensions)",
              magic, expected, dimensions));
    }
    int[] shape = new int[dimensions];
    for (int i = 0; i < dimensions; i++) {
      shape[i] = in.readInt();
    }
    int length = length(shape);
    byte[] values = in.readNBytes(length);
    if (values.length < length) {
      throw new IOException(
          String.format(
              "truncated: the header says %s = %d values, found %d",
              product(shape), length, values.length));
    }
    if (in.read() >= 0) {
      throw new IOException(
          String.format(
              "too long: the header says %s = %d values, found more", product(shape), length));
    }
    return new IdxFile(shape, values);
  }

  private static int length(int[] shape) throws IOException {
    long length = 1;
    for (int size : shape) {
      // Each factor fits into 31 bits and so does the product so far: the long cannot overflow.
      length *= size;
      if (size < 1 || length > Integer.MAX_VALUE) {
        throw new IOException(
            "impossible size "
                + product(shape)
                + ": each has to be >= 1, all at most 2^31-1 values");
      }
    }
    return (int) length;
  }

  private static String product(int[] shape) {
    return Arrays.stream(shape).mapToObj(Integer::toString).collect(Collectors.joining(" x "));
  }

  /** The size of dimension {@code i}, from 0. */
  public int size(int i) {
    return shape[i];
  }

  /** All values in the order of the file, unsigned: use {@link Byte#toUnsignedInt}. */
  public byte[] values() {
    return values;
  }
}
