// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.util.SplittableRandom;

/** Random numbers that depend on where they are used alone, not on which thread comes when. */
final class RandomStreams {
  private RandomStreams() {}

  /** The stream of an image in an epoch. */
  static SplittableRandom ofImage(long seed, int epoch, int image) {
    return new SplittableRandom(ofEpoch(seed, epoch) + image);
  }

  /** The numbers 0 to count - 1 in a random order (Fisher and Yates), another one each epoch. */
  static int[] permutation(int count, long seed, int epoch) {
    int[] order = new int[count];
    SplittableRandom random = new SplittableRandom(~ofEpoch(seed, epoch));
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** Mixed twice, so that neighbouring seeds and epochs have nothing in common. */
  private static long ofEpoch(long seed, int epoch) {
    return new SplittableRandom(new SplittableRandom(seed).nextLong() + epoch).nextLong();
  }
}
