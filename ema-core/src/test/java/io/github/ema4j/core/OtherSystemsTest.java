// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Averages that other systems have a class of their own for, put together from what is here: the
 * cases in {@code conformance/others}; the README beside them says where they come from.
 */
class OtherSystemsTest {

  private static JsonNode cases(String name) throws IOException {
    try (InputStream in =
        OtherSystemsTest.class.getResourceAsStream("/conformance/others/" + name)) {
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

  private static INDArray vector(JsonNode node) {
    return Nd4j.createFromArray(numbers(node));
  }

  private static ParameterAverage average(DecaySchedule schedule, INDArray start) {
    return new ParameterAverage(
        AveragingConfig.builder().schedule(schedule).shadowType(DataType.DOUBLE).build(), start);
  }

  @Test
  void recommendedDecaysReachBackOverATwentiethOfTheRun() throws IOException {
    JsonNode cases = cases("recommended_decay.json").get("cases");
    assertEquals(7, cases.size());
    for (Map.Entry<String, JsonNode> one : cases.properties()) {
      long updates = Long.parseLong(one.getKey());
      double decay = one.getValue().get("proposed").asDouble();
      assertEquals(decay, DecayAdvice.recommendedDecay(updates), 1e-15, one.getKey());
      if (decay < 0.9999) {
        assertEquals(
            one.getValue().get("initial_share_proposed").asDouble(),
            Math.pow(decay, updates),
            1e-15,
            one.getKey());
      }
    }
  }

  /** TRL's, as a schedule of one's own; what it adds to the average is arithmetic on reading. */
  private record Bema(JsonNode one) implements DecaySchedule {
    private static final double RHO = 10;

    private double step(long update) {
      return one.get("tau").asDouble() + update * one.get("phi").asDouble();
    }

    @Override
    public double decayAt(long update) {
      return 1 - Math.pow(RHO + step(update), -one.get("kappa").asDouble());
    }

    double alpha(long update) {
      return Math.pow(RHO + step(update), -one.get("eta").asDouble());
    }

    @Override
    public String spec() {
      return "bema";
    }
  }

  @Test
  void bemaIsAnAverageOfAScheduleOfItsOwnAndAStepFromTheStart() throws IOException {
    JsonNode file = cases("bema.json");
    JsonNode params = file.get("params");
    int compared = 0;
    for (JsonNode one : file.get("cases")) {
      Bema bema = new Bema(one);
      int tau = one.get("tau").asInt();
      int phi = one.get("phi").asInt();
      INDArray start = vector(params.get(tau));
      ParameterAverage average = average(bema, start);
      for (int step = tau + phi; step < params.size(); step += phi) {
        INDArray now = vector(params.get(step));
        average.update(now);
        JsonNode expected = one.get("steps").get(Integer.toString(step));
        if (expected != null) {
          long update = average.counters().updates();
          INDArray shadow = average.shadow();
          assertArrayEquals(numbers(expected.get("ema")), shadow.toDoubleVector(), 1e-13);
          assertArrayEquals(
              numbers(expected.get("bema")),
              shadow.add(now.sub(start).mul(bema.alpha(update))).toDoubleVector(),
              1e-13);
          compared++;
        }
      }
    }
    assertEquals(18, compared);
  }

  @Test
  void aDecayForEachParameterIsAnAverageForEachDecay() throws IOException {
    JsonNode file = cases("per_parameter_decay.json");
    INDArray start = vector(file.get("start"));
    double[] expected = numbers(file.get("shadow"));
    for (Map.Entry<String, JsonNode> range : file.get("ranges").properties()) {
      JsonNode own = file.get("decays").get(range.getKey());
      double decay = own.isNull() ? file.get("default").asDouble() : own.asDouble();
      long[] from = {range.getValue().get(0).asLong()};
      long[] to = {range.getValue().get(1).asLong()};
      ParameterAverage average =
          new ParameterAverage(
              AveragingConfig.of(decay),
              start,
              new Coverage(Ranges.of(start.length(), from, to), Ranges.none(start.length())));
      file.get("params").forEach(params -> average.update(vector(params)));
      for (int i = (int) from[0]; i < to[0]; i++) {
        assertEquals(expected[i], average.shadow().getDouble(i), 1e-13, range.getKey());
      }
      String end =
          decay == 0.9 ? "smallest" : decay == 0.999 ? "largest" : "between"; // of initial shares
      if (file.get("initial_share").has(end)) {
        assertEquals(
            file.get("initial_share").get(end).asDouble(),
            average.counters().initialShare(),
            1e-13);
      }
    }
  }

  /** The means that a variance of the weights is taken around. */
  @Test
  void meansUnderThreeSchedules() throws IOException {
    JsonNode file = cases("weight_variance.json");
    JsonNode params = file.get("params");
    int compared = 0;
    for (JsonNode one : file.get("cases")) {
      ParameterAverage average =
          average(DecaySchedule.parse(one.get("schedule").asText()), vector(params.get(0)));
      for (int update = 1; update < params.size(); update++) {
        average.update(vector(params.get(update)));
        JsonNode expected = one.get("at").get(Integer.toString(update));
        if (expected != null) {
          assertArrayEquals(
              numbers(expected.get("mean")), average.shadow().toDoubleVector(), 1e-13);
          compared++;
        }
      }
    }
    assertEquals(12, compared);
  }

  /** Targets of temporal ensembling (Laine and Aila 2017) are a debiased average of predictions. */
  @Test
  void targetsOfTemporalEnsemblingAreADebiasedAverage() throws IOException {
    JsonNode file = cases("write_back.json").get("temporal_ensembling");
    JsonNode predictions = file.get("p");
    ParameterAverage average =
        average(
            DecaySchedule.debiased(file.get("alpha").asDouble()),
            Nd4j.create(DataType.DOUBLE, predictions.get(0).size()));
    for (int update = 0; update < predictions.size(); update++) {
      average.update(vector(predictions.get(update)));
      assertArrayEquals(
          numbers(file.get("target").get(update)), average.shadow().toDoubleVector(), 1e-15);
    }
    assertEquals(3, predictions.size());
  }
}
