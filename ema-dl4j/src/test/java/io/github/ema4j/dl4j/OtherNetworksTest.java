// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.optimize.api.InvocationType;
import org.deeplearning4j.optimize.listeners.CollectScoresIterationListener;
import org.deeplearning4j.optimize.listeners.EvaluativeListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Networks that come by their listeners from another network. */
class OtherNetworksTest {

  private static final DataSet POINTS = Data.points(1, 24);

  // ---------------------------------------------------------------- clones

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void trainingCloneOfGraphDoesNotDisturbTheAverage(boolean clonedBeforeTraining) {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      ComputationGraph graph = Nets.graph();
      ModelEmaListener ema = new ModelEmaListener(0.9).start(graph);
      EvaluativeListener evaluative =
          new EvaluativeListener(Batches.of(POINTS, 8), 1, InvocationType.EPOCH_START);
      EmaHistory history = new EmaEvaluator(ema, Batches.of(POINTS, 8)).everyEpochs(1);
      graph.setListeners(ema, ema.during(evaluative), history);
      ComputationGraph clone = clonedBeforeTraining ? graph.clone() : null;
      graph.fit(Batches.of(POINTS, 8));
      if (clone == null) {
        clone = graph.clone();
      }
      TrainingState state = TrainingState.of(graph);
      Bits averaged = Bits.of(ema.shadow());
      Bits before = Bits.of(clone.params());

      clone.fit(Batches.of(POINTS, 8), 2);
      clone.fit(POINTS);

      assertNotEquals(before, Bits.of(clone.params()));
      assertEquals(state, TrainingState.of(graph));
      assertEquals(averaged, Bits.of(ema.shadow()));
      assertEquals(3, ema.updateCount());
      assertEquals(1, history.history().size());
      assertEquals(1, log.messages(Level.WARN).size());
      assertTrue(log.messages(Level.WARN).get(0).startsWith("A clone of a ComputationGraph"));

      graph.fit(Batches.of(POINTS, 8));
      assertEquals(6, ema.updateCount());
      assertEquals(2, history.history().size());
    }
  }

  @Test
  void cloneOfMultiLayerNetworkHasNoListeners() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    Bits averaged = Bits.of(ema.shadow());

    network.clone().fit(POINTS);

    assertEquals(averaged, Bits.of(ema.shadow()));
    assertEquals(1, ema.updateCount());
  }

  // ---------------------------------------------------------------- transfer learning

  private static MultiLayerNetwork withNewOutput(MultiLayerNetwork network) {
    return new TransferLearning.Builder(network)
        .fineTuneConfiguration(new FineTuneConfiguration.Builder().updater(new Adam(0.02)).build())
        .setFeatureExtractor(0)
        .removeOutputLayer()
        .addLayer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(8)
                .nOut(3)
                .activation(Activation.SOFTMAX)
                .build())
        .build();
  }

  @Test
  void listenerOfThePretrainedNetworkIsRefusedOnTheTransferredOne() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    Bits averaged = Bits.of(ema.shadow());
    MultiLayerNetwork transferred = withNewOutput(network);
    transferred.setListeners(ema);
    TrainingState before = TrainingState.of(transferred).unscored();

    for (Runnable fit :
        new Runnable[] {
          () -> transferred.fit(POINTS), () -> transferred.fit(Batches.of(POINTS, 8))
        }) {
      IllegalStateException e = assertThrows(IllegalStateException.class, fit::run);
      assertEquals(
          "This ModelEmaListener averages another network (MultiLayerNetwork, 67 parameters; this"
              + " one is a MultiLayerNetwork). Create a new listener per network, or pass the network that it is registered with",
          e.getMessage());
    }

    assertEquals(before, TrainingState.of(transferred).unscored());
    assertEquals(averaged, Bits.of(ema.shadow()));
    assertEquals(3, ema.updateCount());
  }

  @Test
  void transferredNetworkIsAveragedByNewListenerAndFrozenLayersStayBitExact() {
    MultiLayerNetwork network = Nets.mlp();
    network.fit(Batches.of(POINTS, 8));
    MultiLayerNetwork transferred = withNewOutput(network);
    ModelEmaListener ema = new ModelEmaListener(0.99);
    EmaByHand byHand = new EmaByHand(ema, 0.99, transferred.params());
    transferred.setListeners(ema, byHand);

    transferred.fit(Batches.of(POINTS, 8), 5);

    assertEquals(15, byHand.updates());
    MultiLayerNetwork averaged = ema.averagedNetwork(transferred);
    assertEquals(Bits.of(network.getParam("0_W")), Bits.of(averaged.getParam("0_W")));
    assertEquals(Bits.of(network.getParam("0_b")), Bits.of(averaged.getParam("0_b")));
    assertNotEquals(Bits.of(transferred.getParam("1_W")), Bits.of(averaged.getParam("1_W")));
  }

  @Test
  void secondNetworkOfTheSameSizeIsRefused() {
    MultiLayerNetwork network = Nets.mlp();
    MultiLayerNetwork other = Nets.mlp(b -> b.seed(7));
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    other.setListeners(ema);
    network.fit(POINTS);
    Bits averaged = Bits.of(ema.shadow());
    Bits before = Bits.of(other.params());

    assertThrows(IllegalStateException.class, () -> other.fit(POINTS));

    assertEquals(before, Bits.of(other.params()));
    assertEquals(averaged, Bits.of(ema.shadow()));
    network.fit(POINTS);
    assertEquals(2, ema.updateCount());
  }

  @Test
  void wrappedListenerOfAnotherNetworkIsRefused() {
    MultiLayerNetwork network = Nets.mlp();
    MultiLayerNetwork other = Nets.mlp(b -> b.seed(7));
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    other.setListeners(ema.during(new CollectScoresIterationListener()));
    assertThrows(IllegalStateException.class, () -> other.fit(POINTS));
  }

  @Test
  void loadedNetworkHasNoListenersAndIsAveragedByNewOne() throws IOException {
    ComputationGraph graph = Nets.graph();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    graph.setListeners(ema);
    graph.fit(POINTS);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ModelSerializer.writeModel(graph, bytes, true);
    ComputationGraph loaded =
        ModelSerializer.restoreComputationGraph(
            new ByteArrayInputStream(bytes.toByteArray()), true);
    ModelEmaListener anew = new ModelEmaListener(0.9);
    EmaByHand byHand = new EmaByHand(anew, 0.9, loaded.params());
    loaded.setListeners(anew, byHand);

    ((NeuralNetwork) loaded).fit(Batches.of(POINTS, 8));

    assertEquals(3, byHand.updates());
    assertEquals(1, ema.updateCount());
  }
}
