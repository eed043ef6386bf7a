// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Own training loops with more than one optimizer: an update is what the caller says is one. */
class SeveralOptimizersTest {

  private static final double DECAY = 0.9;

  private final INDArray features = Nd4j.rand(DataType.FLOAT, 8, 3);
  private final INDArray labels = Nd4j.eye(2).repeat(0, 4).castTo(DataType.FLOAT);

  /** One optimizer, with its state, for the parameters in a range. */
  private static final class Optimizer {
    private final GradientUpdater<?> updater;
    private final long from;
    private final long to;
    private int steps;

    Optimizer(IUpdater config, long from, long to) {
      long state = config.stateSize(to - from);
      updater = config.instantiate(state == 0 ? null : Nd4j.zeros(1, state), true);
      this.from = from;
      this.to = to;
    }

    void step(MultiLayerNetwork net, INDArray gradient) {
      var range = NDArrayIndex.interval(from, to);
      INDArray change = gradient.reshape(1, -1).get(NDArrayIndex.all(), range).dup();
      updater.applyUpdater(change, steps++, 0);
      net.params().reshape(1, -1).get(NDArrayIndex.all(), range).subi(change);
    }
  }

  /** The formula by hand, rounded as the average rounds. */
  private static final class Expected {
    private final float[] shadow;

    Expected(MultiLayerNetwork net) {
      shadow = net.params().dup().data().asFloat();
    }

    void update(MultiLayerNetwork net) {
      float[] params = net.params().dup().data().asFloat();
      float weight = (float) (1 - DECAY);
      for (int i = 0; i < shadow.length; i++) {
        shadow[i] -= weight * (shadow[i] - params[i]);
      }
    }
  }

  private static MultiLayerNetwork network(long seed) {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(seed)
                .list()
                .layer(new DenseLayer.Builder().nIn(3).nOut(4).build())
                .layer(new OutputLayer.Builder().nIn(4).nOut(2).build())
                .build());
    net.init();
    return net;
  }

  private INDArray gradient(MultiLayerNetwork net) {
    return net.calculateGradients(features, labels, null, null).getFirst().gradient();
  }

  @Test
  void twoOptimizersOfOneNetworkAreOneUpdateWhenTheCallerSaysSo() {
    MultiLayerNetwork net = network(1);
    long border = net.getLayer(0).numParams();
    Optimizer first = new Optimizer(new Sgd(0.1), 0, border);
    Optimizer second = new Optimizer(new Adam(0.01), border, net.numParams());
    ModelEmaListener ema = new ModelEmaListener(DECAY).start(net);
    Expected expected = new Expected(net);
    for (int step = 0; step < 12; step++) {
      first.step(net, gradient(net));
      if (step % 2 == 1) {
        second.step(net, gradient(net)); // at its own pace
      }
      ema.update(net);
      expected.update(net);
    }
    assertEquals(12, ema.updateCount());
    assertArrayEquals(expected.shadow, ema.shadow().dup().data().asFloat());
  }

  @Test
  void twoNetworksWithOptimizersOfTheirOwnHaveAveragesOfTheirOwn() {
    MultiLayerNetwork generator = network(2);
    MultiLayerNetwork critic = network(3);
    Optimizer ofGenerator = new Optimizer(new Adam(0.01), 0, generator.numParams());
    Optimizer ofCritic = new Optimizer(new Sgd(0.1), 0, critic.numParams());
    ModelEmaListener generatorEma = new ModelEmaListener(DECAY).start(generator);
    ModelEmaListener criticEma = new ModelEmaListener(DECAY).start(critic);
    Expected expectedGenerator = new Expected(generator);
    Expected expectedCritic = new Expected(critic);
    for (int step = 0; step < 12; step++) {
      ofCritic.step(critic, gradient(critic));
      criticEma.update(critic);
      expectedCritic.update(critic);
      if (step % 3 == 2) {
        ofGenerator.step(generator, gradient(generator));
        generatorEma.update(generator);
        expectedGenerator.update(generator);
      }
    }
    assertEquals(12, criticEma.updateCount());
    assertEquals(4, generatorEma.updateCount());
    assertArrayEquals(expectedCritic.shadow, criticEma.shadow().dup().data().asFloat());
    assertArrayEquals(expectedGenerator.shadow, generatorEma.shadow().dup().data().asFloat());
  }
}
