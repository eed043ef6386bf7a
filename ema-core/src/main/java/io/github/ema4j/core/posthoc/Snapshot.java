// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.Variances;
import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.internal.kernel.AveragingKernel;
import io.github.ema4j.core.internal.kernel.Chunks;
import io.github.ema4j.core.internal.kernel.Kernels;
import io.github.ema4j.core.schedule.PowerFunctionExponent;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * <p>The file, all numbers big-endian: 8 bytes {@code EMA4JPH2}; run (16 bytes); sigmaRel (double);
 * update (long); bytes per value, 4 for FLOAT and 8 for DOUBLE (int); number of values (long);
 * which of them are variances, as {@link Variances} has it: for the plain ones and then for the
 * log10 deviations the number of ranges (int) and for each its first index and the index after its
 * last (longs); the values; the variances that the log10 deviations stand for (doubles); CRC-32 of
 * all that (long). Version 1 of the file, {@code EMA4JPH1}, knows no variances: it has neither
 * ranges nor doubles, and is what is written where there are none.
 *
 * @param file where it is
 * @param run identifies the training run
 * @param sigmaRel width of the average's profile, as a share of the updates so far; {@link
 *     PowerFunctionExponent#WIDEST} for a plain mean
 * @param update updates so far, from 1
 * @param type FLOAT or DOUBLE
 * @param length number of values
 * @param variances which of the values are variances
 */
