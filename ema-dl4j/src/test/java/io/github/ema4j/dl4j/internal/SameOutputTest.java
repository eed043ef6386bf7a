// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener;
import io.github.ema4j.dl4j.earlystopping.EmaEarlyStopping;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.datasets.iterator.utilty.SingletonDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.preprocessor.BaseInputPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A second network predicts what the first does, or is not made. */
class SameOutputTest {

  private static final String OTHER = "its output 0 is other by";

  /** Multiplies the input by a factor that neither a setting nor a parameter tells. */
  private static final class Scaled extends BaseInputPreProcessor {
    private static final long serialVersionUID = 1L;
    private static final Map<Scaled, Double> FACTORS =
        Collections.synchronizedMap(new IdentityHashMap<>());
    private static final Map<Scaled, Integer> CALLS =
        Collections.synchronizedMap(new IdentityHashMap<>());

    private Scaled with(double factor) {
      FACTORS.put(this, factor);
      return this;
    }

    private int calls() {
      return CALLS.getOrDefault(this, 0);
    }

    @Override
    public INDArray preProcess(INDArray input, int examples, LayerWorkspaceMgr workspaces) {
      CALLS.merge(this, 1, Integer::sum);
      return input.mul(FACTORS.getOrDefault(this, 1.0));
    }

    @Override
    public INDArray backprop(INDArray gradient, int examples, LayerWorkspaceMgr workspaces) {
      return workspaces.leverageTo(
          ArrayType.ACTIVATION_GRAD, gradient.mul(FACTORS.getOrDefault(this, 1.0)));
    }

    @Override
    public BaseInputPreProcessor clone() {
      return new Scaled();
    }

    @Override
    public InputType getOutputType(InputType input) {
      return input;
    }

    @Override
    public Pair<INDArray, MaskState> feedForwardMaskArray(
        INDArray mask, MaskState state, int examples) {
      return new Pair<>(mask, state);
    }
  }

  private enum Kind {
    LAYERS {
      @Override
      Model with(Scaled scaled) {
        MultiLayerNetwork network = Nets.mlp();
        network.getLayerWiseConfigurations().getInputPreProcessors().put(0, scaled);
        MultiLayerNetwork own = new MultiLayerNetwork(network.getLayerWiseConfigurations());
        own.init();
        return own;
      }
    },
    GRAPH {
      @Override
      Model with(Scaled scaled) {
        ComputationGraph graph =
            new ComputationGraph(
                Nets.base()
                    .graphBuilder()
                    .addInputs("in")
                    .addLayer(
                        "hidden", new DenseLayer.Builder().nIn(4).nOut(4).build(), scaled, "in")
                    .addLayer(
                        "out",
                        new OutputLayer.Builder()
                            .activation(Activation.SOFTMAX)
                            .nIn(4)
                            .nOut(3)
                            .build(),
                        "hidden")
                    .setOutputs("out")
                    .build());
        graph.init();
        return graph;
      }
    };

    abstract Model with(Scaled scaled);
  }

  private final ModelEmaListener ema = new ModelEmaListener(0.9);
  private final Batches batches = Batches.of(Data.points(1, 24), 8);

  private void fit(Model network) {
    if (network instanceof MultiLayerNetwork layers) {
      layers.fit(batches);
    } else {
      ((ComputationGraph) network).fit(batches);
    }
  }

  private static Evaluation evaluated(Model network, Batches data) {
    return network instanceof MultiLayerNetwork layers
        ? layers.evaluate(data)
        : ((ComputationGraph) network).evaluate(data);
  }

  private static void assertRefused(Executable use) {
    String message = assertThrows(RuntimeException.class, use).getMessage();
    assertTrue(message.contains(OTHER), message);
  }

  // ---------------------------------------------------------------- by the first minibatch

  @ParameterizedTest
  @EnumSource
  void nothingIsBuiltBesideANetworkThatWouldPredictOtherwise(Kind kind, @TempDir Path directory) {
    Model network = kind.with(new Scaled().with(-3));
    network.setListeners(ema);
    fit(network);
    Path file = directory.resolve("checkpoint.zip");

    assertRefused(() -> ema.averagedNetwork(network));
    assertRefused(() -> ema.averagedView(network));
    assertRefused(() -> EmaCheckpoint.save(file, network, ema));
    assertRefused(() -> new EmaEvaluator(ema, batches).onLiveView().averaged(network));
    assertRefused(() -> new EmaEvaluator(ema, batches).onLiveView().compare(network));
    assertRefused(() -> new EmaEvaluator(ema, batches).recalibratingOn(batches).averaged(network));
    assertRefused(() -> new EmaEvaluator(ema, batches).averagedNetwork(network));
    assertFalse(Files.exists(file), "a file that cannot be read back");
  }

