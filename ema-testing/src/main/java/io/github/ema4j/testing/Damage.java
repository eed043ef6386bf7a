// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;

/**
 * Damages the bytes of a file in the ways in which files are damaged: by disks, by transfers that
 * break off, and by two programs that write to one file.
 */
public final class Damage {

  private final Random random;

  /** Draws from this seed, which a test that fails has to tell. */
  public Damage(long seed) {
    random = new Random(seed);
  }

  /**
   * The seed of this run: another one each time, or that of the system property {@code fuzz.seed}.
   */
  public static long seed() {
    long seed = Long.getLong("fuzz.seed", System.nanoTime());
    System.out.println("Damages are drawn from the seed: -Dfuzz.seed=" + seed);
    return seed;
  }

  /**
   * Damages a file.
   *
   * @param whole its bytes
   * @param other those of another file of the same kind
   * @return other bytes than both
   */
  public byte[] of(byte[] whole, byte[] other) {
    while (true) {
      byte[] damaged = once(whole, other);
      if (!Arrays.equals(damaged, whole) && !Arrays.equals(damaged, other)) {
        return damaged;
      }
    }
  }

  private byte[] once(byte[] whole, byte[] other) {
    byte[] bytes = whole.clone();
    int from = random.nextInt(whole.length);
    int to = Math.min(whole.length, from + 1 + random.nextInt(1 << random.nextInt(10)));
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> flip(bytes, from);
      case 3 -> {
        for (int flips = 2 + random.nextInt(20); flips > 0; flips--) {
          flip(bytes, random.nextInt(bytes.length));
        }
      }
      case 4 -> flip(bytes, Math.max(0, bytes.length - 1 - random.nextInt(700))); // the directory
      case 5 -> {
        return Arrays.copyOf(whole, from);
      }
      case 6 -> Arrays.fill(bytes, from, to, (byte) random.nextInt(256));
      case 7 -> {
        return joined(whole, 0, from, whole, to, whole.length);
      }
      case 8 -> {
        return joined(whole, 0, to, whole, from, whole.length);
      }
      default -> {
        int until = Math.min(from, other.length);
        return joined(whole, 0, until, other, until, other.length);
      }
    }
    return bytes;
  }

  private void flip(byte[] bytes, int at) {
    bytes[at] ^= (byte) (1 << random.nextInt(8));
  }

  private static byte[] joined(byte[] a, int aFrom, int aTo, byte[] b, int bFrom, int bTo) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    joined.write(a, aFrom, aTo - aFrom);
    joined.write(b, bFrom, bTo - bFrom);
    return joined.toByteArray();
  }

  /** One of several. */
  public int choose(int several) {
    return random.nextInt(several);
  }
}
