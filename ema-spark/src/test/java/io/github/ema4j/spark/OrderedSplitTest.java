// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

/** The data of a round, divided in its order, and what of it no worker gets to. */
@SparkTest
class OrderedSplitTest {

  /** Times that the data of {@link #dataThatGrows} was computed, in this process. */
  private static final AtomicInteger COMPUTED = new AtomicInteger();

  private static JavaRDD<Integer> numbers(JavaSparkContext sc, int count) {
    return sc.parallelize(IntStream.range(0, count).boxed().toList(), 3);
  }

  @Test
  void partsInTheOrderOfTheData(JavaSparkContext sc) {
    OrderedSplit<Integer> split = OrderedSplit.among(numbers(sc, 7), 2, 2);
    assertEquals(7, split.elements());
    assertEquals(List.of(List.of(0, 1, 2, 3), List.of(4, 5, 6)), split.data().glom().collect());
  }

  @Test
  void fullPartsAreLeftAlone(JavaSparkContext sc) {
    JavaRDD<Integer> numbers = numbers(sc, 6);
    assertEquals(new OrderedSplit<>(numbers, 6), OrderedSplit.among(numbers, 2, 3));
  }

  @Test
  void dataThatGrows(JavaSparkContext sc) {
    COMPUTED.set(0);
    JavaRDD<Integer> growing =
        sc.parallelize(List.of(0), 1)
            .flatMap(
                zero -> IntStream.range(0, 4 + 3 * COMPUTED.getAndIncrement()).boxed().iterator());
    OrderedSplit<Integer> split = OrderedSplit.among(growing, 2, 2);
    assertEquals(4, split.elements());
    assertEquals(List.of(List.of(0, 1), List.of(2, 3, 4, 5, 6)), split.data().glom().collect());
  }

  @Test
  void examplesThatNoWorkerGetsTo(JavaSparkContext sc) {
    JavaRDD<Integer> none = sc.emptyRDD();
    assertEquals(0, new OrderedSplit<>(none, 0).examplesBeyond(4, 12, 2));
    assertEquals(0, new OrderedSplit<>(none, 6).examplesBeyond(4, 12, 2));
    assertEquals(4, new OrderedSplit<>(none, 7).examplesBeyond(4, 12, 2));
    assertEquals(12, new OrderedSplit<>(none, 9).examplesBeyond(4, 12, 2));
    // A worker trains on part of an object: 4 + 3 objects of 5 examples, 16 for each.
    assertEquals(4, new OrderedSplit<>(none, 7).examplesBeyond(5, 16, 2));
  }
}
