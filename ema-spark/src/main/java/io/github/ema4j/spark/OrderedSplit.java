// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Divides the data of one round among the workers, in the order of the data: the first part to the
 * first worker, and so on, in parts that differ by one element at most.
 *
 * <p>Deeplearning4j does the same, except that it puts what is more than a full round anywhere at
 * random, and leaves the order within a part to the network that carries it. Then a round that is
 * run again, after the loss of an executor or of the driver, trains on other minibatches. Here it
 * trains on the same ones.
 *
 * @param data one partition for each worker
 * @param elements how many there are
 */
record OrderedSplit<T>(JavaRDD<T> data, long elements) {

  /**
   * Divides a split.
   *
   * @param split elements in an order that is the same whenever they are computed
   * @param perWorker elements of a full round for each worker: a split that has them already is
   *     left alone
   * @param workers number of partitions to make
   */
  static <T> OrderedSplit<T> among(JavaRDD<T> split, int perWorker, int workers) {
    List<Long> sizes = split.mapPartitions(OrderedSplit::count).collect();
    if (sizes.size() == workers && sizes.stream().allMatch(size -> size == perWorker)) {
      return new OrderedSplit<>(split, (long) workers * perWorker);
    }
    long[] starts = new long[sizes.size()];
    long total = 0;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = total;
      total += sizes.get(i);
    }
    JavaRDD<T> ordered =
        split
            .mapPartitionsWithIndex(
                (partition, elements) -> numbered(starts[partition], elements), true)
            .mapToPair(numbered -> numbered)
            .repartitionAndSortWithinPartitions(new Parts(total, workers))
            .values();
    return new OrderedSplit<>(ordered, total);
  }

  /**
   * Examples that no worker gets to.
   *
   * @param examplesPerElement examples in each element
   * @param examplesPerWorker examples that a worker trains on in a round, at most
   * @param workers number of parts, whose sizes differ by one element at most
   */
  long examplesBeyond(long examplesPerElement, long examplesPerWorker, int workers) {
    long larger = elements % workers;
    long smallerSize = elements / workers;
    return larger * Math.max(0, (smallerSize + 1) * examplesPerElement - examplesPerWorker)
        + (workers - larger) * Math.max(0, smallerSize * examplesPerElement - examplesPerWorker);
  }

  private static <T> Iterator<Long> count(Iterator<T> elements) {
    long count = 0;
    for (; elements.hasNext(); elements.next()) {
      count++;
    }
    return List.of(count).iterator();
  }

  private static <T> Iterator<Tuple2<Long, T>> numbered(long start, Iterator<T> elements) {
    List<Tuple2<Long, T>> numbered = new ArrayList<>();
    for (long number = start; elements.hasNext(); number++) {
      numbered.add(new Tuple2<>(number, elements.next()));
    }
    return numbered.iterator();
  }

  /** Successive numbers into parts of equal size. */
  private static final class Parts extends Partitioner implements Serializable {

    private final long total;
    private final int parts;

    Parts(long total, int parts) {
      this.total = total;
      this.parts = parts;
    }

    @Override
    public int numPartitions() {
      return parts;
    }

    @Override
    public int getPartition(Object number) {
      // Data that is not the same whenever it is computed may have more elements than were counted.
      return (int) Math.min(parts - 1, (Long) number * parts / total);
    }
  }
}
