// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.batchnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.dl4j.MultiBatches;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.datasets.iterator.IteratorDataSetIterator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Recalibrated statistics against a computation in double precision over all data at once. */
@Tag("numbers")
class BatchNormStatisticsTest {

  private static final int EXAMPLES = 250;
  private static final int BATCH = 64; // the last batch has 58
  private static final double TOLERANCE = 1e-5;

  // ---------------------------------------------------------------- networks and data

  /** A batch-norm configuration. */
  private record Norm(boolean logStd, boolean locked) {

    BatchNormalization layer() {
      return new BatchNormalization.Builder().useLogStd(logStd).lockGammaBeta(locked).build();
    }
  }

  /** A network and its data. */
  record Case(String name, Function<Norm, MultiLayerNetwork> network, DataSet data, Norm norm) {

    MultiLayerNetwork trained() {
      MultiLayerNetwork trained = network.apply(norm);
      trained.init();
      for (int i = 0; i < 3; i++) {
        trained.fit(data);
      }
      return trained;
    }

    @Override
    public String toString() {
      return name + " with " + norm;
    }
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (boolean logStd : new boolean[] {true, false}) {
      for (boolean locked : new boolean[] {true, false}) {
        Norm norm = new Norm(logStd, locked);
        cases.add(new Case("dense", BatchNormStatisticsTest::dense, points(), norm));
        cases.add(new Case("NCHW", n -> convolutional(n, CNN2DFormat.NCHW), images(2, 6, 5), norm));
        if (!locked) { // Deeplearning4j 1.0.0-M2.1 fails to train a locked layer in this format.
          cases.add(
              new Case("NHWC", n -> convolutional(n, CNN2DFormat.NHWC), images(6, 5, 2), norm));
        }
      }
    }
    return cases.stream();
  }

  private static NeuralNetConfiguration.Builder base() {
    return new NeuralNetConfiguration.Builder()
        .seed(7)
        .updater(new Adam(0.05))
        .activation(Activation.RELU);
  }

  private static DenseLayer units(int units) {
    return new DenseLayer.Builder().nOut(units).build();
  }

