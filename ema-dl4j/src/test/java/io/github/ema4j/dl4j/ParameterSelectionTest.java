// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static io.github.ema4j.dl4j.ParameterSelection.averageAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Averaging a part of a network. */
class ParameterSelectionTest {

  private static final double DECAY = 0.8;
  private static final DataSet POINTS = Data.points(1, 24);

  // ---------------------------------------------------------------- where parameters are

  record Case(String name, Model network, DataSet data) {

    void fit() {
      ((NeuralNetwork) network).fit(Batches.of(data, 8));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> networks() {
    DataSet images = Data.images(1, 24);
    DataSet sequences = Data.sequences(1, 24, false);
    return Stream.of(
        new Case("MLP", Nets.mlp(), POINTS),
        new Case("graph", Nets.graph(), POINTS),
        new Case("CNN", Nets.cnn(), images),
        new Case("separable convolution", separable(), images),
        new Case("attention", attention(), sequences),
        new Case("constrained Bidirectional", Nets.constrainedBidirectional(), sequences),
        new Case("constrained graph", Nets.constrainedGraph(), POINTS),
        new Case("frozen layer", frozen(), POINTS),
        new Case("frozen layers of a graph", frozenGraph(), POINTS),
        new Case("frozen vertex", frozenAttention(), sequences));
  }

  private static MultiLayerNetwork separable() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            Nets.base()
                .list()
                .layer(new ConvolutionLayer.Builder(1, 1).nOut(2).build())
                .layer(new SeparableConvolution2D.Builder(3, 3).nOut(3).build())
                .layer(new OutputLayer.Builder().activation(Activation.SOFTMAX).nOut(2).build())
                .setInputType(InputType.convolutional(6, 6, 1))
                .build());
    network.init();
    return network;
  }

  /** The vertex has parameters, but no layer. */
  private static ComputationGraph attention() {
    ComputationGraph graph =
        new ComputationGraph(
            Nets.base()
                .graphBuilder()
                .addInputs("in")
                .addLayer("lstm", new LSTM.Builder().nOut(4).build(), "in")
                .addVertex(
                    "attention",
                    new AttentionVertex.Builder()
                        .nInKeys(4)
                        .nInValues(4)
                        .nInQueries(4)
                        .nOut(4)
                        .nHeads(2)
                        .projectInput(true)
                        .build(),
                    "lstm",
                    "lstm",
                    "lstm")
                .addLayer(
                    "out",
                    new RnnOutputLayer.Builder().activation(Activation.SOFTMAX).nOut(2).build(),
                    "attention")
                .setOutputs("out")
                .setInputTypes(InputType.recurrent(3))
                .build());
    graph.init();
    return graph;
  }

  private static MultiLayerNetwork frozen() {
    return new TransferLearning.Builder(Nets.mlp()).setFeatureExtractor(0).build();
  }

  private static ComputationGraph frozenGraph() {
    return new TransferLearning.GraphBuilder(Nets.graph()).setFeatureExtractor("norm").build();
  }

  private static ComputationGraph frozenAttention() {
    return new TransferLearning.GraphBuilder(attention()).setFeatureExtractor("attention").build();
  }

  /** Writes to each array of the table, and looks where the vector changes. */
  @ParameterizedTest
  @MethodSource("networks")
  void everyParameterIsWhereItIsSaidToBe(Case c) {
    INDArray params = c.network.params();
    Map<String, BitSet> expected = new TreeMap<>();
    c.network
        .paramTable()
        .forEach(
            (name, array) -> {
              params.assign(0);
              array.assign(1);
              BitSet places = new BitSet();
              for (int i = 0; i < params.length(); i++) {
                places.set(i, params.getDouble(i) == 1);
              }
              expected.put(name, places);
            });
    Map<String, BitSet> actual = new TreeMap<>();
    for (NetworkParameter parameter : NetworkParameter.of(c.network)) {
      BitSet places = new BitSet();
      places.set((int) parameter.from(), (int) parameter.to());
      // A layer without a name is layer0 here and 0 in the table.
      String layer = parameter.layer().replaceFirst("^layer(?=\\d+$)", "");
      actual.put(layer + "_" + parameter.key(), places);
    }
    assertEquals(expected, actual);
  }

