// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.lang.reflect.Field;
import java.util.Arrays;
import org.nd4j.linalg.dataset.AsyncDataSetIterator;
import org.nd4j.linalg.dataset.AsyncMultiDataSetIterator;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;

/**
 * Which iterators {@code fit} reads from just now. Deeplearning4j fetches ahead by a thread that
 * holds the iterator; there is no other way from a listener to the data that is trained on.
 */
final class DataInTraining {

  private DataInTraining() {}

  /**
   * Whether a thread that fetches ahead has this iterator.
   *
   * @param iterator of any kind
   * @return false also for one that does not support fetching ahead
   */
  static boolean contains(Object iterator) {
    ThreadGroup all = Thread.currentThread().getThreadGroup();
    while (all.getParent() != null) {
      all = all.getParent();
    }
    Thread[] threads = new Thread[2 * all.activeCount() + 16];
    int count = all.enumerate(threads);
    return Arrays.stream(threads, 0, count)
        .filter(DataInTraining::fetchesAhead)
        .map(thread -> field(thread, "iterator"))
        .map(found -> found instanceof MultiDataSetIteratorAdapter ? field(found, "iter") : found)
        .anyMatch(found -> found == iterator);
  }

  private static boolean fetchesAhead(Thread thread) {
    Class<?> outer = thread.getClass().getEnclosingClass();
    return outer == AsyncDataSetIterator.class || outer == AsyncMultiDataSetIterator.class;
  }

  private static Object field(Object of, String name) {
    try {
      Field field = of.getClass().getDeclaredField(name);
      field.setAccessible(true);
      return field.get(of);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
