// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.batchnorm.BatchNormStatistics;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener;
import io.github.ema4j.dl4j.earlystopping.EmaEarlyStopping;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.dl4j.internal.file.NetworkFile;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.scorecalc.ScoreCalculator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.ocnn.OCNNOutputLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.conf.weightnoise.WeightNoise;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.EvaluativeListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

/** What is built beside a network is the same, or there is none. */
class ReplicaTest {

  @TempDir Path directory;

  private static long[] bits(INDArray array) {
    return Arrays.stream(array.dup('c').reshape(array.length()).data().asDouble())
        .mapToLong(Double::doubleToRawLongBits)
        .toArray();
  }

  private static void assertSameBits(INDArray expected, INDArray actual) {
    assertTrue(Arrays.equals(bits(expected), bits(actual)), () -> expected + " and " + actual);
  }

  // ---------------------------------------------------------------- what clone() loses

  /** Graphs of which Deeplearning4j's {@code clone()} makes others. */
  enum Forgotten {
    RESHAPE_IN_FORTRAN_ORDER {
      @Override
      ComputationGraph graph() {
        return initialised(
            builder()
                .addVertex("r", new ReshapeVertex('f', new int[] {-1, 6}, null), "in")
                .addLayer("out", new OutputLayer.Builder().nIn(6).nOut(2).build(), "r"));
      }

      @Override
      INDArray input() {
        return Nd4j.rand(DataType.FLOAT, 5, 2, 3);
      }
    },
    MERGE_OF_CHANNELS_LAST {
      @Override
      ComputationGraph graph() {
        return initialised(
            builder()
                .addLayer("a", channelsLast(1, 3), "in")
                .addLayer("b", channelsLast(3, 3), "in")
                .addVertex("m", new MergeVertex(), "a", "b")
                .addLayer("p", new GlobalPoolingLayer.Builder().build(), "m")
                .addLayer("out", new OutputLayer.Builder().nOut(2).build(), "p")
                .setInputTypes(InputType.convolutional(5, 5, 2, CNN2DFormat.NHWC)));
      }

      @Override
      INDArray input() {
        return Nd4j.rand(DataType.FLOAT, 5, 5, 5, 2);
      }
    },
    ATTENTION {
      @Override
      ComputationGraph graph() {
        return initialised(
            builder()
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
                .setInputTypes(InputType.recurrent(3)));
      }

      @Override
      INDArray input() {
        return Nd4j.rand(DataType.FLOAT, 5, 3, 4);
      }
    };

    abstract ComputationGraph graph();

    abstract INDArray input();

    static org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder builder() {
      return new NeuralNetConfiguration.Builder()
          .seed(1)
          .updater(new Adam(0.01))
          .graphBuilder()
          .addInputs("in");
    }

    static ConvolutionLayer channelsLast(int kernel, int filters) {
      return new ConvolutionLayer.Builder(kernel, kernel)
          .nOut(filters)
          .convolutionMode(ConvolutionMode.Same)
          .dataFormat(CNN2DFormat.NHWC)
          .build();
    }

    static ComputationGraph initialised(
        org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder builder) {
      ComputationGraph graph = new ComputationGraph(builder.setOutputs("out").build());
      graph.init();
      return graph;
    }
  }

  @ParameterizedTest
  @EnumSource
  void settingsThatCloneForgetsAreThere(Forgotten forgotten) throws IOException {
    ComputationGraph graph = forgotten.graph();
    INDArray input = forgotten.input();
    INDArray expected = graph.outputSingle(input).dup();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(graph);
    Path file = directory.resolve("model.zip");

    assertSameBits(expected, ema.averagedView(graph).outputSingle(input));
    ComputationGraph copy = ema.averagedNetwork(graph);
    assertSameBits(expected, copy.outputSingle(input));
    copy.fit(new DataSet(input, expected)); // the vertex has its updater, too
    EmaExport.save(file, graph, ema);
    assertSameBits(expected, ComputationGraph.load(file.toFile(), false).outputSingle(input));
    EmaCheckpoint.save(file, graph, ema);
    ComputationGraph restored = EmaCheckpoint.restoreComputationGraph(file).network();
    assertSameBits(expected, restored.outputSingle(input));
  }

