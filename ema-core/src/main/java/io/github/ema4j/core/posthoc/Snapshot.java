// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import io.github.ema4j.core.file.AtomicFile;
import io.github.ema4j.core.schedule.PowerFunctionExponent;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A file with the value that a power-function average had at some update.
 *
 * <p>The file, all numbers big-endian: 8 bytes {@code EMA4JPH1}; run (16 bytes); sigmaRel (double);
 * update (long); bytes per value, 4 for FLOAT and 8 for DOUBLE (int); number of values (long); the
 * values; CRC-32 of all that (long).
 *
 * @param file where it is
 * @param run identifies the training run
 * @param sigmaRel width of the average's profile, as a share of the updates so far
 * @param update updates so far, from 1
 * @param type FLOAT or DOUBLE
 * @param length number of values
 */
public record Snapshot(
    Path file, UUID run, double sigmaRel, long update, DataType type, long length) {

  private static final byte[] MAGIC = {'E', 'M', 'A', '4', 'J', 'P', 'H', '1'};
  private static final int HEADER_BYTES = 52;
  private static final int CHECKSUM_BYTES = 8;
  private static final String SUFFIX = ".ema-snapshot";

  /** Values that are in the Java heap at a time. */
  private static final int BLOCK = 1 << 16;

  /**
   * Writes a snapshot, whole or not at all.
   *
   * @param directory where to; must exist
   * @param run identifies the training run
   * @param sigmaRel width of the average's profile
   * @param update updates so far, from 1
   * @param values the averaged parameters, a vector of FLOAT or DOUBLE
   * @return the snapshot written, in the place of one of the same width and update
   * @throws IOException if it cannot be written
   */
  public static Snapshot write(
      Path directory, UUID run, double sigmaRel, long update, INDArray values) throws IOException {
    String name = "sigma%s-update%012d%s".formatted(sigmaRel, update, SUFFIX);
    Snapshot snapshot =
        new Snapshot(
            directory.resolve(name), run, sigmaRel, update, values.dataType(), values.length());
    AtomicFile.write(snapshot.file, out -> snapshot.writeTo(out, values));
    return snapshot;
  }

  private void writeTo(OutputStream file, INDArray values) throws IOException {
    CRC32 checksum = new CRC32();
    DataOutputStream out = new DataOutputStream(new CheckedOutputStream(file, checksum));
    out.write(MAGIC);
    out.writeLong(run.getMostSignificantBits());
    out.writeLong(run.getLeastSignificantBits());
    out.writeDouble(sigmaRel);
    out.writeLong(update);
    out.writeInt(type.width());
    out.writeLong(length);
    INDArray vector = values.reshape(length);
    for (long from = 0; from < length; from += BLOCK) {
      INDArray block = vector.get(NDArrayIndex.interval(from, Math.min(length, from + BLOCK)));
      out.write(bytes(block));
    }
    out.writeLong(checksum.getValue());
  }

  private byte[] bytes(INDArray block) {
    ByteBuffer bytes = ByteBuffer.allocate((int) block.length() * type.width());
    if (type == DataType.FLOAT) {
      bytes.asFloatBuffer().put(block.toFloatVector());
    } else {
      bytes.asDoubleBuffer().put(block.toDoubleVector());
    }
    return bytes.array();
  }

  /** Whether a file is a snapshot by its name. */
  static boolean isNamed(Path file) {
    return file.getFileName().toString().endsWith(SUFFIX);
  }

  /** Reads what a file says about itself, not its values. */
  static Snapshot open(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      Snapshot snapshot = readHeader(file, in);
      long expected =
          HEADER_BYTES + snapshot.length * snapshot.type.width() + (long) CHECKSUM_BYTES;
      if (Files.size(file) != expected) {
        throw snapshot.damaged(
            "it has %d bytes instead of %d".formatted(Files.size(file), expected));
      }
      return snapshot;
    }
  }

  private static Snapshot readHeader(Path file, DataInputStream in) throws IOException {
    try {
      if (!Arrays.equals(in.readNBytes(MAGIC.length), MAGIC)) {
        throw new IOException(file + " is not a snapshot of EMA4J");
      }
      UUID run = new UUID(in.readLong(), in.readLong());
      double sigmaRel = in.readDouble();
      long update = in.readLong();
      int width = in.readInt();
      DataType type = width == DataType.FLOAT.width() ? DataType.FLOAT : DataType.DOUBLE;
      Snapshot snapshot = new Snapshot(file, run, sigmaRel, update, type, in.readLong());
      if (!(sigmaRel > 0 && sigmaRel < PowerFunctionExponent.WIDEST)
          || update < 1
          || width != type.width()
          || snapshot.length < 1) {
        throw snapshot.damaged("its header holds impossible values");
      }
      return snapshot;
    } catch (EOFException e) {
      throw new IOException(file + " is damaged: it ends within its header", e);
    }
  }

  /**
   * Reads the averaged parameters.
   *
   * @return a new vector of {@link #type}, the same bits as were written
   * @throws IOException if the file cannot be read or is damaged
   */
  public INDArray read() throws IOException {
    INDArray values;
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      values = Nd4j.createUninitialized(type, length);
    }
    forEachBlock(values, INDArray::assign);
    return values;
  }

  /** Adds this snapshot's values times a coefficient to a DOUBLE vector, block by block. */
  void addTo(INDArray sum, double coefficient) throws IOException {
    forEachBlock(sum, (part, block) -> part.addi(block.muli(coefficient)));
  }

  private interface BlockOperation {
    void apply(INDArray part, INDArray block);
  }

  /** Applies an operation to each part of a vector and a DOUBLE vector of the values there. */
  private void forEachBlock(INDArray vector, BlockOperation operation) throws IOException {
    CRC32 checksum = new CRC32();
    try (DataInputStream in =
            new DataInputStream(
                new CheckedInputStream(
                    new BufferedInputStream(Files.newInputStream(file)), checksum));
        MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      if (!readHeader(file, in).equals(this)) {
        throw new IOException(file + " has changed since it was found");
      }
      for (long from = 0; from < length; from += BLOCK) {
        long to = Math.min(length, from + BLOCK);
        byte[] bytes = new byte[(int) (to - from) * type.width()];
        in.readFully(bytes);
        try (INDArray block = Nd4j.createFromArray(doubles(ByteBuffer.wrap(bytes)))) {
          operation.apply(vector.get(NDArrayIndex.interval(from, to)), block);
        }
      }
      long expected = checksum.getValue();
      if (in.readLong() != expected) {
        throw damaged("its checksum does not match its content");
      }
    } catch (EOFException e) {
      throw damaged("it ends too early");
    }
  }

  private double[] doubles(ByteBuffer bytes) {
    double[] values = new double[bytes.remaining() / type.width()];
    for (int i = 0; i < values.length; i++) {
      values[i] = type == DataType.FLOAT ? bytes.getFloat() : bytes.getDouble();
    }
    return values;
  }

  private IOException damaged(String how) {
    return new IOException(
        "The snapshot %s is damaged: %s. Delete it to reconstruct from the others"
            .formatted(file, how));
  }
}
