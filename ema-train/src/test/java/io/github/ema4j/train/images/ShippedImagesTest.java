// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.models.ImageShape;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

class ShippedImagesTest {
  private final ShippedImages images = ShippedImages.open();

  @Test
  void areTheShippedPartOfFashionMnist() {
    assertEquals(5_000, images.trainingImages());
    assertEquals(2_000, images.validationImages());
    assertEquals("Ankle boot", images.classes().get(9));
    assertEquals(new ImageShape(1, 28, 28), images.naturalShape());
    assertEquals(List.of(), images.unreadable());
  }

  @Test
  void comeAsTheyAreInTheirNaturalShape() throws IOException {
    DataSetIterator iterator = images.validation(options(images.naturalShape(), 0));
    ImageIterator plain = ImageIterator.inOrder(FashionMnist.test(), 300);
    int seen = 0;
    while (iterator.hasNext()) {
      DataSet batch = iterator.next();
      DataSet expected = plain.next();
      INDArray values = expected.getFeatures().mul(2).sub(1);
      assertTrue(values.reshape(-1, 1, 28, 28).equalsWithEps(batch.getFeatures(), 1e-5));
      assertEquals(expected.getLabels(), batch.getLabels());
      seen += batch.numExamples();
    }
    assertEquals(2_000, seen);
  }

  @Test
  void areScaledToOtherShapes() {
    ImageShape shape = new ImageShape(3, 32, 40);
    INDArray batch = images.training(options(shape, 2), 0).next().getFeatures();

    assertArrayEquals(new long[] {300, 3, 32, 40}, batch.shape());
    assertTrue(batch.maxNumber().doubleValue() > 2);
    assertEquals(-0.485 / 0.229, batch.minNumber().doubleValue(), 0.1);
  }

  private static LoadOptions options(ImageShape shape, int workers) {
    return new LoadOptions(300, shape, 1, workers, 0, false, false);
  }
}