public record Snapshot(
    Path file,
    UUID run,
    double sigmaRel,
    long update,
    DataType type,
    long length,
    Variances variances) {

  private static final String MAGIC = "EMA4JPH";
  private static final char WITHOUT_VARIANCES = '1';
  private static final char WITH_VARIANCES = '2';
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
   * @param state of an average with one update or more
   * @return the snapshot written, in the place of one of the same width and update
   * @throws IOException if it cannot be written
   */
  public static Snapshot write(Path directory, UUID run, double sigmaRel, AverageState state)
      throws IOException {
    AverageInfo info = state.info();
    long update = info.counters().updates();
    Snapshot snapshot =
        new Snapshot(
            directory.resolve(name(sigmaRel, update)),
            run,
            sigmaRel,
            update,
            info.shadowType(),
            info.length(),
            info.coverage().variances());
    AtomicFile.write(snapshot.file, out -> snapshot.writeTo(out, state));
    return snapshot;
  }

  private static String name(double sigmaRel, long update) {
    return "sigma%s-update%012d%s".formatted(sigmaRel, update, SUFFIX);
  }

  private void writeTo(OutputStream file, AverageState state) throws IOException {
    CRC32 checksum = new CRC32();
    DataOutputStream out = new DataOutputStream(new CheckedOutputStream(file, checksum));
    out.writeBytes(MAGIC);
    out.writeByte(variances.isEmpty() ? WITHOUT_VARIANCES : WITH_VARIANCES);
    out.writeLong(run.getMostSignificantBits());
    out.writeLong(run.getLeastSignificantBits());
    out.writeDouble(sigmaRel);
    out.writeLong(update);
    out.writeInt(type.width());
    out.writeLong(length);
    if (!variances.isEmpty()) {
      write(out, variances.plain());
      write(out, variances.log10Deviations());
    }
    INDArray vector = state.shadow().reshape(length);
    for (long from = 0; from < length; from += BLOCK) {
      INDArray block = vector.get(NDArrayIndex.interval(from, Math.min(length, from + BLOCK)));
      out.write(bytes(block));
    }
    for (double variance : state.variances()) {
      out.writeDouble(variance);
    }
    out.writeLong(checksum.getValue());
  }

  private static void write(DataOutputStream out, Ranges ranges) throws IOException {
    out.writeInt(ranges.size());
    for (int i = 0; i < ranges.size(); i++) {
      out.writeLong(ranges.from(i));
      out.writeLong(ranges.to(i));
    }
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

  /** Whether it is of a plain mean, from which {@link Windows} are made. */
  boolean isOfPlainMean() {
    return sigmaRel == PowerFunctionExponent.WIDEST;
  }

  /** Whether a file is a snapshot by its name. */
  static boolean isNamed(Path file) {
    return file.getFileName().toString().endsWith(SUFFIX);
  }

  /**
   * Reads what a file says about itself, not its values. Its checksum is that of all of the file
   * and is not looked at here, but what decides which snapshots are read is also in the name.
   */
  static Snapshot open(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      Snapshot snapshot = readHeader(file, in);
      long size = Files.size(file);
      if (size != snapshot.bytes()) {
        throw snapshot.damaged("it has %d bytes instead of %d".formatted(size, snapshot.bytes()));
      }
      String name = name(snapshot.sigmaRel, snapshot.update);
      if (!file.getFileName().toString().equals(name)) {
        throw snapshot.damaged("by its content it would be called " + name);
      }
      return snapshot;
    }
  }

  private long bytes() {
    long bytes = HEADER_BYTES + length * type.width() + CHECKSUM_BYTES;
    if (variances.isEmpty()) {
      return bytes;
    }
    long ranges = (long) variances.plain().size() + variances.log10Deviations().size();
    return bytes
        + 2 * Integer.BYTES
        + ranges * 2 * Long.BYTES
        + variances.log10Deviations().count() * Double.BYTES;
  }

  private static Snapshot readHeader(Path file, DataInputStream in) throws IOException {
    try {
      String magic = new String(in.readNBytes(MAGIC.length()), StandardCharsets.US_ASCII);
      char version = (char) in.readUnsignedByte();
      if (!magic.equals(MAGIC)) {
        throw new IOException(file + " is not a snapshot of EMA4J");
      }
      if (version != WITHOUT_VARIANCES && version != WITH_VARIANCES) {
        throw new IOException(
            "%s is a snapshot of version %c, but this version of EMA4J reads up to %c: update it"
                .formatted(file, version, WITH_VARIANCES));
      }
      UUID run = new UUID(in.readLong(), in.readLong());
      double sigmaRel = in.readDouble();
      long update = in.readLong();
      int width = in.readInt();
      DataType type = width == DataType.FLOAT.width() ? DataType.FLOAT : DataType.DOUBLE;
      long length = in.readLong();
      if (!(sigmaRel > 0 && sigmaRel <= PowerFunctionExponent.WIDEST)
          || update < 1
          || width != type.width()
          || length < 1
          || length > Files.size(file) / width) {
        throw damaged(file, "its header holds impossible values");
      }
      Variances variances =
          version == WITH_VARIANCES ? readVariances(file, in, length) : Variances.none(length);
      return new Snapshot(file, run, sigmaRel, update, type, length, variances);
    } catch (EOFException e) {
      throw new IOException(file + " is damaged: it ends within its header", e);
    }
  }

  private static Variances readVariances(Path file, DataInputStream in, long length)
      throws IOException {
    try {
      return new Variances(readRanges(file, in, length), readRanges(file, in, length));
    } catch (IllegalArgumentException e) {
      throw damaged(file, "its ranges of variances are impossible, " + e.getMessage());
    }
  }

  private static Ranges readRanges(Path file, DataInputStream in, long length) throws IOException {
    int size = in.readInt();
    if (size < 0 || size > Files.size(file) / (2 * Long.BYTES)) {
      throw damaged(file, "it says that it has %d ranges of variances".formatted(size));
    }
    long[] from = new long[size];
    long[] to = new long[size];
    for (int i = 0; i < size; i++) {
      from[i] = in.readLong();
      to[i] = in.readLong();
    }
    return Ranges.of(length, from, to);
  }

  /**
   * The average that was written, as {@link AverageState} has it.
   *
   * @param values the averaged parameters: a new vector of the snapshot's type, the same bits as
   *     were written
   * @param variances those that its log10 deviations stand for
   */
  public record Content(INDArray values, double[] variances) {}

  /**
   * Reads the averaged parameters.
   *
   * @return a new vector and the variances that go with it
   * @throws IOException if the file cannot be read or is damaged
   */
  public Content read() throws IOException {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray values = Nd4j.createUninitialized(type, length);
      AveragingKernel kernel = Kernels.forArrays(values);
      double[] ofDeviations =
          forEachBlock((from, block) -> kernel.write(block, values, block(from, block.length)));
      return new Content(values, ofDeviations);
    }
  }

  private Chunks block(long from, int count) {
    return Chunks.of(length, new long[] {from}, new long[] {from + count});
  }

  /** Takes part of the values: those from an index on. */
  interface BlockConsumer {
    void accept(long from, double[] values);
  }

  /**
   * Hands out all values, block by block.
   *
   * @return the variances that the log10 deviations among them stand for
   */
  double[] forEachBlock(BlockConsumer consumer) throws IOException {
    CRC32 checksum = new CRC32();
    try (DataInputStream in =
        new DataInputStream(
            new CheckedInputStream(
                new BufferedInputStream(Files.newInputStream(file)), checksum))) {
      if (!readHeader(file, in).equals(this)) {
        throw new IOException(file + " has changed since it was found");
      }
      for (long from = 0; from < length; from += BLOCK) {
        long to = Math.min(length, from + BLOCK);
        byte[] bytes = new byte[(int) (to - from) * type.width()];
        in.readFully(bytes);
        consumer.accept(from, doubles(ByteBuffer.wrap(bytes)));
      }
      double[] ofDeviations = new double[Math.toIntExact(variances.log10Deviations().count())];
      for (int i = 0; i < ofDeviations.length; i++) {
        ofDeviations[i] = in.readDouble();
      }
      long expected = checksum.getValue();
      if (in.readLong() != expected) {
        throw damaged("its checksum does not match its content");
      }
      return ofDeviations;
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
    return damaged(file, how);
  }

  private static IOException damaged(Path file, String how) {
    return new IOException(
        "The snapshot %s is damaged: %s. Delete it to reconstruct from the others"
            .formatted(file, how));
  }
}
