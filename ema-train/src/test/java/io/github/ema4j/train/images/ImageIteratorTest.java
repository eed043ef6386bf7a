// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

class ImageIteratorTest {
  private static final int SIZE = 50;

  /** Images of one pixel, which is the number of the image. */
  private final LabelledImages images = images();

  @Test
  void goesThroughAllImagesInTheirOrder() {
    ImageIterator iterator = ImageIterator.inOrder(images, 8);
    List<Integer> inOrder = IntStream.range(0, SIZE).boxed().toList();

    assertEquals(inOrder, epoch(iterator));
    assertEquals(inOrder, epoch(iterator));
  }

  @Test
  void shufflesAllImagesAnewInEveryEpoch() {
    ImageIterator iterator = ImageIterator.shuffled(images, 8, 1);
    List<Integer> first = epoch(iterator);
    List<Integer> second = epoch(iterator);

    assertNotEquals(first, second);
    assertEquals(images.indices(), first.stream().sorted().toList());
    assertEquals(images.indices(), second.stream().sorted().toList());
  }

  @Test
  void sameSeedGivesTheSameEpochs() {
    ImageIterator one = ImageIterator.shuffled(images, 8, 1);
    ImageIterator same = ImageIterator.shuffled(images, 8, 1);
    ImageIterator other = ImageIterator.shuffled(images, 8, 2);

    assertEquals(List.of(epoch(one), epoch(one)), List.of(epoch(same), epoch(same)));
    assertNotEquals(epoch(ImageIterator.shuffled(images, 8, 1)), epoch(other));
  }

  @Test
  void resettingTwiceSkipsNoEpoch() {
    ImageIterator one = ImageIterator.shuffled(images, 8, 1);
    ImageIterator same = ImageIterator.shuffled(images, 8, 1);
    same.reset();
    assertEquals(epoch(one), epoch(same));
    same.reset();
    same.reset();
    assertEquals(epoch(one), epoch(same));
  }

  @Test
  void lastBatchHoldsTheRest() {
    ImageIterator iterator = ImageIterator.inOrder(images, 48);

    assertEquals(48, iterator.next().numExamples());
    assertEquals(2, iterator.next().numExamples());
    assertFalse(iterator.hasNext());
    assertThrows(NoSuchElementException.class, iterator::next);
  }

  @Test
  void appliesThePreProcessor() {
    ImageIterator iterator = ImageIterator.inOrder(images, 8);
    iterator.setPreProcessor(batch -> batch.getFeatures().addi(1));

    assertEquals(1.0, iterator.next().getFeatures().getDouble(0));
  }

  @Test
  void refusesEmptyBatches() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ImageIterator.inOrder(images, 0));
    assertEquals("batch size 0 is not >= 1", e.getMessage());
  }

  private static LabelledImages images() {
    try {
      return LabelledImages.of(
          IdxBytes.of(new int[] {SIZE, 1, 1}, IntStream.range(0, SIZE).toArray()),
          IdxBytes.of(new int[] {SIZE}, new int[SIZE]),
          List.of("a", "b"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Integer> epoch(ImageIterator iterator) {
    iterator.reset();
    List<Integer> seen = new ArrayList<>();
    while (iterator.hasNext()) {
      DataSet batch = iterator.next();
      for (double pixel : batch.getFeatures().toDoubleVector()) {
        seen.add((int) Math.round(255 * pixel));
      }
    }
    return seen;
  }
}
