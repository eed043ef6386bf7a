// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearningHelper;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;

/** Training of which Deeplearning4j does not tell the network's listeners, and what to do there. */
class OtherWaysToTrainTest {

  private static final double DECAY = 0.9;
  private static final DataSet POINTS = Data.points(1, 24);

  private static Batches data() {
    return Batches.of(POINTS, 8);
  }

  /** Ways to train that leave the network's iteration count as it is. */
  enum Uncounted {
    PRETRAINING {
      @Override
      void train(MultiLayerNetwork network) {
        network.pretrain(data());
      }

      @Override
      MultiLayerNetwork network() {
        return Nets.variationalAutoencoder();
      }
    },
    FIT_OF_FEATURES {
      @Override
      void train(MultiLayerNetwork network) {
        TransferLearningHelper helper = new TransferLearningHelper(network, 0);
        data().forEachRemaining(batch -> helper.fitFeaturized(helper.featurize(batch)));
      }
    },
    COPYING_FROM_ANOTHER_NETWORK {
      @Override
      void train(MultiLayerNetwork network) {
        MultiLayerNetwork trained = Nets.mlp();
        trained.fit(data());
        network.setParams(trained.params());
      }
    };

    abstract void train(MultiLayerNetwork network);

    MultiLayerNetwork network() {
      return Nets.mlp();
    }
  }

  @ParameterizedTest
  @EnumSource
  void averageThatSawNothingOfItIsRefused(Uncounted way) {
    MultiLayerNetwork network = way.network();
    ModelEmaListener started = new ModelEmaListener(DECAY).start(network);
    ModelEmaListener registered = new ModelEmaListener(DECAY);
    network.addListeners(registered);
    Bits before = Bits.of(started.averagedNetwork(network).params());
    way.train(network);
    assertNotEquals(before, Bits.of(network.params()));
    for (ModelEmaListener ema : List.of(started, registered)) {
      String message =
          assertThrows(IllegalStateException.class, () -> ema.averagedNetwork(network))
              .getMessage();
      assertTrue(message.contains("has seen no "), message);
      assertTrue(message.contains("pretrain(), TransferLearningHelper.fitFeaturized"), message);
    }
    started.declareCurrent(network);
    assertEquals(before, Bits.of(started.averagedNetwork(network).params()));
  }

  // ---------------------------------------------------------------- the recipes

  static Stream<MultiLayerNetwork> pretrained() {
    return Stream.of(Nets.autoEncoder(), Nets.variationalAutoencoder());
  }

  @ParameterizedTest
  @MethodSource("pretrained")
  void pretrainingIsAveragedByAListenerThatUpdates(MultiLayerNetwork network) {
    ModelEmaListener ema = new ModelEmaListener(DECAY).start(network);
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.setListeners(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model layer, int iteration, int epoch) {
            ema.update(network);
            byHand.add(network.params());
          }
        });
    network.pretrain(data());
    assertEquals(3, ema.updateCount());
    assertEquals(byHand.bits(), Bits.of(ema.averagedNetwork(network).params()));

    network.setListeners(ema); // and fit goes on with it
    network.fit(data());
    assertEquals(6, ema.updateCount());
  }

  @Test
  void fitOfFeaturesIsAveragedByAnUpdateAfterEach() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(DECAY).start(network);
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    TransferLearningHelper helper = new TransferLearningHelper(network, 0);
    for (Batches batches = data(); batches.hasNext(); ) {
      helper.fitFeaturized(helper.featurize(batches.next()));
      ema.update(network);
      byHand.add(network.params());
    }
    assertEquals(3, ema.updateCount());
    assertEquals(byHand.bits(), Bits.of(ema.averagedNetwork(network).params()));
  }

  @Test
  void networkThatIsTrainedWithinAnotherIsAveragedByAnUpdateAfterEachStep() {
    MultiLayerNetwork generator = Nets.mlp();
    MultiLayerNetwork both = Nets.mlp(); // stands for generator and discriminator in one
    ModelEmaListener ema = new ModelEmaListener(DECAY).start(generator);
    EmaByHand byHand = new EmaByHand(ema, DECAY, generator.params());
    for (Batches batches = data(); batches.hasNext(); ) {
      both.fit(batches.next());
      generator.setParams(both.params());
      ema.update(generator);
      byHand.add(generator.params());
    }
    assertEquals(byHand.bits(), Bits.of(ema.averagedNetwork(generator).params()));
  }

  // ---------------------------------------------------------------- changes by other listeners

  private static final class Clipping extends BaseTrainingListener {
    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      BooleanIndexing.replaceWhere(model.params(), 0.1, Conditions.greaterThan(0.1));
    }
  }

  private static List<String> warnings(
      MultiLayerNetwork network, Runnable training, TrainingListener... listeners) {
    network.setListeners(listeners);
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      training.run();
      return log.messages(Level.WARN);
    }
  }

  @Test
  void listenerThatClipsWeightsAfterTheAverageHasTakenThemInIsNamed() {
    MultiLayerNetwork network = Nets.mlp();
    List<String> warnings =
        warnings(
            network,
            () -> network.fit(data(), 4),
            new ModelEmaListener(DECAY),
            new ScoreIterationListener(1000),
            new Clipping());
    assertEquals(1, warnings.size(), warnings::toString);
    assertTrue(warnings.get(0).contains(Clipping.class.getName()), warnings::toString);
    assertTrue(warnings.get(0).contains("net.setListeners(that, ema)"), warnings::toString);
  }

  @Test
  void listenerThatClipsBeforeIsAveragedAsItLeavesTheWeights() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.5);
    List<String> warnings =
        warnings(
            network,
            () -> network.fit(data(), 20),
            new Clipping(),
            ema,
            new ScoreIterationListener(1000));
    assertEquals(List.of(), warnings);
    double largest = ema.shadow().maxNumber().doubleValue();
    assertEquals(0.1, Math.max(0.1, largest), 1e-4, "clipped weights, and hardly any initial ones");
  }

  @Test
  void weightsThatTheProgramChangesBetweenEpochsAreNoFault() {
    MultiLayerNetwork network = Nets.mlp();
    List<String> warnings =
        warnings(
            network,
            () -> {
              for (int epoch = 0; epoch < 4; epoch++) {
                network.fit(Batches.of(POINTS, 6)); // ends with the 4th, the 8th, the 16th step
                network.params().muli(0.9);
              }
            },
            new ModelEmaListener(DECAY),
            new ScoreIterationListener(1000));
    assertEquals(List.of(), warnings);
  }
}
