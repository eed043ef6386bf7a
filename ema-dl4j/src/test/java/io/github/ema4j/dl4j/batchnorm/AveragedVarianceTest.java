// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.batchnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.Ranges;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.NetworkParameter;
import io.github.ema4j.dl4j.NetworkParameter.Form;
import io.github.ema4j.dl4j.ParameterSelection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.shade.jackson.core.type.TypeReference;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** Variances of batch norm are averaged as variances, whatever form the layer holds them in. */
@Tag("numbers")
class AveragedVarianceTest {

  private static final int FEATURES = 3;

  private static MultiLayerNetwork network(DataType type, Layer... layers) {
    NeuralNetConfiguration.ListBuilder list =
        new NeuralNetConfiguration.Builder().seed(1).dataType(type).updater(new Sgd(0.1)).list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            list.layer(
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nOut(2)
                        .activation(Activation.IDENTITY)
                        .build())
                .setInputType(InputType.feedForward(FEATURES))
                .build());
    network.init();
    return network;
  }

  private static BatchNormalization batchNorm(boolean logarithm) {
    return new BatchNormalization.Builder().useLogStd(logarithm).build();
  }

  // ---------------------------------------------------------------- against PyTorch

  private record Expected(double[] mean, double[] variance) {}

  @SuppressWarnings("unchecked")
  private static Map<String, ?> golden() {
    try (InputStream json = resource("golden.json")) {
      return new ObjectMapper().readValue(json, new TypeReference<Map<String, ?>>() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(
        AveragedVarianceTest.class.getResourceAsStream("/batchnorm/" + name));
  }

  private static INDArray inputs() throws IOException {
    try (InputStream npy = resource("inputs.npy")) {
      return Nd4j.createNpyFromByteArray(npy.readAllBytes());
    }
  }

  private static double[] doubles(Object list) {
    return ((List<?>) list).stream().mapToDouble(v -> ((Number) v).doubleValue()).toArray();
  }

  private static Expected expected(String decay, int index) {
    Map<?, ?> decays = (Map<?, ?>) golden().get("decays");
    Map<?, ?> at = (Map<?, ?>) ((List<?>) decays.get(decay)).get(index);
    return new Expected(doubles(at.get("mean")), doubles(at.get("variance")));
  }

  static Stream<Arguments> networksOfTheGoldenCase() {
    return Stream.of(
        Arguments.of(DataType.DOUBLE, true, 1e-12),
        Arguments.of(DataType.DOUBLE, false, 1e-12),
        Arguments.of(DataType.FLOAT, true, 1e-6),
        Arguments.of(DataType.FLOAT, false, 1e-6));
  }

  /** timm's formula over PyTorch's state dict, see make_golden.py beside the data. */
  @ParameterizedTest
  @MethodSource("networksOfTheGoldenCase")
  void meanAndVarianceAreThoseOfTimm(DataType type, boolean logarithm, double tolerance)
      throws IOException {
    String[] decays = {"0.9", "0.99", "0.999"};
    ModelEmaGroup group =
        ModelEmaGroup.of(Stream.of(decays).mapToDouble(Double::parseDouble).toArray());
    MultiLayerNetwork network = network(type, batchNorm(logarithm));
    network.addListeners(group);
    INDArray inputs = inputs().castTo(type);
    INDArray labels = Nd4j.zeros(type, inputs.size(1), 2);
    int compared = 0;
    for (int i = 0; i < inputs.size(0); i++) {
      network.fit(inputs.get(NDArrayIndex.point(i)).dup(), labels);
      int at = doublesAsInts(golden().get("updates")).indexOf(i + 1);
      for (int d = 0; at >= 0 && d < decays.length; d++) {
        Expected expected = expected(decays[d], at);
        Map<String, INDArray> averaged = group.get(d).network(network).paramTable();
        assertClose(expected.mean(), averaged.get("0_mean").toDoubleVector(), tolerance);
        assertClose(expected.variance(), variances(averaged, logarithm), tolerance);
        compared++;
      }
    }
    assertEquals(9, compared);
  }

  private static List<Integer> doublesAsInts(Object list) {
    return ((List<?>) list).stream().map(v -> ((Number) v).intValue()).toList();
  }

  private static double[] variances(Map<String, INDArray> table, boolean logarithm) {
    if (!logarithm) {
      return table.get("0_var").toDoubleVector();
    }
    double[] logs = table.get("0_log10stdev").toDoubleVector();
    return java.util.Arrays.stream(logs).map(l -> Math.pow(10, 2 * l)).toArray();
  }

  private static void assertClose(double[] expected, double[] actual, double tolerance) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], tolerance * Math.max(1, Math.abs(expected[i])));
    }
  }

  // ---------------------------------------------------------------- which parameters they are

  private static List<Form> forms(Model network) {
    return NetworkParameter.of(network).stream()
        .filter(p -> p.form() != Form.PLAIN)
        .map(NetworkParameter::form)
        .toList();
  }

  @Test
  void theyAreFoundInEveryWrapping() {
    Layer dense = new DenseLayer.Builder().nOut(FEATURES).build();
    assertEquals(
        List.of(Form.LOG10_DEVIATION, Form.VARIANCE),
        forms(network(DataType.FLOAT, dense, batchNorm(true), batchNorm(false))));
    assertEquals(
        List.of(Form.LOG10_DEVIATION, Form.VARIANCE),
        forms(
            network(
                DataType.FLOAT,
                new FrozenLayer(batchNorm(true)),
                new FrozenLayerWithBackprop(batchNorm(false)))));
    assertEquals(List.of(Form.LOG10_DEVIATION), forms(graph(batchNorm(true))));
    assertEquals(List.of(Form.LOG10_DEVIATION), forms(graph(new FrozenLayer(batchNorm(true)))));
    assertEquals(List.of(), forms(network(DataType.FLOAT, dense)));
  }

  private static ComputationGraph graph(Layer layer) {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("in")
                .addLayer("layer", layer, "in")
                .addLayer("out", new OutputLayer.Builder(LossFunction.MSE).nOut(2).build(), "layer")
                .setOutputs("out")
                .setInputTypes(InputType.feedForward(FEATURES))
                .build());
    graph.init();
    return graph;
  }

  @Test
  void theSelectionCoversThemUnlessTheyAreCopiedOrAskedForAsLogarithms() {
    MultiLayerNetwork network = network(DataType.FLOAT, batchNorm(true), batchNorm(false));
    // gamma, beta, mean and deviation of three features each, twice
    Coverage all = ParameterSelection.averageAll().of(network);
    assertEquals("9-12", Coverage.text(all.log10Deviations()));
    assertEquals("21-24", Coverage.text(all.variances().plain()));
    assertEquals(Ranges.all(network.numParams()), all.averaged());
    ParameterSelection copied = ParameterSelection.averageAll().copyBatchNormStatistics();
    assertTrue(copied.of(network).variances().isEmpty());
    assertEquals(
        0,
        ParameterSelection.averageAll()
            .batchNormDeviationsAsLogarithms()
            .of(network)
            .log10Deviations()
            .count());
    ParameterSelection one =
        ParameterSelection.averageAll().batchNormDeviationsAsLogarithms().copyLayers("layer1");
    assertEquals(0, one.of(network).log10Deviations().count());
  }

  @Test
  void theOldDomainIsHadOnRequest() throws IOException {
    MultiLayerNetwork network = network(DataType.FLOAT, batchNorm(true));
    ModelEmaListener asVariance = new ModelEmaListener(0.9);
    ModelEmaListener asLogarithm =
        ModelEmaListener.builder()
            .decay(0.9)
            .parameters(ParameterSelection.averageAll().batchNormDeviationsAsLogarithms())
            .build();
    network.addListeners(asVariance, asLogarithm);
    float[] log = new float[FEATURES];
    float[] variance = {1, 1, 1};
    INDArray inputs = inputs();
    INDArray labels = Nd4j.zeros(DataType.FLOAT, inputs.size(1), 2);
    for (int i = 0; i < 100; i++) {
      network.fit(inputs.get(NDArrayIndex.point(i)).dup(), labels);
      float[] raw = network.paramTable().get("0_log10stdev").toFloatVector();
      for (int j = 0; j < FEATURES; j++) {
        log[j] -= 0.1f * (log[j] - raw[j]);
        variance[j] += 0.1f * ((float) Math.pow(10, 2 * raw[j]) - variance[j]);
      }
    }
    assertArrayEquals(
        log, asLogarithm.network(network).paramTable().get("0_log10stdev").toFloatVector());
    float[] held = asVariance.network(network).paramTable().get("0_log10stdev").toFloatVector();
    for (int j = 0; j < FEATURES; j++) {
      assertEquals(1, Math.pow(10, 2 * held[j]) / variance[j], 1e-4);
    }
    // The third feature is silent from batch 50 on: the mean of logarithms is of another size.
    assertTrue(held[2] - log[2] > 0.15, held[2] + " and " + log[2]);
  }
}
