// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;

class LabelledImagesTest {
  private static final List<String> CLASSES = List.of("a", "b", "c");

  @Test
  void makesBatchesOfGreyValuesAndOneHotLabels() throws IOException {
    LabelledImages images =
        LabelledImages.of(
            IdxBytes.of(new int[] {2, 1, 2}, 0, 255, 51, 102),
            IdxBytes.of(new int[] {2}, 2, 0),
            CLASSES);

    DataSet batch = images.batch(List.of(1, 0));

    assertArrayEquals(new float[][] {{0.2f, 0.4f}, {0, 1}}, batch.getFeatures().toFloatMatrix());
    assertArrayEquals(new float[][] {{1, 0, 0}, {0, 0, 1}}, batch.getLabels().toFloatMatrix());
  }

  @Test
  void refusesImagesWithoutLabels() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                LabelledImages.of(
                    IdxBytes.of(new int[] {2, 1, 1}, 1, 2),
                    IdxBytes.of(new int[] {1}, 0),
                    CLASSES));
    assertEquals("2 images but 1 labels: they are not of one set", e.getMessage());
  }

  @Test
  void refusesLabelsWithoutClass() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                LabelledImages.of(
                    IdxBytes.of(new int[] {2, 1, 1}, 1, 2),
                    IdxBytes.of(new int[] {2}, 2, 3),
                    CLASSES));
    assertEquals("image 1 has the label 3, the classes are 0 to 2", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.3, 1})
  void makesExactlyTheAskedShareOfLabelsWrong(double fraction) throws IOException {
    LabelledImages images = FashionMnist.test();

    LabelledImages noisy = images.withWrongLabels(fraction, 7);

    assertEquals(Math.round(fraction * 2000), differences(images, noisy));
  }

  @Test
  void drawsWrongLabelsFromAllOtherClasses() throws IOException {
    LabelledImages images = FashionMnist.training();
    LabelledImages noisy = images.withWrongLabels(1, 7);

    for (int shift = 1; shift < 10; shift++) {
      int expected = shift;
      long count =
          IntStream.range(0, images.size())
              .filter(i -> (noisy.label(i) - images.label(i) + 10) % 10 == expected)
              .count();
      // 5,000 / 9 = 556 expected, standard deviation 22
      assertTrue(count > 446 && count < 666, "shift " + shift + ": " + count);
    }
  }

  @Test
  void sameSeedGivesTheSameWrongLabels() throws IOException {
    LabelledImages images = FashionMnist.test();
    LabelledImages noisy = images.withWrongLabels(0.3, 7);

    assertEquals(0, differences(noisy, images.withWrongLabels(0.3, 7)));
    assertFalse(differences(noisy, images.withWrongLabels(0.3, 8)) == 0);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
  void refusesImpossibleShares(double fraction) throws IOException {
    LabelledImages images = FashionMnist.test();
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> images.withWrongLabels(fraction, 7));
    assertEquals("fraction " + fraction + " is not in 0 to 1", e.getMessage());
  }

  @Test
  void takesTheFirstImagesAlone() throws IOException {
    LabelledImages images = FashionMnist.test();
    LabelledImages first = images.first(3);

    assertEquals(3, first.size());
    assertEquals(images.pixels(), first.pixels());
    assertEquals(images.batch(List.of(0, 1, 2)), first.batch(first.indices()));
    assertThrows(IllegalArgumentException.class, () -> images.first(0));
    assertThrows(IllegalArgumentException.class, () -> images.first(2001));
  }

  private static long differences(LabelledImages a, LabelledImages b) {
    return IntStream.range(0, a.size()).filter(i -> a.label(i) != b.label(i)).count();
  }
}