  /** Neither {@code clone()} nor the JSON has it. */
  @Test
  void aSettingThatNothingKeepsIsRefusedByName() throws IOException {
    ComputationGraph graph =
        Forgotten.initialised(
            Forgotten.builder()
                .addLayer("a", new DenseLayer.Builder().nIn(6).nOut(4).build(), "in")
                .addLayer("b", new DenseLayer.Builder().nIn(6).nOut(4).build(), "in")
                .addVertex("d", new L2Vertex(10), "a", "b")
                .addLayer("out", new OutputLayer.Builder().nIn(1).nOut(2).build(), "d"));
    ModelEmaListener ema = new ModelEmaListener(0.9).start(graph);

    for (org.junit.jupiter.api.function.Executable copying :
        List.<org.junit.jupiter.api.function.Executable>of(
            () -> ema.averagedNetwork(graph),
            () -> EmaCheckpoint.save(directory.resolve("model.zip"), graph, ema))) {
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, copying);
      assertTrue(e.getMessage().contains("vertices[d].eps was 10.0 and is 1.0E-8"), e.getMessage());
    }
  }

  // ---------------------------------------------------------------- nothing in common

  /** Deeplearning4j writes the initial {@code r} over the one that was learnt. */
  @Test
  void aOneClassNetworkKeepsItsThreshold() throws IOException {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new DenseLayer.Builder().nIn(4).nOut(3).build())
                .layer(
                    new OCNNOutputLayer.Builder()
                        .nIn(3)
                        .hiddenLayerSize(2)
                        .initialRValue(1)
                        .build())
                .build());
    network.init();
    INDArray threshold = network.getParam("1_r");
    threshold.assign(0.25);
    ModelEmaListener ema = new ModelEmaListener(0.5).start(network);
    threshold.assign(0.75);
    ema.update(network);
    Path file = directory.resolve("one-class.zip");
    EmaCheckpoint.save(file, network, ema);

    assertEquals(0.5, ema.averagedNetwork(network).getParam("1_r").getDouble(0));
    assertEquals(0.5, ema.averagedView(network).getParam("1_r").getDouble(0));
    assertEquals(0.75, threshold.getDouble(0), "neither a view, a copy nor a file changes it");
    assertEquals(
        0.75, EmaCheckpoint.restoreMultiLayerNetwork(file).network().getParam("1_r").getDouble(0));
  }

  /** In Deeplearning4j, that of a clone is that of the original. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theLearningRateOfACopyIsItsOwn(boolean isGraph) {
    Model network = isGraph ? Nets.graph() : Nets.mlp();
    String before = rates(network);
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    for (Model copy : List.of(ema.averagedNetwork(network), ema.averagedView(network))) {
      if (copy instanceof ComputationGraph graph) {
        graph.setLearningRate(0.5);
      } else {
        ((MultiLayerNetwork) copy).setLearningRate(0.5);
      }
      assertNotEquals(before, rates(copy));
      assertEquals(before, rates(network));
    }
  }

  private static String rates(Model network) {
    return Arrays.stream(
            network instanceof ComputationGraph graph
                ? graph.getLayers()
                : ((MultiLayerNetwork) network).getLayers())
        .map(layer -> layer.conf().getLayer())
        .filter(BaseLayer.class::isInstance)
        .map(layer -> ((BaseLayer) layer).getIUpdater().getLearningRate(0, 0))
        .toList()
        .toString();
  }

  // ---------------------------------------------------------------- another order

  private static final int WORDS = 40;

  /** Deeplearning4j loads given vectors in 'c' order, and rebuilds every network in 'f' order. */
  private static MultiLayerNetwork wordVectors(double learningRate) {
    Nd4j.getRandom().setSeed(4);
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(learningRate))
                .list()
                .layer(
                    new EmbeddingLayer.Builder()
                        .nIn(WORDS)
                        .nOut(8)
                        .weightInit(Nd4j.randn(DataType.FLOAT, WORDS, 8))
                        .build())
                .layer(
                    new OutputLayer.Builder()
                        .nIn(8)
                        .nOut(2)
                        .weightInit(new NormalDistribution(0, 1))
                        .build())
                .build());
    network.init();
    return network;
  }

  /** With the network's own answers for labels. */
  private static DataSet words(MultiLayerNetwork network) {
    INDArray words = Nd4j.create(DataType.FLOAT, WORDS, 1);
    for (int i = 0; i < WORDS; i++) {
      words.putScalar(i, i);
    }
    INDArray output = network.output(words);
    INDArray labels = Nd4j.create(DataType.FLOAT, WORDS, 2);
    for (int i = 0; i < WORDS; i++) {
      labels.putScalar(i, output.getDouble(i, 1) > output.getDouble(i, 0) ? 1 : 0, 1);
    }
    return new DataSet(words, labels);
  }

  @Test
  void wordVectorsAreEvaluatedInTheNetworkItself() {
    MultiLayerNetwork network = wordVectors(0);
    DataSet words = words(network);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(ema);
    network.fit(words); // at rate 0: the average is the network
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(words, 16));

    assertEquals(1, evaluator.raw(network).get(Evaluation.class).accuracy());
    assertEquals(1, evaluator.averaged(network).get(Evaluation.class).accuracy());
  }

  @Test
  void wordVectorsAreNotBroughtIntoDisorderByCopiesAndFiles() throws IOException {
    MultiLayerNetwork network = wordVectors(0.1);
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    EmaEvaluator onLiveView = new EmaEvaluator(ema, Batches.of(words(network), 8)).onLiveView();
    Path file = directory.resolve("model.zip");
    network.addListeners(ema);
    network.fit(words(network));

    for (org.junit.jupiter.api.function.Executable copying :
        List.<org.junit.jupiter.api.function.Executable>of(
            () -> ema.averagedNetwork(network),
            () -> ema.averagedView(network),
            () -> onLiveView.averaged(network),
            () -> EmaCheckpoint.save(file, network, ema),
            () -> EmaExport.save(file, network, ema),
            () -> NetworkFile.write(file, network, Map.of()))) {
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, copying);
      assertTrue(e.getMessage().contains("'0_W' is [40, 8] in 'c' order"), e.getMessage());
      assertFalse(Files.exists(file));
    }
  }

  @Test
  void checkpointsOfWordVectorsAreRefusedBeforeTheFirstUpdate() throws IOException {
    MultiLayerNetwork network = wordVectors(0.1);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(
        ema, EmaCheckpointListener.builder(directory, ema).saveEveryEpoch().build());
    INDArray before = network.params().dup();

    assertThrows(IllegalArgumentException.class, () -> network.fit(words(network)));
    assertSameBits(before, network.params());
  }

  // ---------------------------------------------------------------- no trace of an evaluation

  private static MultiLayerNetwork noisy(IWeightNoise noise) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.5))
                .weightNoise(noise)
                .list()
                .layer(new DenseLayer.Builder().nIn(4).nOut(8).biasInit(1).build())
                .layer(new BatchNormalization.Builder().nIn(8).nOut(8).build())
                .layer(new OutputLayer.Builder().nIn(8).nOut(2).biasInit(1).build())
                .build());
    network.init();
    return network;
  }

  private static DataSet points() {
    INDArray labels = Nd4j.create(DataType.FLOAT, 16, 2);
    for (int i = 0; i < 16; i++) {
      labels.putScalar(i, i % 2, 1);
    }
    return new DataSet(Nd4j.linspace(-1, 1, 64, DataType.FLOAT).reshape(16, 4), labels);
  }

  private static INDArray trained(
      MultiLayerNetwork network,
      DataSet data,
      BiFunction<MultiLayerNetwork, ModelEmaListener, TrainingListener> listener) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema, listener.apply(network, ema));
    Nd4j.getRandom().setSeed(3);
    for (int i = 0; i < 5; i++) {
      network.fit(data);
    }
    return network.params();
  }

  private static TrainingListener each(java.util.function.Consumer<Model> action) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        action.accept(network);
      }
    };
  }

  /** In Deeplearning4j, noise that applies to biases is drawn at inference too. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void noiseAtInferenceLeavesTheRandomNumbersOfTrainingAlone(boolean dropConnect) {
    java.util.function.Supplier<MultiLayerNetwork> networks =
        () ->
            noisy(
                dropConnect
                    ? new DropConnect(0.7, true)
                    : new WeightNoise(new NormalDistribution(0, 0.1), true, true));
    DataSet data = points();
    Batches batches = Batches.of(data, 8);
    INDArray alone = trained(networks.get(), data, (network, ema) -> each(any -> {}));

    assertSameBits(
        alone,
        trained(
            networks.get(),
            data,
            (network, ema) -> new EmaEvaluator(ema, batches).everyIterations(1)));
    assertSameBits(
        alone,
        trained(
            networks.get(),
            data,
            (network, ema) -> {
              EmaEvaluator evaluator = new EmaEvaluator(ema, batches).onLiveView();
              return each(evaluator::averaged);
            }));
    assertSameBits(
        alone,
        trained(
            networks.get(),
            data,
            (network, ema) -> {
              EmaEvaluator evaluator = new EmaEvaluator(ema, batches).recalibratingOn(batches);
              return each(evaluator::averaged);
            }));
    assertSameBits(
        alone,
        trained(
            networks.get(),
            data,
            (network, ema) -> ema.during(new EvaluativeListener(batches, 1))));
    assertSameBits(
        alone,
        trained(
            networks.get(),
            data,
            (network, ema) -> {
              ScoreCalculator<Model> score =
                  EmaEarlyStopping.wrap(
                          new EarlyStoppingConfiguration.Builder<Model>()
                              .scoreCalculator(new DataSetLossCalculator(batches, true))
                              .build(),
                          ema)
                      .getScoreCalculator();
              return each(any -> score.calculateScore(network));
            }));
    assertSameBits(
        alone,
        trained(
            networks.get(),
            data,
            (network, ema) ->
                each(
                    any ->
                        BatchNormStatistics.recalibrate(ema.averagedNetwork(network), batches))));
    assertFalse(
        Arrays.equals(
            bits(alone),
            bits(
                trained(
                    networks.get(),
                    data,
                    (network, ema) -> each(any -> network.output(data.getFeatures()))))),
        "Deeplearning4j itself draws: else this test shows nothing");
  }

  @Test
  void evaluationInTheNetworkItselfLeavesNoTrace() {
    DataSet words = words(wordVectors(0.1));
    INDArray alone = trained(wordVectors(0.1), words, (network, ema) -> each(any -> {}));

    INDArray evaluated =
        trained(
            wordVectors(0.1),
            words,
            (network, ema) -> {
              EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(words, 16));
              return each(
                  any -> {
                    INDArray input = network.getInput();
                    evaluator.compare(network);
                    assertTrue(input == network.getInput());
                  });
            });

    assertSameBits(alone, evaluated);
  }

  @Test
  void theAverageOfWordVectorsCanBeSwappedIn() {
    MultiLayerNetwork network = wordVectors(0.1);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(ema);
    DataSet words = words(network);
    network.fit(words);
    INDArray raw = network.output(words.getFeatures()).dup();

    try (Swap swap = ema.swap(network)) {
      assertFalse(Arrays.equals(bits(raw), bits(network.output(words.getFeatures()))));
    }
    assertSameBits(raw, network.output(words.getFeatures()));
  }
}