  private static OutputLayer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(2)
        .build();
  }

  /** Two batch-norm layers follow each other directly, and more after other layers. */
  private static MultiLayerNetwork dense(Norm norm) {
    return new MultiLayerNetwork(
        base()
            .list()
            .layer(norm.layer())
            .layer(units(8))
            .layer(norm.layer())
            .layer(norm.layer())
            .layer(new DenseLayer.Builder().nOut(6).dropOut(0.5).build())
            .layer(norm.layer())
            .layer(softmax())
            .setInputType(InputType.feedForward(4))
            .build());
  }

  private static MultiLayerNetwork convolutional(Norm norm, CNN2DFormat format) {
    return new MultiLayerNetwork(
        base()
            .list()
            .layer(new ConvolutionLayer.Builder(2, 2).nOut(3).dataFormat(format).build())
            .layer(norm.layer())
            .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).dataFormat(format).build())
            .layer(norm.layer())
            .layer(softmax())
            .setInputType(InputType.convolutional(6, 5, 2, format))
            .build());
  }

  private static DataSet points() {
    return labelled(noise(EXAMPLES, 4));
  }

  private static DataSet images(int a, int b, int c) {
    return labelled(noise(EXAMPLES, a, b, c));
  }

  /** Values far from zero, some of which hardly vary. */
  private static INDArray noise(int... shape) {
    Random random = new Random(3);
    INDArray noise = Nd4j.create(Arrays.stream(shape).asLongStream().toArray());
    for (long i = 0; i < noise.length(); i++) {
      noise.putScalar(i, random.nextGaussian() * (1 + i % 3) + 2 + i % 5);
    }
    return noise;
  }

  private static DataSet labelled(INDArray features) {
    INDArray labels = Nd4j.create(features.size(0), 2);
    for (int i = 0; i < labels.size(0); i++) {
      labels.putScalar(i, i % 3 == 0 ? 1 : 0, 1);
    }
    return new DataSet(features, labels);
  }

  private static DataSetIterator batches(DataSet data, int size) {
    return new ExistingDataSetIterator(data.batchBy(size));
  }

  // ---------------------------------------------------------------- the expected statistics

  /** Mean and standard deviation per channel. */
  private record Statistics(double[] mean, double[] deviation) {

    /** By loops over the values, in two passes. */
    static Statistics of(INDArray input, int channelAxis) {
      int channels = (int) input.size(channelAxis);
      double[] mean = new double[channels];
      double[] deviation = new double[channels];
      for (int c = 0; c < channels; c++) {
        double[] values = input.slice(c, channelAxis).dup().reshape(-1).toDoubleVector();
        double center = Arrays.stream(values).average().orElseThrow();
        mean[c] = center;
        deviation[c] =
            Math.sqrt(
                Arrays.stream(values).map(v -> (v - center) * (v - center)).sum() / values.length);
      }
      return new Statistics(mean, deviation);
    }

    /** As the layer holds them. */
    static Statistics heldBy(Layer layer) {
      double[] mean = layer.getParam("mean").toDoubleVector();
      double[] deviation =
          isLog(layer)
              ? Arrays.stream(layer.getParam("log10stdev").toDoubleVector())
                  .map(log -> Math.pow(10, log))
                  .toArray()
              : Arrays.stream(layer.getParam("var").toDoubleVector()).map(Math::sqrt).toArray();
      return new Statistics(mean, deviation);
    }

    void writeTo(Layer layer) {
      for (int c = 0; c < mean.length; c++) {
        layer.getParam("mean").putScalar(c, mean[c]);
        if (isLog(layer)) {
          layer.getParam("log10stdev").putScalar(c, Math.log10(deviation[c]));
        } else {
          layer.getParam("var").putScalar(c, deviation[c] * deviation[c]);
        }
      }
    }

    private static boolean isLog(Layer layer) {
      return ((BatchNormalization) layer.conf().getLayer()).isUseLogStd();
    }

    void assertNear(Statistics actual) {
      assertEquals(mean.length, actual.mean.length);
      for (int c = 0; c < mean.length; c++) {
        // A unit that is off for all data has a deviation of 0, and statistics of exactly 0.
        double near = TOLERANCE * Math.max(deviation[c], 1e-8);
        assertEquals(mean[c], actual.mean[c], near, "mean of channel " + c);
        assertEquals(deviation[c], actual.deviation[c], near, "deviation of channel " + c);
      }
    }
  }

  private static boolean isNorm(Layer layer) {
    return layer.conf().getLayer() instanceof BatchNormalization;
  }

  private static int channelAxis(INDArray input, Layer layer) {
    boolean last =
        input.rank() == 4
            && ((BatchNormalization) layer.conf().getLayer()).getCnn2DFormat() == CNN2DFormat.NHWC;
    return last ? 3 : 1;
  }

  private static void assertFits(MultiLayerNetwork actual, DataSet data) {
    MultiLayerNetwork exact = actual.convertDataType(DataType.DOUBLE);
    INDArray features = data.getFeatures().castTo(DataType.DOUBLE);
    int layers = 0;
    for (int i = 0; i < exact.getnLayers(); i++) {
      Layer layer = exact.getLayer(i);
      if (isNorm(layer)) {
        INDArray input = exact.feedForward(features, false).get(i);
        Statistics expected = Statistics.of(input, channelAxis(input, layer));
        expected.writeTo(layer);
        expected.assertNear(Statistics.heldBy(actual.getLayer(i)));
        layers++;
      }
    }
    assertTrue(layers >= 2);
  }

  private static void assertFits(
      ComputationGraph actual, INDArray[] features, List<String> layersInOrder) {
    ComputationGraph exact = actual.convertDataType(DataType.DOUBLE);
    INDArray[] inputs =
        Arrays.stream(features).map(f -> f.castTo(DataType.DOUBLE)).toArray(INDArray[]::new);
    for (String name : layersInOrder) {
      String source = exact.getConfiguration().getVertexInputs().get(name).get(0);
      INDArray input = exact.feedForward(inputs, false).get(source);
      Statistics expected = Statistics.of(input, 1);
      expected.writeTo(exact.getLayer(name));
      expected.assertNear(Statistics.heldBy(actual.getLayer(name)));
    }
  }

  // ---------------------------------------------------------------- what is computed

  @ParameterizedTest
  @MethodSource("cases")
  void statisticsAreThoseOfTheWholeData(Case example) {
    MultiLayerNetwork network = example.trained();
    float[] before = network.params().toFloatVector();

    int layers = BatchNormStatistics.recalibrate(network, batches(example.data(), BATCH));

    assertEquals(example.name().equals("dense") ? 4 : 2, layers);
    assertFits(network, example.data());
    float[] first = network.params().toFloatVector();
    assertFalse(Arrays.equals(before, first));

    BatchNormStatistics.recalibrate(network, batches(example.data(), BATCH));
    assertArrayEquals(first, network.params().toFloatVector(), "a second time changes no bit");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void sizeOfTheBatchesDoesNotMatter(Case example) {
    MultiLayerNetwork network = example.trained();
    for (int size : new int[] {7, 249, EXAMPLES}) {
      network.params().subi(0.001f);
      BatchNormStatistics.recalibrate(network, batches(example.data(), size));
      assertFits(network, example.data());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void nothingButTheStatisticsChanges(Case example) {
    MultiLayerNetwork network = example.trained();
    MultiLayerNetwork before = network.clone();
    long root = Nd4j.getRandom().rootState();
    long node = Nd4j.getRandom().nodeState();

    BatchNormStatistics.recalibrate(network, batches(example.data(), BATCH));

    network
        .paramTable()
        .forEach(
            (name, param) -> {
              if (!name.matches(".*_(mean|var|log10stdev)")) {
                assertArrayEquals(
                    before.getParam(name).dup().data().asFloat(), param.dup().data().asFloat());
              }
            });
    assertEquals(root, Nd4j.getRandom().rootState());
    assertEquals(node, Nd4j.getRandom().nodeState());
    assertEquals(before.getIterationCount(), network.getIterationCount());
  }

  @Test
  void flatImagesAreSeenAsTheirLayerSeesThem() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            base()
                .list()
                .layer(new BatchNormalization())
                .layer(units(4))
                .layer(softmax())
                .setInputType(InputType.convolutionalFlat(3, 4, 2))
                .build());
    network.init();
    DataSet data = labelled(noise(EXAMPLES, 24));

    assertEquals(1, BatchNormStatistics.recalibrate(network, batches(data, BATCH)));

    INDArray images = data.getFeatures().castTo(DataType.DOUBLE).reshape(EXAMPLES, 2, 3, 4);
    Statistics.of(images, 1).assertNear(Statistics.heldBy(network.getLayer(0)));
  }

  @Test
  void channelThatNeverVariesHasFiniteStatistics() {
    for (boolean logStd : new boolean[] {true, false}) {
      MultiLayerNetwork network = dense(new Norm(logStd, false));
      network.init();
      DataSet data = labelled(Nd4j.ones(20, 4).muli(3));

      BatchNormStatistics.recalibrate(network, batches(data, 8));

      assertArrayEquals(
          new double[] {3, 3, 3, 3}, network.getLayer(0).getParam("mean").toDoubleVector());
      INDArray output = network.output(data.getFeatures());
      assertEquals(20, output.sumNumber().doubleValue(), 1e-4);
    }
  }

  // ---------------------------------------------------------------- graphs

  /**
   * Two inputs, a residual connection and a merge. Layers are declared in another order than they
   * run in, so that the index of a vertex is not its place in that order.
   */
  private static ComputationGraph graph(boolean logStd) {
    Norm norm = new Norm(logStd, false);
    ComputationGraph graph =
        new ComputationGraph(
            base()
                .graphBuilder()
                .addInputs("left", "right")
                .addLayer("out", softmax(), "lastNorm")
                .addLayer("lastNorm", norm.layer(), "merge")
                .addLayer("innerNorm", norm.layer(), "inner")
                .addLayer("first", units(5), "left")
                .addLayer("inner", units(5), "firstNorm")
                .addLayer("firstNorm", norm.layer(), "first")
                .addLayer("rightNorm", norm.layer(), "right")
                .addVertex(
                    "sum",
                    new ElementWiseVertex(ElementWiseVertex.Op.Add),
                    "firstNorm",
                    "innerNorm")
                .addVertex("merge", new MergeVertex(), "sum", "rightNorm")
                .setOutputs("out")
                .setInputTypes(InputType.feedForward(4), InputType.feedForward(3))
                .build());
    graph.init();
    return graph;
  }

  private static final List<String> GRAPH_NORMS =
      List.of("firstNorm", "rightNorm", "innerNorm", "lastNorm");

  private static MultiDataSet twoInputs() {
    INDArray right = noise(EXAMPLES, 3);
    DataSet left = points();
    return new MultiDataSet(
        new INDArray[] {left.getFeatures(), right}, new INDArray[] {left.getLabels()});
  }

  @Test
  void statisticsOfAGraphAreThoseOfTheWholeData() {
    for (boolean logStd : new boolean[] {true, false}) {
      ComputationGraph graph = graph(logStd);
      MultiDataSet data = twoInputs();
      graph.fit(data);
      graph.fit(data);

      assertEquals(4, BatchNormStatistics.recalibrate(graph, MultiBatches.of(data, BATCH)));

      assertFits(graph, data.getFeatures(), GRAPH_NORMS);
      float[] first = graph.params().toFloatVector();
      BatchNormStatistics.recalibrate(graph, MultiBatches.of(data, BATCH));
      assertArrayEquals(first, graph.params().toFloatVector());
    }
  }

  @Test
  void graphOfAnMlnHasItsStatistics() {
    for (Case example : cases().toList()) {
      MultiLayerNetwork network = example.trained();
      ComputationGraph graph = network.toComputationGraph();
      graph.setParams(network.params());
      BatchNormStatistics.recalibrate(network, batches(example.data(), BATCH));
      BatchNormStatistics.recalibrate(graph, batches(example.data(), BATCH));
      assertArrayEquals(
          network.params().toFloatVector(), graph.params().toFloatVector(), example.toString());
    }
  }

  // ---------------------------------------------------------------- frozen layers

  @Test
  void frozenLayersKeepTheirStatistics() {
    MultiLayerNetwork network =
        new TransferLearning.Builder(cases().findFirst().orElseThrow().trained())
            .setFeatureExtractor(2)
            .build();
    assertInstanceOf(FrozenLayer.class, network.getLayer(2));
    float[] frozen = network.getLayer(2).params().dup().data().asFloat();

    assertEquals(2, BatchNormStatistics.recalibrate(network, batches(points(), BATCH)));

    assertArrayEquals(frozen, network.getLayer(2).params().dup().data().asFloat());
  }

  @Test
  void frozenLayersOfAGraphKeepTheirStatistics() {
    ComputationGraph graph =
        new TransferLearning.GraphBuilder(graph(true)).setFeatureExtractor("firstNorm").build();
    assertInstanceOf(FrozenLayer.class, graph.getLayer("firstNorm"));
    float[] frozen = graph.getLayer("firstNorm").params().dup().data().asFloat();

    assertEquals(3, BatchNormStatistics.recalibrate(graph, MultiBatches.of(twoInputs(), BATCH)));

    assertArrayEquals(frozen, graph.getLayer("firstNorm").params().dup().data().asFloat());
  }

  @Test
  void networkWithoutBatchNormIsLeftAlone() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            base()
                .list()
                .layer(units(3))
                .layer(softmax())
                .setInputType(InputType.feedForward(4))
                .build());
    network.init();
    float[] before = network.params().toFloatVector();
    assertEquals(0, BatchNormStatistics.recalibrate(network, batches(points(), BATCH)));
    assertArrayEquals(before, network.params().toFloatVector());
  }

  // ---------------------------------------------------------------- errors

  private static void assertRefused(
      Class<? extends Exception> type, String message, DataSetIterator data) {
    MultiLayerNetwork network = dense(new Norm(true, false));
    network.init();
    network.fit(points());
    float[] before = network.params().toFloatVector();
    Exception e = assertThrows(type, () -> BatchNormStatistics.recalibrate(network, data));
    assertTrue(e.getMessage().startsWith(message), e.getMessage());
    assertArrayEquals(before, network.params().toFloatVector());

    ComputationGraph graph = network.toComputationGraph();
    graph.setParams(network.params());
    assertThrows(
        type, () -> BatchNormStatistics.recalibrate(graph, new MultiDataSetIteratorAdapter(data)));
    assertArrayEquals(before, graph.params().toFloatVector());
  }

  @Test
  void noDataIsRefused() {
    assertRefused(
        IllegalStateException.class,
        "The iterator is empty",
        new ExistingDataSetIterator(List.<DataSet>of()));
  }

  @Test
  void dataForOnePassIsRefused() {
    assertRefused(
        IllegalArgumentException.class,
        "Recalibration makes a pass over the data per batch-norm layer",
        new IteratorDataSetIterator(points().batchBy(BATCH).iterator(), BATCH));
  }

  @Test
  void dataThatIsNotFiniteIsRefused() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      DataSet data = points();
      data.getFeatures().putScalar(EXAMPLES - 1, 2, bad);
      assertRefused(
          IllegalStateException.class,
          "The inputs of the batch-norm layer 'layer0' are not all finite over 250 values",
          batches(data, BATCH));
    }
  }

  @Test
  void failureInALaterPassUndoesTheEarlierOnes() {
    assertRefused(
        ArithmeticException.class,
        "This pass fails",
        new ExistingDataSetIterator(points().batchBy(BATCH)) {
          private int resets;

          @Override
          public void reset() {
            // Before and after the first pass, before the second.
            if (++resets % 3 == 0) {
              throw new ArithmeticException("This pass fails");
            }
            super.reset();
          }
        });
  }

  @Test
  void networkWithoutParametersIsRefused() {
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () ->
                BatchNormStatistics.recalibrate(
                    dense(new Norm(true, false)), batches(points(), BATCH)));
    assertTrue(e.getMessage().contains("call init()"), e.getMessage());
  }
}
