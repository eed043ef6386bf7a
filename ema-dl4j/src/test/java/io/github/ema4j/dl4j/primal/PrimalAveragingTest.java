// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.primal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

class PrimalAveragingTest {

  private static JsonNode file() throws IOException {
    try (InputStream in =
        PrimalAveragingTest.class.getResourceAsStream("/conformance/primal_averaging.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static double[] numbers(JsonNode node) {
    double[] numbers = new double[node.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = node.get(i).asDouble();
    }
    return numbers;
  }

  private static PrimalAveraging of(JsonNode one) {
    double rate = one.get("lr").asDouble();
    double interpolation = one.get("muy").asDouble();
    return new PrimalAveraging(
        rate,
        interpolation,
        one.get("c").isTextual()
            ? DecaySchedule.uniform()
            : DecaySchedule.constant(1 - one.get("c").asDouble()));
  }

  // ---------------------------------------------------------------- the numbers

  @Test
  void pointsAreThoseOfTheThreeSequences() throws IOException {
    int compared = 0;
    for (JsonNode one : file().get("cases")) {
      PrimalAveraging config = of(one);
      double mu = config.interpolation();
      INDArray d = Nd4j.create(DataType.DOUBLE, 3);
      GradientUpdater<PrimalAveraging> updater = config.instantiate(d, true);
      INDArray y = Nd4j.createFromArray(1.0, -2, 0.5);
      INDArray curvature = Nd4j.createFromArray(1, 4, 0.25);
      INDArray lowest = Nd4j.createFromArray(3.0, 1, -1);
      for (int step = 1; step <= 40; step++) {
        INDArray gradient = y.sub(lowest).muli(curvature);
        updater.applyUpdater(gradient, step - 1, 0);
        y.subi(gradient);
        JsonNode x = one.get("x").get(Integer.toString(step));
        if (x != null) {
          compared++;
          assertArrayEquals(numbers(x), y.add(d.mul((1 - mu) / mu)).toDoubleVector(), 1e-12);
          assertArrayEquals(
              numbers(one.get("z").get(Integer.toString(step))), y.sub(d).toDoubleVector(), 1e-12);
        }
      }
    }
    assertEquals(16, compared);
  }

  @Test
  void pointsOfTheWarmUpCountByTheSquareOfTheirLearningRate() throws IOException {
    JsonNode warmUp = file().get("warmup");
    int steps = warmUp.get("warmup_steps").asInt();
    PrimalAveraging config =
        PrimalAveraging.scheduleFree(warmUp.get("lr").asDouble()).warmUp(steps);
    DecaySchedule schedule = config.averaging();
    List<Map.Entry<String, JsonNode>> shares = new ArrayList<>();
    warmUp.get("c").fields().forEachRemaining(shares::add);
    assertEquals(6, shares.size());
    for (Map.Entry<String, JsonNode> share : shares) {
      int step = Integer.parseInt(share.getKey());
      assertEquals(share.getValue().asDouble(), config.share(schedule, step - 1), 1e-15);
      assertEquals(0.1 * Math.min(1, step / 4.0), config.getLearningRate(step - 1, 0), 1e-17);
    }
    // By definition, over many steps.
    double sum = 0;
    for (int step = 1; step <= 5_000; step++) {
      double weight = Math.pow(Math.min(1, step / 1_000.0), 2);
      sum += weight;
      assertEquals(
          weight / sum, config.warmUp(1_000).share(schedule, step - 1), 1e-12 * weight / sum);
    }
  }

  static Stream<PrimalAveraging> settings() {
    return Stream.of(
        PrimalAveraging.scheduleFree(0.2),
        PrimalAveraging.scheduleFree(0.5).warmUp(10),
        PrimalAveraging.generalized(0.1),
        new PrimalAveraging(0.1, 0.5, DecaySchedule.powerFunction(0.05)),
        new PrimalAveraging(0.1, 1, DecaySchedule.constant(0.9))); // where y is x
  }

  private static MultiLayerNetwork net(PrimalAveraging updater) {
    return Nets.mlp(base -> base.dataType(DataType.DOUBLE).l2(0.01).updater(updater));
  }

  /** The textbook form on a real network, whose parameters are set to y before each gradient. */
  @ParameterizedTest
  @MethodSource("settings")
  void networkStandsAtYAndItsAveragedPointIsX(PrimalAveraging updater) {
    MultiLayerNetwork net = net(updater);
    MultiLayerNetwork byHand = net(updater);
    MultiLayerNetwork marks = net(updater);
    marks.paramTable().forEach((name, part) -> part.assign(name.endsWith("W") ? 1 : 0));
    INDArray weights = marks.params();
    double mu = updater.interpolation();
    INDArray z = byHand.params().dup();
    INDArray x = z.dup();
    for (int step = 1; step <= 30; step++) {
      DataSet batch = Data.points(step, 16);
      batch.setFeatures(batch.getFeatures().castTo(DataType.DOUBLE));
      batch.setLabels(batch.getLabels().castTo(DataType.DOUBLE));
      net.fit(batch);

      INDArray y = x.mul(mu).addi(z.mul(1 - mu));
      byHand.setParams(y);
      byHand.setInput(batch.getFeatures());
      byHand.setLabels(batch.getLabels());
      byHand.computeGradientAndScore();
      INDArray gradient = byHand.gradient().gradient().div(16);
      gradient.addi(y.mul(weights).muli(0.01)); // L2
      double rate = updater.getLearningRate(step - 1, 0);
      double c = updater.share(updater.averaging(), step - 1);
      z.subi(gradient.mul(rate));
      x.muli(1 - c).addi(z.mul(c));

      assertArrayEquals(
          x.toDoubleVector(), AveragedPoint.params(net).toDoubleVector(), 1e-12, "step " + step);
      assertArrayEquals(
          x.mul(mu).addi(z.mul(1 - mu)).toDoubleVector(), net.params().toDoubleVector(), 1e-12);
    }
  }

  // ---------------------------------------------------------------- as a configuration

  private static MultiLayerConfiguration configuration(PrimalAveraging updater) {
    return net(updater).getLayerWiseConfigurations();
  }

  private static PrimalAveraging updaterOf(MultiLayerConfiguration configuration) {
    return (PrimalAveraging) ((BaseLayer) configuration.getConf(0).getLayer()).getIUpdater();
  }

  @Test
  void configurationsSurviveJsonYamlAndSerialization() throws Exception {
    for (PrimalAveraging updater :
        Stream.concat(settings(), Stream.of(scheduled(), PrimalAveraging.generalized(0.3)))
            .toList()) {
      MultiLayerConfiguration configuration = configuration(updater);
      assertEquals(updater, updaterOf(MultiLayerConfiguration.fromJson(configuration.toJson())));
      assertEquals(updater, updaterOf(MultiLayerConfiguration.fromYaml(configuration.toYaml())));
      assertEquals(updater, updaterOf(configuration.clone()));
      assertEquals(updater, updater.clone());

      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(updater);
      }
      try (ObjectInputStream in =
          new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
        assertEquals(updater, in.readObject());
      }
    }
  }

  private static PrimalAveraging scheduled() {
    PrimalAveraging updater = PrimalAveraging.generalized(0.1).warmUp(5);
    updater.setLrAndSchedule(Double.NaN, new StepSchedule(ScheduleType.ITERATION, 0.1, 0.5, 100));
    return updater;
  }

  @Test
  void updatersThatDifferInAnySettingAreNotEqual() {
    PrimalAveraging updater = PrimalAveraging.scheduleFree(0.1);
    assertNotEquals(updater, PrimalAveraging.scheduleFree(0.2));
    assertNotEquals(updater, updater.warmUp(1));
    assertNotEquals(updater, new PrimalAveraging(0.1, 0.8, DecaySchedule.uniform()));
    assertNotEquals(updater, new PrimalAveraging(0.1, 0.9, DecaySchedule.constant(0.9)));
    assertNotEquals(scheduled(), PrimalAveraging.generalized(0.1).warmUp(5));
    assertTrue(updater.toString().contains("uniform()"), updater.toString());
  }

  @Test
  void learningRateCanBeChangedWhileTraining() {
    MultiLayerNetwork net = net(PrimalAveraging.scheduleFree(0.1));
    net.setLearningRate(0.05);
    assertEquals(0.05, net.getLearningRate(0));
    assertEquals(0.05, scheduled().getLearningRate(149, 0));
    assertEquals(0.02, scheduled().getLearningRate(0, 0), 1e-17);
  }

  @Test
  void badSettingsAreRefusedByName() {
    refused("-0.1", () -> PrimalAveraging.scheduleFree(-0.1));
    refused("NaN", () -> PrimalAveraging.generalized(Double.NaN));
    refused("1.1", () -> new PrimalAveraging(0.1, 1.1, DecaySchedule.uniform()));
    refused("0.0", () -> new PrimalAveraging(0.1, 0, DecaySchedule.uniform()));
    refused("-1", () -> PrimalAveraging.scheduleFree(0.1).warmUp(-1));
    refused(
        "warmUp(steps)",
        () ->
            PrimalAveraging.scheduleFree(0.1)
                .setLrAndSchedule(0.1, new StepSchedule(ScheduleType.EPOCH, 0.1, 0.5, 1)));
    refused(
        "Unknown decay schedule",
        () ->
            new PrimalAveraging(
                0.1,
                0.9,
                new DecaySchedule() {
                  @Override
                  public double decayAt(long update) {
                    return 0;
                  }

                  @Override
                  public String spec() {
                    return "mine()";
                  }
                }));
  }

  private static void refused(String part, Runnable action) {
    String message = assertThrows(IllegalArgumentException.class, action::run).getMessage();
    assertTrue(message.contains(part), message);
  }

  // ---------------------------------------------------------------- other types

  /** A step in a type with 11 or 24 bits is that in DOUBLE, rounded a few times. */
  @Test
  void smallerTypesTakeTheSameSteps() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.FLOAT16}) {
      UnaryOperator<NeuralNetConfiguration.Builder> base =
          builder -> builder.dataType(type).updater(PrimalAveraging.scheduleFree(0.2));
      MultiLayerNetwork net = Nets.mlp(base);
      MultiLayerNetwork exact =
          Nets.mlp(b -> b.dataType(DataType.DOUBLE).updater(PrimalAveraging.scheduleFree(0.2)));
      exact.params().assign(net.params());
      for (int step = 0; step < 5; step++) {
        net.fit(Data.points(step, 16));
        exact.fit(Data.points(step, 16));
      }
      double bound = type == DataType.FLOAT ? 1e-5 : 0.05;
      INDArray x = AveragedPoint.params(net);
      assertEquals(type, x.dataType());
      assertArrayEquals(
          AveragedPoint.params(exact).toDoubleVector(),
          x.castTo(DataType.DOUBLE).toDoubleVector(),
          bound);
      assertFalse(x.equals(net.params()));
    }
  }
}
