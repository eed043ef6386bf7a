// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

@Tag("numbers")
class CustomLoopExampleTest {
  /** 5,000 images in batches of 4 are 1,250 batches, four of which make a step. */
  private static final int STEPS = 313;

  @Test
  void fourBatchesAreOneStepAndOneUpdateAsOneBatchOfTheirSizeIsToFit() throws IOException {
    long seed = 1;
    CustomLoopExample.Accuracy accuracy = CustomLoopExample.train(seed, 1);

    MultiLayerNetwork net = Recipe.MLP.network(seed);
    ModelEmaListener ema = new ModelEmaListener(0.998);
    net.addListeners(ema);
    net.fit(ImageIterator.shuffled(FashionMnist.training().withWrongLabels(0.3, seed), 16, seed));

    assertEquals(STEPS, accuracy.updates());
    assertEquals(STEPS, ema.updateCount());
    // The sums of gradients are rounded in another order, which may decide on a few of the images.
    DataSetIterator test = ImageIterator.inOrder(FashionMnist.test(), 500);
    double few = 10.0 / 2000;
    assertEquals(net.evaluate(test).accuracy(), accuracy.raw(), few);
    assertEquals(ema.averagedNetwork(net).evaluate(test).accuracy(), accuracy.averaged(), few);
  }
}
