// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Where a run on Spark is. Deeplearning4j divides the data of an epoch at random into splits, one
 * per round; with the epoch's seed the division can be made again, and splits that are done be left
 * out.
 *
 * @param seed of the run
 * @param epoch epochs done
 * @param split splits of the present epoch that are done
 * @param splits splits of the present epoch; 0 as long as none is done
 * @param round rounds done since the run began
 */
record RunPosition(long seed, int epoch, int split, int splits, long round) {

  private static final String PREFIX = "spark.";

  static RunPosition start(long seed, int epoch) {
    return new RunPosition(seed, epoch, 0, 0, 0);
  }

  RunPosition inEpoch(int now) {
    return now == epoch ? this : new RunPosition(seed, now, 0, 0, round);
  }

  RunPosition afterSplit(int done, int of) {
    return new RunPosition(seed, epoch, done, of, round + 1);
  }

  /** Seeds of successive epochs have nothing in common, although their numbers have. */
  long epochSeed() {
    return new SplittableRandom(seed + epoch).nextLong();
  }

  Map<String, String> toTexts() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(PREFIX + "seed", Long.toString(seed));
    texts.put(PREFIX + "epoch", Integer.toString(epoch));
    texts.put(PREFIX + "split", Integer.toString(split));
    texts.put(PREFIX + "splits", Integer.toString(splits));
    texts.put(PREFIX + "round", Long.toString(round));
    return texts;
  }

  /**
   * Reads what {@link #toTexts} wrote.
   *
   * @throws IllegalArgumentException if a text is missing or is no number
   */
  static RunPosition fromTexts(Map<String, String> texts) {
    return new RunPosition(
        number(texts, "seed"),
        Math.toIntExact(number(texts, "epoch")),
        Math.toIntExact(number(texts, "split")),
        Math.toIntExact(number(texts, "splits")),
        number(texts, "round"));
  }

  private static long number(Map<String, String> texts, String name) {
    String text = texts.get(PREFIX + name);
    if (text == null) {
      throw new IllegalArgumentException(
          "it says nothing about '" + PREFIX + name + "', so it is not one of a run on Spark");
    }
    return Long.parseLong(text);
  }
}
