// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.dl4j.Kind;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.AlphaDropout;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationPReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.RampSchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/** Only what comes back from Deeplearning4j's JSON as it was is written. */
class ConfigurationTextTest {

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void networksOfEveryKindComeBackAlsoAfterTraining(Kind kind) {
    Model network = kind.initialised();
    assertDoesNotThrow(() -> ConfigurationText.requireReadable(network));
    Models.fit(network, kind.batch(0));
    assertDoesNotThrow(() -> ConfigurationText.requireReadable(network));
  }

  private static MultiLayerNetwork layers(
      IUpdater updater, IActivation activation, IDropout dropout) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(updater)
                .list()
                .layer(
                    new DenseLayer.Builder()
                        .nIn(4)
                        .nOut(8)
                        .activation(activation)
                        .dropOut(dropout)
                        .build())
                .layer(new OutputLayer.Builder().nIn(8).nOut(2).build())
                .build());
    network.init();
    return network;
  }

  private void assertRefusedWhenItIsWritten(MultiLayerNetwork network, String lost)
      throws IOException {
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    Path file = directory.resolve("checkpoint.zip");
    for (org.junit.jupiter.api.function.Executable save :
        new org.junit.jupiter.api.function.Executable[] {
          () -> EmaCheckpoint.save(file, network, ema),
          () -> EmaExport.save(file, network, ema),
          () -> NetworkFile.write(file, network, Map.of())
        }) {
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, save);
      assertTrue(e.getMessage().contains("This network cannot be saved"), e.getMessage());
      assertTrue(e.getMessage().contains(lost), e.getMessage());
      assertFalse(Files.exists(file));
    }
  }

  @Test
  void alphaDropoutByScheduleIsRefused() throws IOException {
    assertRefusedWhenItIsWritten(
        layers(
            new Adam(0.01),
            new ActivationReLU(),
            new AlphaDropout(new StepSchedule(ScheduleType.ITERATION, 0.8, 0.9, 2))),
        "Dropout");
  }

  @Test
  void aRampOfTheLearningRateIsRefused() throws IOException {
    assertRefusedWhenItIsWritten(
        layers(
            new Sgd(new RampSchedule(new FixedSchedule(0.1), 5)),
            new ActivationReLU(),
            new Dropout(0.5)),
        "chedule");
  }

  @Test
  void theWeightsOfAnActivationAreRefused() throws IOException {
    assertRefusedWhenItIsWritten(
        layers(new Adam(0.01), new ActivationPReLU(Nd4j.ones(8), new long[0]), new Dropout(0.5)),
        "");
  }

  @Test
  void checkpointsByIntervalsAreRefusedBeforeTheFirstUpdate() throws IOException {
    MultiLayerNetwork network =
        layers(
            new Adam(0.01),
            new ActivationReLU(),
            new AlphaDropout(new StepSchedule(ScheduleType.ITERATION, 0.8, 0.9, 2)));
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(
        ema, EmaCheckpointListener.builder(directory, ema).saveEveryEpoch().build());
    INDArray before = network.params().dup();

    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> network.fit(new DataSet(Nd4j.rand(3, 4), Nd4j.ones(3, 2))));
    assertTrue(e.getMessage().contains("cannot be saved"), e.getMessage());
    assertEquals(before, network.params());
  }

  /** Of a user, without {@code equals}, as the interface does not ask for it. */
  public static final class HalfDropout implements IDropout {
    private final double share;

    public HalfDropout(@JsonProperty("share") double share) {
      this.share = share;
    }

    public double getShare() {
      return share;
    }

    @Override
    public INDArray applyDropout(
        INDArray input, INDArray result, int iteration, int epoch, LayerWorkspaceMgr workspaces) {
      return result.assign(input).muli(share);
    }

    @Override
    public INDArray backprop(INDArray gradOut, INDArray gradIn, int iteration, int epoch) {
      return gradIn.assign(gradOut).muli(share);
    }

    @Override
    public void clear() {}

    @Override
    public IDropout clone() {
      return new HalfDropout(share);
    }
  }

  @Test
  void classesOfTheUserWithoutEqualsAreComparedFieldByField() throws IOException {
    MultiLayerNetwork network = layers(new Adam(0.01), new ActivationReLU(), new HalfDropout(0.25));
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    Path file = directory.resolve("checkpoint.zip");

    EmaCheckpoint.save(file, network, ema);

    assertEquals(network.params(), EmaCheckpoint.restoreMultiLayerNetwork(file).network().params());
  }

  // ---------------------------------------------------------------- what a copy would lose

  private static ComputationGraph graph(String which) {
    var builder =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(new Adam(0.01))
            .l2(0.1)
            .graphBuilder()
            .addInputs("in");
    if (which.equals("attention")) {
      builder
          .addLayer("lstm", new LSTM.Builder().nOut(4).build(), "in")
          .addVertex(
              "attention",
              new AttentionVertex.Builder()
                  .nInKeys(4)
                  .nInQueries(4)
                  .nInValues(4)
                  .nOut(4)
                  .nHeads(2)
                  .headSize(2)
                  .projectInput(true)
                  .build(),
              "lstm",
              "lstm",
              "lstm")
          .addLayer("out", new RnnOutputLayer.Builder().nOut(2).build(), "attention")
          .setInputTypes(InputType.recurrent(3));
    } else {
      builder
          .addVertex("reshaped", new ReshapeVertex('f', new int[] {-1, 6}, null), "in")
          .addLayer("out", new OutputLayer.Builder().nIn(6).nOut(2).build(), "reshaped");
    }
    ComputationGraph graph = new ComputationGraph(builder.setOutputs("out").build());
    graph.init();
    return graph;
  }

  /** Deeplearning4j's {@code clone()} of the configuration loses the updater of the vertex. */
  @Test
  void aGraphWithAttentionGoesOnFromItsCheckpoint() throws IOException {
    ComputationGraph graph = graph("attention");
    ModelEmaListener ema = new ModelEmaListener(0.9);
    graph.addListeners(ema);
    DataSet batch = new DataSet(Nd4j.rand(5, 3, 4), Nd4j.ones(5, 2, 4));
    graph.fit(batch);
    Path file = directory.resolve("checkpoint.zip");
    EmaCheckpoint.save(file, graph, ema);
    RestoredCheckpoint<ComputationGraph> run = EmaCheckpoint.restoreComputationGraph(file);
    run.network().addListeners(run.ema());

    graph.fit(batch);
    run.network().fit(batch);

    assertEquals(bits(graph.params()), bits(run.network().params()));
    assertEquals(bits(ema.shadow()), bits(run.ema().shadow()));
    Path export = directory.resolve("export.zip");
    EmaExport.save(export, graph, ema);
    ComputationGraph.load(export.toFile(), false).fit(batch);
  }

  /** Deeplearning4j's {@code clone()} of the configuration loses the order. */
  @Test
  void aReshapeInFortranOrderIsKept() throws IOException {
    ComputationGraph graph = graph("reshape");
    ModelEmaListener ema = new ModelEmaListener(0.9).start(graph);
    INDArray input = Nd4j.rand(5, 2, 3);
    Path file = directory.resolve("checkpoint.zip");
    EmaCheckpoint.save(file, graph, ema);
    Path export = directory.resolve("export.zip");
    EmaExport.save(export, graph, ema);

    INDArray expected = graph.outputSingle(input);

    assertEquals(
        bits(expected),
        bits(EmaCheckpoint.restoreComputationGraph(file).network().outputSingle(input)));
    assertEquals(
        bits(expected), bits(ComputationGraph.load(export.toFile(), false).outputSingle(input)));
  }

  private static java.util.List<Long> bits(INDArray array) {
    return java.util.Arrays.stream(array.reshape(array.length()).dup().data().asDouble())
        .mapToObj(Double::doubleToRawLongBits)
        .toList();
  }
}
