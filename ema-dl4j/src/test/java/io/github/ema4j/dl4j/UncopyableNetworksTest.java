// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLambdaVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Networks that Deeplearning4j trains and evaluates, but does not copy. */
class UncopyableNetworksTest {

  @TempDir private Path directory;

  private final ModelEmaListener ema = new ModelEmaListener(0.9);

  private static Batches data() {
    return Batches.of(Data.points(1, 24), 8);
  }

  private static final class OwnNetwork extends MultiLayerNetwork {
    private static final long serialVersionUID = 1L;

    OwnNetwork(MultiLayerConfiguration configuration) {
      super(configuration);
    }
  }

  enum Kind {
    SUBCLASS {
      @Override
      Model network() {
        OwnNetwork network = new OwnNetwork(Nets.mlp().getLayerWiseConfigurations());
        network.init();
        return network;
      }
    },
    ANONYMOUS_VERTEX {
      @Override
      Model network() {
        ComputationGraph network =
            new ComputationGraph(
                Nets.base()
                    .graphBuilder()
                    .addInputs("in")
                    .addLayer("a", new DenseLayer.Builder().nIn(4).nOut(5).build(), "in")
                    .addLayer("b", new DenseLayer.Builder().nIn(4).nOut(5).build(), "in")
                    .addVertex("mean", new Mean() {}, "a", "b")
                    .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                            .nIn(5)
                            .nOut(3)
                            .activation(Activation.SOFTMAX)
                            .build(),
                        "mean")
                    .setOutputs("out")
                    .build());
        network.init();
        return network;
      }
    };

    abstract Model network();
  }

  private abstract static class Mean extends SameDiffLambdaVertex {
    @Override
    public SDVariable defineVertex(SameDiff sd, VertexInputs inputs) {
      return inputs.getInput(0).add(inputs.getInput(1)).mul(0.5);
    }
  }

  private static double accuracy(Model network) {
    return network instanceof MultiLayerNetwork layers
        ? layers.evaluate(data()).accuracy()
        : ((ComputationGraph) network).<Evaluation>evaluate(data()).accuracy();
  }

  @ParameterizedTest
  @EnumSource
  void whatNeedsNoCopyWorks(Kind kind) {
    Model network = kind.network();
    double[] during = new double[1];
    EmaHistory history = new EmaEvaluator(ema, data()).everyEpochs(1);
    ema.andThen(
        ema.during(
            new BaseTrainingListener() {
              @Override
              public void onEpochEnd(Model model) {
                during[0] = accuracy(model);
              }
            }));
    network.setListeners(ema);
    ((NeuralNetwork) network).fit(data());
    Bits raw = Bits.of(network.params());

    double averaged;
    try (Swap ignored = ema.swap(network)) {
      averaged = accuracy(network);
    }
    assertEquals(averaged, during[0]);
    assertEquals(averaged, history.last().averaged(Evaluation.class).accuracy());
    assertEquals(accuracy(network), history.last().raw(Evaluation.class).accuracy());
    assertEquals(raw, Bits.of(network.params()));
  }

  @ParameterizedTest
  @EnumSource
  void whatNeedsACopyIsRefusedByName(Kind kind) {
    Model network = kind.network();
    network.setListeners(ema);
    ((NeuralNetwork) network).fit(data());
    for (Executable use :
        new Executable[] {
          () -> ema.averagedNetwork(network),
          () -> ema.averagedView(network),
          () -> new EmaEvaluator(ema, data()).averagedNetwork(network),
          () -> EmaExport.save(directory.resolve("file.zip"), network, ema)
        }) {
      String message = assertThrows(IllegalArgumentException.class, use).getMessage();
      assertTrue(message.contains(getClass().getSimpleName() + "$"), message);
      assertTrue(message.contains("ema.swap(network)"), message);
    }
    assertFalse(Files.exists(directory.resolve("file.zip")));
  }

  @ParameterizedTest
  @EnumSource
  void checkpointsOfWhatCannotBeReadBackAreRefusedBeforeTheFirstStep(Kind kind) throws Exception {
    Model network = kind.network();
    EmaCheckpointListener.builder(directory, ema).saveEveryEpoch().build();
    network.setListeners(ema);
    Bits before = Bits.of(network.params());
    assertThrows(IllegalArgumentException.class, () -> ((NeuralNetwork) network).fit(data()));
    assertEquals(before, Bits.of(network.params()));
  }

  @Test
  void mapOfPreprocessorsThatAreNullIsOneOfNone() throws Exception {
    MultiLayerConfiguration configuration = Nets.mlp().getLayerWiseConfigurations();
    Map<Integer, InputPreProcessor> none = new HashMap<>();
    none.put(0, null);
    none.put(1, null);
    configuration.setInputPreProcessors(none);
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    network.setListeners(ema);
    network.fit(data());

    assertEquals(Bits.of(ema.shadow()), Bits.of(ema.averagedNetwork(network).params()));
    new EmaEvaluator(ema, data()).compare(network);
    Path file = directory.resolve("file.zip");
    EmaExport.save(file, network, ema);
    EmaCheckpoint.save(file, network, ema);
    assertEquals(
        Bits.of(network.params()),
        Bits.of(EmaCheckpoint.restoreMultiLayerNetwork(file).network().params()));
  }
}