  // ---------------------------------------------------------------- what becomes of them

  /** Averages, copies and excludes the arrays of a network in turn. */
  private static Treatment treatment(List<NetworkParameter> parameters, NetworkParameter one) {
    return Treatment.values()[parameters.indexOf(one) % 3];
  }

  private static ParameterSelection inTurn(List<NetworkParameter> parameters) {
    return averageAll()
        .with("second", Treatment.COPY, p -> treatment(parameters, p) == Treatment.COPY)
        .with("third", Treatment.EXCLUDE, p -> treatment(parameters, p) == Treatment.EXCLUDE);
  }

  private static Bits part(INDArray vector, NetworkParameter parameter) {
    INDArray flat = vector.reshape(vector.length());
    return Bits.of(flat.get(NDArrayIndex.interval(parameter.from(), parameter.to())));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void averagedElementsAreAsInAnAverageOfAllAndTheOthersAsInTheNetwork(Case c) {
    List<NetworkParameter> parameters = NetworkParameter.of(c.network);
    ModelEmaListener all = new ModelEmaListener(DECAY);
    ModelEmaListener some =
        new ModelEmaListener(AveragingConfig.of(DECAY), inTurn(parameters)).start(c.network);
    INDArray start = some.average().shadow().dup(); // the weights as constraints leave them
    c.network.setListeners(all, some);

    for (int epoch = 1; epoch <= 3; epoch++) {
      c.fit();
      assertEquals(3 * epoch, some.updateCount());
      for (NetworkParameter parameter : parameters) {
        if (treatment(parameters, parameter) == Treatment.EXCLUDE && epoch == 1) {
          assertEquals(
              part(start, parameter),
              part(some.average().shadow(), parameter),
              "an update touched " + parameter);
        }
      }
      INDArray shadow = some.shadow();
      for (NetworkParameter parameter : parameters) {
        boolean averaged = treatment(parameters, parameter) == Treatment.AVERAGE;
        INDArray expected = averaged ? all.shadow() : c.network.params();
        assertEquals(part(expected, parameter), part(shadow, parameter), parameter.toString());
      }
    }
    assertNotEquals(Bits.of(all.shadow()), Bits.of(some.shadow()));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void swapLeavesExcludedElementsAloneAndPutsAllBitsBack(Case c) {
    List<NetworkParameter> parameters = NetworkParameter.of(c.network);
    ModelEmaListener ema = new ModelEmaListener(AveragingConfig.of(DECAY), inTurn(parameters));
    c.network.setListeners(ema);
    c.fit();
    INDArray params = c.network.params();
    // What changes outside training is seen, too.
    NetworkParameter excluded = parameters.get(2);
    params.reshape(params.length()).putScalar(excluded.from(), 5);
    INDArray raw = params.dup();
    INDArray averaged = ema.shadow().dup();

    try (Swap ignored = ema.swap(c.network)) {
      for (NetworkParameter parameter : parameters) {
        boolean left = treatment(parameters, parameter) == Treatment.EXCLUDE;
        INDArray expected = left ? raw : averaged;
        assertEquals(part(expected, parameter), part(params, parameter), parameter.toString());
      }
    }

    assertEquals(Bits.of(raw), Bits.of(params));
    assertEquals(Bits.of(averaged), Bits.of(ema.shadow()));
    assertEquals(5, averaged.reshape(params.length()).getDouble(excluded.from()));
  }

  @Test
  void copyViewEvaluatorsAndExportShowTheSameNetwork(@TempDir Path directory) throws IOException {
    MultiLayerNetwork network = Nets.cnn();
    DataSet images = Data.images(3, 24);
    ModelEmaListener ema =
        new ModelEmaListener(DECAY, averageAll().copyBatchNormStatistics().excludeLayers("layer3"));
    network.setListeners(ema);
    network.fit(Batches.of(images, 8), 2);
    Bits raw = Bits.of(network.params());
    Bits averaged = Bits.of(ema.shadow());

    assertEquals(averaged, Bits.of(ema.averagedNetwork(network).params()));
    assertEquals(averaged, Bits.of(ema.averagedView(network).params()));
    try (Swap ignored = ema.swap(network)) {
      assertEquals(averaged, Bits.of(network.params()));
    }
    Path file = directory.resolve("averaged.zip");
    EmaExport.save(file, network, ema);
    MultiLayerNetwork loaded = MultiLayerNetwork.load(file.toFile(), false);
    assertEquals(averaged, Bits.of(loaded.params()));
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(images, 8));
    Evaluation expected = loaded.evaluate(Batches.of(images, 8));
    assertEquals(
        expected.getConfusionMatrix(),
        evaluator.averaged(network).get(Evaluation.class).getConfusionMatrix());
    assertEquals(
        expected.getConfusionMatrix(),
        evaluator.onLiveView().averaged(network).get(Evaluation.class).getConfusionMatrix());
    assertEquals(raw, Bits.of(network.params()));
  }

  // ---------------------------------------------------------------- the rules

  private static void assertCoverage(
      String averaged, String copied, ParameterSelection selection, Model network) {
    Coverage coverage = selection.coverageOf(network);
    assertEquals(averaged, Coverage.text(coverage.averaged()));
    assertEquals(copied, Coverage.text(coverage.copied()));
  }

  @Test
  void rulesNameLayersKeysAndAnythingElse() {
    MultiLayerNetwork mlp = Nets.mlp(); // 4-8-3: 32 and 8, 24 and 3 parameters
    assertCoverage("0-67", "", averageAll(), mlp);
    assertCoverage("40-67", "", averageAll().excludeLayers("layer0"), mlp);
    assertCoverage("0-40", "40-67", averageAll().copyLayers("layer1"), mlp);
    assertCoverage("0-32,40-64", "32-40,64-67", averageAll().keys(Treatment.COPY, "b"), mlp);
    assertCoverage("32-40,64-67", "", averageAll().keys(Treatment.EXCLUDE, "W"), mlp);
    ParameterSelection large =
        averageAll().with("large", Treatment.COPY, p -> p.to() - p.from() > 30);
    assertCoverage("32-67", "0-32", large, mlp);
  }

  @Test
  void laterRulesWin() {
    MultiLayerNetwork mlp = Nets.mlp();
    ParameterSelection biases = averageAll().excludeLayers("layer0").keys(Treatment.COPY, "b");
    assertCoverage("40-64", "32-40,64-67", biases, mlp);
    ParameterSelection again = biases.layers(Treatment.AVERAGE, "layer0", "layer1");
    assertCoverage("0-67", "", again, mlp);
    assertCoverage("40-64", "32-40,64-67", biases, mlp);
  }

  @Test
  void batchNormStatisticsAreMeanAndDeviation() {
    // Dense 4-6, then gamma, beta, mean and log10stdev of 6 each.
    assertCoverage("0-42,54-117", "42-54", averageAll().copyBatchNormStatistics(), Nets.graph());
  }

  @Test
  void frozenLayersAndVerticesCanBeLeftOut() {
    assertCoverage("40-67", "", averageAll().excludeFrozen(), frozen());
    assertCoverage("54-117", "", averageAll().excludeFrozen(), frozenGraph());
    ComputationGraph attention = frozenAttention();
    List<NetworkParameter> out =
        NetworkParameter.of(attention).stream().filter(p -> p.layer().equals("out")).toList();
    assertEquals(2, out.size()); // weights 4 x 2, bias 2
    String range = out.get(0).from() + "-" + (out.get(0).from() + 10);
    assertCoverage(range, "", averageAll().excludeFrozen(), attention);
  }

  @Test
  void frozenLayersStayBitForBitInTheAverageOfAll() {
    // What excludeFrozen saves is time and not accuracy: an average of a constant is the constant.
    MultiLayerNetwork network = frozen();
    ModelEmaListener all = new ModelEmaListener(DECAY);
    ModelEmaListener some =
        new ModelEmaListener(AveragingConfig.of(DECAY), averageAll().excludeFrozen());
    network.setListeners(all, some);
    network.fit(Batches.of(POINTS, 8), 3);
    assertEquals(9, some.updateCount());
    assertEquals(Bits.of(all.shadow()), Bits.of(some.shadow()));
  }

  @Test
  void ruleThatMatchesNothingIsRefusedWithTheNamesThatThereAre() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> averageAll().excludeLayers("layer0", "haed").coverageOf(Nets.mlp()));
    assertEquals(
        "No parameter of the network matches the rule 'layer haed'; there are: [layer0/W, layer0/b,"
            + " layer1/W, layer1/b]",
        e.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> averageAll().excludeFrozen().coverageOf(Nets.mlp()));
    assertThrows(
        IllegalArgumentException.class,
        () -> averageAll().copyBatchNormStatistics().coverageOf(Nets.mlp()));
  }

  @Test
  void selectionThatLeavesNothingToAverageIsRefused() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> averageAll().copyLayers("layer0").excludeLayers("layer1").coverageOf(Nets.mlp()));
    assertEquals("There is nothing to average: no element is averaged", e.getMessage());
  }

  @Test
  void badSelectionIsRefusedBeforeTheFirstStepOfTraining() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(AveragingConfig.of(DECAY), averageAll().excludeLayers("no such"));
    network.setListeners(ema);
    Bits before = Bits.of(network.params());
    assertThrows(IllegalArgumentException.class, () -> network.fit(POINTS));
    assertEquals(before, Bits.of(network.params()));
    assertFalse(ema.isStarted());
  }

  // ---------------------------------------------------------------- values that are not finite

  private static ModelEmaListener ofBiasesCopiedAndLayer1Excluded(
      MultiLayerNetwork network, NonFinitePolicy policy) {
    return new ModelEmaListener(
            AveragingConfig.builder().decay(DECAY).onNonFinite(policy).build(),
            averageAll().keys(Treatment.COPY, "b").excludeLayers("layer1"))
        .start(network);
  }

  @Test
  void excludedValueThatIsNotFiniteIsNotLookedAt() {
    for (NonFinitePolicy policy : List.of(NonFinitePolicy.SKIP, NonFinitePolicy.THROW)) {
      MultiLayerNetwork network = Nets.mlp();
      ModelEmaListener ema = ofBiasesCopiedAndLayer1Excluded(network, policy);
      double lastGood = network.params().getDouble(50);
      network.params().addi(0.5).putScalar(50, Double.NaN);
      assertTrue(ema.update(network));
      assertEquals(0, ema.skippedUpdates());
      assertEquals(lastGood, ema.shadow().getDouble(50));
      assertEquals(network.params().getDouble(51), ema.shadow().getDouble(51));
    }
  }

  @Test
  void copiedValueThatIsNotFiniteKeepsTheLastGoodOneAndTheUpdateIsNotCounted() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = ofBiasesCopiedAndLayer1Excluded(network, NonFinitePolicy.SKIP);
    double lastGood = network.params().getDouble(32);
    network.params().addi(0.5).putScalar(32, Double.POSITIVE_INFINITY);
    assertFalse(ema.update(network));
    assertEquals(1, ema.skippedUpdates());
    assertEquals(lastGood, ema.shadow().getDouble(32));
    assertEquals(network.params().getDouble(33), ema.shadow().getDouble(33));
  }

  @Test
  void copiedValueThatIsNotFiniteCanStopTheRunBeforeAnythingChanges() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = ofBiasesCopiedAndLayer1Excluded(network, NonFinitePolicy.THROW);
    Bits before = Bits.of(ema.average().shadow());
    network.params().addi(0.5).putScalar(32, Double.NaN);
    assertThrows(NonFiniteParametersException.class, () -> ema.update(network));
    assertEquals(before, Bits.of(ema.average().shadow()));
    assertEquals(0, ema.updateCount());
  }
}
