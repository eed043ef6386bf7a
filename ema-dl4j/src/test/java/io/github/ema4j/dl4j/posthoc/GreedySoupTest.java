// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.testing.Bits;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

class GreedySoupTest {

  /** A weight and a bias. */
  private static MultiLayerNetwork twoParameters() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .dataType(DataType.DOUBLE)
                .list()
                .layer(
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(1)
                        .nOut(1)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
    network.init();
    return network;
  }

  private static INDArray vector(double... values) {
    return Nd4j.createFromArray(values);
  }

  private static ToDoubleFunction<MultiLayerNetwork> distanceFrom(double... target) {
    return network -> network.params().reshape(target.length).distance2(vector(target));
  }

  @Test
  void ingredientsAreThoseOfThePaper() throws IOException {
    JsonNode example;
    try (InputStream in =
        GreedySoupTest.class.getResourceAsStream("/conformance/greedy_soup.json")) {
      example = new ObjectMapper().readTree(in).get("example");
    }
    List<INDArray> candidates = new ArrayList<>();
    for (JsonNode each : example.get("candidates")) {
      candidates.add(vector(each.get(0).asDouble(), each.get(1).asDouble()));
    }
    MultiLayerNetwork network = twoParameters();
    Bits before = Bits.of(network.params());
    GreedySoup.Result<MultiLayerNetwork> soup =
        GreedySoup.minimizing(network, distanceFrom(0, 0)).of(candidates);
    assertEquals(
        numbers(example.get("steps").get("order")),
        soup.trials().stream().map(GreedySoup.Trial::candidate).toList());
    assertEquals(numbers(example.get("steps").get("chosen")), soup.chosen());
    assertArrayEquals(new double[] {-0.05, 0.05}, soup.network().params().toDoubleVector(), 1e-15);
    assertEquals(Math.hypot(0.05, 0.05), soup.score(), 1e-15);
    assertEquals(before, Bits.of(network.params()));
  }

  private static List<Integer> numbers(JsonNode node) {
    List<Integer> numbers = new ArrayList<>();
    node.forEach(each -> numbers.add(each.asInt()));
    return numbers;
  }

  @Test
  void whatIsAsGoodStaysInAndWhatIsWorseDoesNot() {
    List<INDArray> candidates = List.of(vector(2, 0), vector(2, 0), vector(5, 0), vector(2, 0));
    GreedySoup.Result<MultiLayerNetwork> soup =
        GreedySoup.maximizing(
                twoParameters(), network -> -Math.abs(network.params().getDouble(0) - 1))
            .of(candidates);
    assertEquals(List.of(0, 1, 3), soup.chosen());
    assertEquals(
        List.of(-1.0, -1.0, -1.0, -2.0),
        soup.trials().stream()
            .map(GreedySoup.Trial::together)
            .map(s -> (double) Math.round(s))
            .toList()); // (2 + 2 + 2 + 5) / 4 = 2.75
    assertEquals(-4, soup.trials().get(3).alone());
  }

  @Test
  void candidatesWithoutScoreAreLeftOut() {
    ToDoubleFunction<MultiLayerNetwork> score =
        network -> network.params().getDouble(0) > 2 ? Double.NaN : 1;
    GreedySoup<MultiLayerNetwork> search = GreedySoup.maximizing(twoParameters(), score);
    assertEquals(List.of(1), search.of(List.of(vector(3, 0), vector(1, 0))).chosen());
    assertThrows(IllegalStateException.class, () -> search.of(List.of(vector(3, 0))));
  }

  /** The mean of deviations 1 and 0.1 is not that of their logarithms. */
  @Test
  void variancesAreAveragedAsVariancesAndTheNetworkIsAsItWasScored() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new DenseLayer.Builder().nIn(1).nOut(1).build())
                .layer(new BatchNormalization.Builder().nIn(1).nOut(1).build())
                .layer(new OutputLayer.Builder().nIn(1).nOut(2).build())
                .build());
    network.init();
    MultiLayerNetwork other = network.clone();
    network.getParam("1_log10stdev").assign(0);
    other.getParam("1_log10stdev").assign(-1);
    List<Double> seen = new ArrayList<>();
    GreedySoup.Result<MultiLayerNetwork> soup =
        GreedySoup.maximizing(
                network,
                each -> {
                  seen.add(each.getParam("1_log10stdev").getDouble(0));
                  each.getParam("1_mean").assign(7); // as a recalibration would
                  return 1;
                })
            .of(List.of(network.params(), other.params()));
    assertEquals(0.5 * Math.log10((1 + 0.01) / 2), seen.get(seen.size() - 1), 1e-6);
    assertEquals(7, soup.network().getParam("1_mean").getDouble(0));
  }

  @Test
  void badCandidatesAreRefused() {
    GreedySoup<MultiLayerNetwork> search = GreedySoup.maximizing(twoParameters(), network -> 1);
    assertThrows(IllegalArgumentException.class, () -> search.of(List.of()));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> search.of(List.of(vector(1, 2), vector(1, 2, 3))))
            .getMessage();
    assertTrue(message.contains("2 parameters") && message.contains("1 has 3"), message);
    assertThrows(
        NonFiniteParametersException.class,
        () -> search.of(List.of(vector(1, 2), vector(1, Double.NaN))));
  }
}
