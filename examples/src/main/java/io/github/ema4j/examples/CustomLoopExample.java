// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import java.util.Locale;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A training loop without {@code fit}: gradients of several small batches are added up before each
 * step of the optimizer. The average is updated once per step, not once per batch; counted per
 * batch it would forget four times as fast.
 */
public final class CustomLoopExample {
  private static final Logger log = LoggerFactory.getLogger(CustomLoopExample.class);

  private static final int BATCHES_PER_STEP = 4;

  private CustomLoopExample() {}

  /** Shares of test images recognised, 0 to 1. */
  record Accuracy(double raw, double averaged, long updates) {}

  /** Trains, and logs both accuracies. */
  public static void main(String[] args) throws IOException {
    OpenMp.useOneThreadUnlessSet();
    Accuracy accuracy = train(1, 3);
    log.info("{} updates, each of {} batches", accuracy.updates(), BATCHES_PER_STEP);
    log.info(percent("raw weights     ", accuracy.raw()));
    log.info(percent("averaged weights", accuracy.averaged()));
  }

  static Accuracy train(long seed, int epochs) throws IOException {
    DataSetIterator training =
        ImageIterator.shuffled(FashionMnist.training().withWrongLabels(0.3, seed), 4, seed);
    DataSetIterator test = ImageIterator.inOrder(FashionMnist.test(), 500);
    MultiLayerNetwork net = Recipe.MLP.network(seed);
    ModelEmaListener ema = new ModelEmaListener(0.998).start(net); // before the first step

    INDArray gradients = Nd4j.zeros(net.params().shape());
    for (int epoch = 0; epoch < epochs; epoch++) {
      training.reset();
      while (training.hasNext()) {
        int examples = 0;
        Gradient gradient = null;
        gradients.assign(0);
        for (int i = 0; i < BATCHES_PER_STEP && training.hasNext(); i++) {
          DataSet batch = training.next();
          gradient = gradientOf(net, batch);
          gradients.addi(gradient.gradient().reshape(gradients.shape()));
          examples += batch.numExamples();
        }
        gradient.gradient().assign(gradients.reshape(gradient.gradient().shape()));
        step(net, gradient, examples);
        ema.update(net); // after every step
      }
    }
    return new Accuracy(
        net.evaluate(test).accuracy(),
        ema.averagedNetwork(net).evaluate(test).accuracy(),
        ema.updateCount());
  }

  /** The gradient of the sum of the losses in a batch. */
  private static Gradient gradientOf(MultiLayerNetwork net, DataSet batch) {
    return net.calculateGradients(batch.getFeatures(), batch.getLabels(), null, null).getFirst();
  }

  /** What fit does with a gradient: the updater turns it into a change of the weights. */
  private static void step(MultiLayerNetwork net, Gradient gradient, int examples) {
    net.getUpdater()
        .update(
            net,
            gradient,
            net.getIterationCount(),
            net.getEpochCount(),
            examples,
            LayerWorkspaceMgr.noWorkspaces());
    net.params().subi(gradient.gradient().reshape(net.params().shape()));
    net.setIterationCount(net.getIterationCount() + 1);
  }

  private static String percent(String name, double accuracy) {
    return String.format(Locale.ROOT, "%s %.2f %% of the test images", name, 100 * accuracy);
  }
}
