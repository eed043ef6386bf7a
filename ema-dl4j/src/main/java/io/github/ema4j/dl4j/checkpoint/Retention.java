// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

/** Which checkpoints to keep. */
@FunctionalInterface
interface Retention {

  /** Keeps every checkpoint. */
  Retention ALL = (number, rank) -> true;

  /**
   * Whether to keep a checkpoint.
   *
   * @param number of the checkpoint, from 0
   * @param rank 1 for the newest, 2 for the one before
   */
  boolean keeps(int number, int rank);

  static Retention last(int count) {
    requirePositive(count, "checkpoints to keep");
    return (number, rank) -> rank <= count;
  }

  static Retention lastAndEvery(int count, int every) {
    requirePositive(count, "most recent checkpoints to keep");
    requirePositive(every, "checkpoints of which one is kept");
    return (number, rank) -> rank <= count || (number + 1) % every == 0;
  }

  private static void requirePositive(int value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "The number of " + name + " must be at least 1, but was " + value);
    }
  }
}
