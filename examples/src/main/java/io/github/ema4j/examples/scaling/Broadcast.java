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
   * Copies that the driver sends: what {@link #simulated} comes to in many times. In step s,
   * counted from 0, each of the w - 1 other workers has the block that a worker fetches with
   * probability p = s / B, since it has s of the B blocks in an order of its own. The driver is one
   * of 1 + m to choose from, where m of them have it; the mean of 1 / (1 + m) is (1 - (1 - p)^w) /
   * (w p).
   */
  static double copiesOfDriver(int workers, int blocks) {
    double copies = (double) workers / blocks; // in the first step nobody else has any
    for (int step = 1; step < blocks; step++) {
      copies += (1 - Math.pow(1 - (double) step / blocks, workers)) / step;
    }
    return copies;
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
