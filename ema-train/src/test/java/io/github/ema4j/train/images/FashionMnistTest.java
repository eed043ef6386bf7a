// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

class FashionMnistTest {
  @Test
  void hasFiveThousandTrainingImages() throws IOException {
    assertLooksLikeFashionMnist(FashionMnist.training(), 5000);
  }

  @Test
  void hasTwoThousandTestImages() throws IOException {
    assertLooksLikeFashionMnist(FashionMnist.test(), 2000);
  }

  private static void assertLooksLikeFashionMnist(LabelledImages images, int size) {
    assertEquals(size, images.size());
    assertEquals(28 * 28, images.pixels());
    assertEquals("Ankle boot", images.classes().get(images.label(0)));
    for (int label = 0; label < 10; label++) {
      int expected = label;
      long count = IntStream.range(0, size).filter(i -> images.label(i) == expected).count();
      assertTrue(count > 0.08 * size && count < 0.12 * size, label + ": " + count);
    }
    DataSet all = images.batch(images.indices());
    assertEquals(0.0, all.getFeatures().minNumber().doubleValue());
    assertEquals(1.0, all.getFeatures().maxNumber().doubleValue());
    // the mean grey value of the whole of Fashion-MNIST is 0.286
    assertEquals(0.286, all.getFeatures().meanNumber().doubleValue(), 0.01);
  }
}
