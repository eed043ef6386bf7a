// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import io.github.ema4j.core.internal.kernel.ArrayReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Normalizers as ND4J's serializer writes those that it knows itself. On reading, its {@code
 * CUSTOM} type would load a class by its name in the file, and its arrays would take as much room
 * as they say: here the bytes are gone through first.
 */
final class NormalizerBytes {

  /** What the serializer writes for a strategy of a hybrid normalizer. */
  private enum Strategy {
    NONE,
    STANDARDIZE,
    MIN_MAX
  }

  private NormalizerBytes() {}

  static byte[] of(Normalizer<?> normalizer) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      NormalizerSerializer.getDefault().write(normalizer, bytes);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "The normalizer %s cannot be saved. ND4J's serializer knows the types STANDARDIZE, MIN_MAX, MULTI_STANDARDIZE, MULTI_MIN_MAX, MULTI_HYBRID and IMAGE_MIN_MAX, once they are fitted (%s)"
              .formatted(normalizer.getClass().getName(), e.getMessage()),
          e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads a normalizer.
   *
   * @throws IllegalArgumentException if it is none of those that the serializer knows itself
   */
  static Normalizer<?> read(byte[] bytes) {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      requireSound(bytes);
      return NormalizerSerializer.getDefault().restore(new ByteArrayInputStream(bytes));
    } catch (Exception e) {
      throw new IllegalArgumentException("'normalizer.bin' is not a normalizer: " + reason(e), e);
    }
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? "it ends too early" : e.getMessage();
  }

  private static void requireSound(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    if (!in.readUTF().equals("NORMALIZER") || in.readInt() != 1) {
      throw new IllegalArgumentException("it does not begin as one");
    }
    String type = in.readUTF();
    switch (NormalizerType.valueOf(type)) {
      case STANDARDIZE -> {
        boolean labels = in.readBoolean();
        skipPairs(in, labels ? 2 : 1);
      }
      case MIN_MAX -> {
        boolean labels = in.readBoolean();
        in.skipNBytes(2 * Double.BYTES);
        skipPairs(in, labels ? 2 : 1);
      }
      case MULTI_STANDARDIZE -> skipPairs(in, pairs(in));
      case MULTI_MIN_MAX -> {
        long pairs = pairs(in);
        in.skipNBytes(2 * Double.BYTES);
        skipPairs(in, pairs);
      }
      case IMAGE_MIN_MAX -> in.skipNBytes(3 * Double.BYTES);
      case MULTI_HYBRID -> skipHybrid(in);
      default ->
          throw new IllegalArgumentException(
              "its type " + type + " is not one that ND4J's serializer knows itself");
    }
    if (in.read() >= 0) {
      throw new IllegalArgumentException("more follows after it");
    }
  }

  /** Pairs of arrays of a normalizer with several inputs and outputs. */
  private static long pairs(DataInputStream in) throws IOException {
    boolean labels = in.readBoolean();
    long inputs = in.readInt();
    long outputs = in.readInt();
    return Math.max(0, inputs) + (labels ? Math.max(0, outputs) : 0);
  }

  private static void skipPairs(DataInputStream in, long pairs) throws IOException {
    for (long i = 0; i < pairs; i++) {
      ArrayReader.read(in, in.available());
      ArrayReader.read(in, in.available());
    }
  }

  private static void skipHybrid(DataInputStream in) throws IOException {
    for (int statistics = 0; statistics < 2; statistics++) {
      for (int left = in.readInt(); left > 0; left--) {
        in.readInt(); // which input or output
        if (strategy(in) == Strategy.NONE) {
          throw new IllegalArgumentException("it has statistics of no kind");
        }
        skipPairs(in, 1);
      }
    }
    skipStrategy(in);
    skipStrategy(in);
    for (int strategies = 0; strategies < 2; strategies++) {
      for (int left = in.readInt(); left > 0; left--) {
        in.readInt();
        skipStrategy(in);
      }
    }
  }

  private static void skipStrategy(DataInputStream in) throws IOException {
    if (strategy(in) == Strategy.MIN_MAX) {
      in.skipNBytes(2 * Double.BYTES);
    }
  }

  private static Strategy strategy(DataInputStream in) throws IOException {
    int number = in.readInt();
    if (number < 0 || number >= Strategy.values().length) {
      throw new IllegalArgumentException("it has an unknown strategy " + number);
    }
    return Strategy.values()[number];
  }
}
