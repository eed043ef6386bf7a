// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.examples.data.MachineStates;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The average of a recurrent network that is trained by truncated back-propagation through time.
 *
 * <p>An LSTM tells at every time step in which state a machine is. Mini-batches of 40 steps are
 * trained in four segments of 10; each segment updates the weights, and so the average.
 *
 * <p>The averaged weights are evaluated on a view: a second network whose weights are the average
 * itself. Nothing is copied, and the recurrent state of the network in training is left alone.
 */
public final class LstmExample {
  private static final Logger log = LoggerFactory.getLogger(LstmExample.class);

  private static final int EPOCHS = 2;

  private LstmExample() {}

  /** Shares of correctly told states, 0 to 1, in sequences that were not trained on. */
  record Accuracy(double raw, double averaged, long updates) {}

  /** Trains, and logs the accuracies after each epoch. */
  public static void main(String[] args) {
    OpenMp.useOneThreadUnlessSet();
    for (Accuracy accuracy : train(1)) {
      log.info(
          String.format(
              Locale.ROOT,
              "%d updates: raw weights %.2f %% of the states right, averaged weights %.2f %%",
              accuracy.updates(),
              100 * accuracy.raw(),
              100 * accuracy.averaged()));
    }
  }

  /** The accuracies after each epoch. */
  static List<Accuracy> train(long seed) {
    DataSetIterator training = new ExistingDataSetIterator(MachineStates.draw(25, 8, 40, seed));
    DataSetIterator test = new ExistingDataSetIterator(MachineStates.draw(5, 100, 40, seed + 1));

    MultiLayerNetwork net = new MultiLayerNetwork(configuration(seed));
    net.init();
    ModelEmaListener ema = new ModelEmaListener(0.98);
    net.addListeners(ema); // the one added line

    List<Accuracy> accuracies = new ArrayList<>();
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      net.fit(training); // four updates for each mini-batch
      MultiLayerNetwork averaged = ema.averagedView(net);
      accuracies.add(
          new Accuracy(
              net.evaluate(test).accuracy(),
              averaged.evaluate(test).accuracy(),
              ema.updateCount()));
    }
    return accuracies;
  }

  private static MultiLayerConfiguration configuration(long seed) {
    return new NeuralNetConfiguration.Builder()
        .seed(seed)
        .updater(new RmsProp(0.05))
        .list()
        .layer(new LSTM.Builder().nIn(1).nOut(12).activation(Activation.TANH).build())
        .layer(
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .nIn(12)
                .nOut(MachineStates.STATES)
                .activation(Activation.SOFTMAX)
                .build())
        .backpropType(BackpropType.TruncatedBPTT)
        .tBPTTLength(10)
        .build();
  }
}