  @Test
  void earlyStoppingRefusesIt() {
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.LAYERS.with(new Scaled().with(-3));
    network.setListeners(ema);
    fit(network);
    EarlyStoppingConfiguration<MultiLayerNetwork> scored =
        EmaEarlyStopping.wrap(
            new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
                .scoreCalculator(new DataSetLossCalculator(batches, true))
                .modelSaver(new InMemoryModelSaver<>())
                .build(),
            ema);
    assertRefused(() -> scored.getScoreCalculator().calculateScore(network));
    assertRefused(() -> scored.getModelSaver().saveBestModel(network, 1));
  }

  @ParameterizedTest
  @EnumSource
  void itIsAveragedAndEvaluatedAllTheSame(Kind kind) {
    Model network = kind.with(new Scaled().with(-3));
    Model alone = kind.with(new Scaled().with(-3));
    network.setListeners(ema);
    fit(network);
    fit(alone);
    assertEquals(Bits.of(alone.params()), Bits.of(network.params()), "training is not touched");

    EvaluationResult averaged = new EmaEvaluator(ema, batches).averaged(network);
    try (Swap ignored = ema.swap(network)) {
      assertEquals(
          evaluated(network, batches).confusionToString(),
          averaged.get(Evaluation.class).confusionToString());
    }
    assertEquals(
        evaluated(network, batches).confusionToString(),
        new EmaEvaluator(ema, batches).raw(network).get(Evaluation.class).confusionToString());
  }

  @Test
  void filesAreRefusedAfterTheFirstStep(@TempDir Path directory) throws IOException {
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.LAYERS.with(new Scaled().with(-3));
    ema.andThen(EmaCheckpointListener.builder(directory, ema).saveEveryEpoch().build());
    network.addListeners(ema);
    assertRefused(() -> network.fit(batches));
    assertEquals(1, ema.stepCount());
  }

  @ParameterizedTest
  @EnumSource
  void oneThatPredictsTheSameIsComparedOnce(Kind kind) {
    Scaled scaled = new Scaled();
    Model network = kind.with(scaled);
    network.setListeners(ema);
    fit(network);
    assertEquals(3 + 1, scaled.calls(), "three steps and one comparison");
    ema.averagedNetwork(network);
    new EmaEvaluator(ema, batches).compare(network);
    assertEquals(3 + 1, scaled.calls(), "the comparison is remembered");
  }

  /** The mask of a minibatch is in the layers yet when its step is done. */
  @Test
  void masksOfTheStepAreNoDifference() {
    MultiLayerNetwork network = Nets.lstm(BackpropType.Standard);
    network.addListeners(ema);
    network.fit(new SingletonDataSetIterator(Data.sequences(3, 8, true)));
    assertDoesNotThrow(() -> ema.averagedNetwork(network));
  }

  /** What a listener may read of a network when a step is done. */
  private static final class Seen extends BaseTrainingListener {

    private final List<Object> seen = new ArrayList<>();

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      MultiLayerNetwork network = (MultiLayerNetwork) model;
      seen.add(network.getInput());
      for (Layer layer : network.getLayers()) {
        seen.add(layer.input());
        seen.add(layer.getMaskArray());
      }
      seen.add(network.score());
    }
  }

  @Test
  void listenersAfterItSeeWhatThoseBeforeItSee() {
    Seen before = new Seen();
    Seen after = new Seen();
    MultiLayerNetwork network = Nets.lstm(BackpropType.Standard);
    network.addListeners(before, ema, after);
    network.fit(Data.sequences(3, 8, true));
    assertEquals(before.seen, after.seen);
    assertTrue(before.seen.stream().filter(Objects::nonNull).count() > 3, before.seen.toString());
  }

  @Test
  void whatPredictsNaNIsNotRefused() {
    MultiLayerNetwork network = Nets.mlp();
    network.addListeners(ema);
    fit(network);
    MultiLayerNetwork lost = network.clone();
    lost.params().assign(Double.NaN);
    SameOutput.proveOn(lost, batches);
    assertDoesNotThrow(() -> SameOutput.requireNotDisproved(lost));
  }

  // ---------------------------------------------------------------- by validation data

  @ParameterizedTest
  @EnumSource
  void anAverageThatWasUpdatedByHandIsComparedOnValidationData(Kind kind) {
    Model network = kind.with(new Scaled().with(-3));
    ema.start(network);
    network.params().addi(Nd4j.rand(network.params().shape()));
    ema.update(network);
    ema.averagedNetwork(network); // no input was at hand

    EvaluationResult averaged = new EmaEvaluator(ema, batches).averaged(network);
    try (Swap ignored = ema.swap(network)) {
      assertEquals(
          evaluated(network, batches).confusionToString(),
          averaged.get(Evaluation.class).confusionToString());
    }
    assertRefused(() -> ema.averagedNetwork(network));
  }
}
