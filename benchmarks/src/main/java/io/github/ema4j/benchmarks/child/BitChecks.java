// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.core.AverageGroup;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Whether the average is right at all, before anybody looks at how fast it is. Bits are compared,
 * except on a GPU: its compiler may contract a multiplication and an addition.
 */
final class BitChecks {

  private static final double[] DECAYS = {0.9999, 0.9, 0.5, 0.25, 0, 1};

  /** Values on which arithmetic differs if it differs anywhere. */
  private static final float[] SPECIAL = {
    0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL, 1e-30f, -1e30f, 1f
  };

  private BitChecks() {}

  /** Runs a check; returns a digest of the resulting bits. */
  static String run(String check, int size) {
    return switch (check) {
      case "formula" -> formula(size);
      case "swap" -> swap(size);
      case "constants" -> constants(size);
      case "group" -> group(size);
      case "non-finite" -> nonFinite(size);
      default -> throw new IllegalArgumentException("There is no check '" + check + "'");
    };
  }

  private static String formula(int size) {
    float[] expected = values(size, 1);
    ParameterAverage[] averages = new ParameterAverage[DECAYS.length];
    CRC32 digest = new CRC32();
    for (int i = 0; i < DECAYS.length; i++) {
      averages[i] = average(DECAYS[i], expected);
      float[] plain = expected.clone();
      for (int update = 2; update < 6; update++) {
        float[] params = values(size, update);
        averages[i].update(Nd4j.createFromArray(params));
        plain(plain, params, DECAYS[i]);
      }
      requireSame(plain, averages[i].shadow().toFloatVector(), "decay " + DECAYS[i]);
      add(digest, averages[i].shadow());
    }
    return Long.toHexString(digest.getValue());
  }

  /** The definition, one element after the other. */
  private static void plain(float[] shadow, float[] params, double decay) {
    if (decay == 0) {
      System.arraycopy(params, 0, shadow, 0, shadow.length);
      return;
    }
    if (decay == 1) {
      return;
    }
    float weight = (float) (1 - decay);
    float d = (float) decay;
    for (int i = 0; i < shadow.length; i++) {
      float s = shadow[i];
      float p = params[i];
      shadow[i] = weight < 0.5f ? s - weight * (s - p) : p - d * (p - s);
    }
  }

  private static String swap(int size) {
    float[] start = values(size, 1);
    float[] trained = values(size, 2);
    ParameterAverage average = average(0.9, start);
    INDArray params = Nd4j.createFromArray(trained);
    INDArray shadow = average.shadow();
    try (Swap swap = average.swap(params)) {
      requireEqualBits(start, params.toFloatVector(), "parameters while swapped");
      requireEqualBits(trained, shadow.toFloatVector(), "shadow while swapped");
    }
    requireEqualBits(trained, params.toFloatVector(), "parameters after two swaps");
    requireEqualBits(start, shadow.toFloatVector(), "shadow after two swaps");
    CRC32 digest = new CRC32();
    add(digest, shadow);
    add(digest, params);
    return Long.toHexString(digest.getValue());
  }

  private static String constants(int size) {
    float[] constant = values(size, 1);
    INDArray params = Nd4j.createFromArray(constant);
    CRC32 digest = new CRC32();
    for (double decay : DECAYS) {
      ParameterAverage average = average(decay, constant);
      for (int i = 0; i < 50; i++) {
        average.update(params);
      }
      requireEqualBits(constant, average.shadow().toFloatVector(), "constants at decay " + decay);
      add(digest, average.shadow());
    }
    return Long.toHexString(digest.getValue());
  }

  private static String group(int size) {
    float[] start = values(size, 1);
    ParameterAverage[] alone = ofAllKinds(start);
    ParameterAverage[] grouped = ofAllKinds(start);
    AverageGroup group = AverageGroup.of(grouped);
    for (int update = 2; update < 8; update++) {
      INDArray params = Nd4j.createFromArray(values(size, update));
      for (ParameterAverage average : alone) {
        average.update(params);
      }
      group.update(params);
    }
    CRC32 digest = new CRC32();
    for (int i = 0; i < alone.length; i++) {
      requireEqualBits(
          alone[i].shadow().toFloatVector(),
          grouped[i].shadow().toFloatVector(),
          "group with " + alone[i].config());
      add(digest, grouped[i].shadow());
    }
    return Long.toHexString(digest.getValue());
  }

  private static ParameterAverage[] ofAllKinds(float[] start) {
    return Stream.of(
            AveragingConfig.of(0.9),
            AveragingConfig.builder().decay(0.3).shadowType(DataType.DOUBLE).build(),
            AveragingConfig.builder().decay(0.99).updateEvery(3).build())
        .map(config -> new ParameterAverage(config, Nd4j.createFromArray(start)))
        .toArray(ParameterAverage[]::new);
  }

  private static String nonFinite(int size) {
    float[] start = values(size, 1);
    float[] broken = values(size, 2);
    float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    for (int i = 0; i < bad.length; i++) {
      broken[(int) ((size - 1L) * i / (bad.length - 1))] = bad[i];
    }
    ParameterAverage average = average(0.9, start);
    if (average.update(Nd4j.createFromArray(broken)) || average.skippedUpdates() != 1) {
      throw new IllegalStateException("Parameters that are not finite were taken as an update");
    }
    float[] shadow = average.shadow().toFloatVector();
    float[] expected = start.clone();
    plain(expected, broken, 0.9);
    for (int i = 0; i < size; i++) {
      if (!Float.isFinite(broken[i])) {
        expected[i] = start[i];
      }
    }
    requireSame(expected, shadow, "parameters that are not finite");
    CRC32 digest = new CRC32();
    add(digest, average.shadow());
    return Long.toHexString(digest.getValue());
  }

  private static ParameterAverage average(double decay, float[] start) {
    return new ParameterAverage(AveragingConfig.of(decay), Nd4j.createFromArray(start));
  }

  /** The same values for the same seed, special ones among them. */
  private static float[] values(int size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] =
          random.nextInt(64) == 0
              ? SPECIAL[random.nextInt(SPECIAL.length)]
              : (float) (random.nextDouble() - 0.5);
    }
    return values;
  }

  private static void requireSame(float[] expected, float[] actual, String what) {
    if (Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU) {
      requireEqualBits(expected, actual, what);
      return;
    }
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(expected[i] - actual[i]) <= 1e-6f * Math.max(1, Math.abs(expected[i])))) {
        throw different(expected, actual, i, what);
      }
    }
  }

  private static void requireEqualBits(float[] expected, float[] actual, String what) {
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToRawIntBits(expected[i]) != Float.floatToRawIntBits(actual[i])) {
        throw different(expected, actual, i, what);
      }
    }
  }

  private static IllegalStateException different(
      float[] expected, float[] actual, int i, String what) {
    return new IllegalStateException(
        "%s: element %d is %s and should be %s".formatted(what, i, actual[i], expected[i]));
  }

  private static void add(CRC32 digest, INDArray array) {
    float[] values = array.toFloatVector();
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES));
    bytes.asFloatBuffer().put(values);
    digest.update(bytes);
  }
}
