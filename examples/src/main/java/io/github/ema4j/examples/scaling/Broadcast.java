// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.scaling;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * How Spark brings one array to many workers: it is cut into blocks, and every worker fetches them
 * in a random order of its own, each from one chosen at random among those that have it. In the
 * beginning that is the driver alone.
 */
final class Broadcast {

  static final double BLOCK_BYTES = 4 * 1024 * 1024; // spark.broadcast.blockSize

  private Broadcast() {}

  /**
   * Copies that the driver sends, by a formula that {@link #simulated} is close to. Were a block
   * fetched by one worker after the other, the driver would be one of j that the j-th can choose
   * from. But all begin at once, and in each of as many steps as there are blocks, every block is
   * fetched by as many as there are workers for a block.
   */
  static double copiesOfDriver(int workers, double blocks) {
    double oneByOne = 0;
    for (int j = 1; j <= workers; j++) {
      oneByOne += 1.0 / j;
    }
    double together = 0;
    for (int step = 0; step < blocks; step++) {
      together += 1 / (blocks / workers + step);
    }
    return Math.max(oneByOne, together);
  }

  /** Copies that the driver sends, the mean of many times. */
  static double simulated(int workers, int blocks, int times, long seed) {
    Random random = new Random(seed);
    long sent = 0;
    for (int time = 0; time < times; time++) {
      sent += blocksOfDriver(workers, blocks, random);
    }
    return (double) sent / times / blocks;
  }

  private static long blocksOfDriver(int workers, int blocks, Random random) {
    List<List<Integer>> orders = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      List<Integer> order = new ArrayList<>();
      for (int block = 0; block < blocks; block++) {
        order.add(block);
      }
      Collections.shuffle(order, random);
      orders.add(order);
    }
    int[] holders = new int[blocks]; // beside the driver
    long sent = 0;
    for (int step = 0; step < blocks; step++) {
      int[] fetched = new int[blocks];
      for (List<Integer> order : orders) {
        int block = order.get(step);
        if (random.nextInt(holders[block] + 1) == 0) {
          sent++;
        }
        fetched[block]++;
      }
      for (int block = 0; block < blocks; block++) {
        holders[block] += fetched[block];
      }
    }
    return sent;
  }
}
