// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

/** The cases in {@code conformance/schedules}; the README beside them says where they come from. */
class ScheduleCasesTest {

  private static JsonNode cases(String name) throws IOException {
    try (InputStream in =
        ScheduleCasesTest.class.getResourceAsStream("/conformance/schedules/" + name)) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static void assertDecays(JsonNode expected, DecaySchedule schedule) {
    assertTrue(expected.size() > 0);
    for (Map.Entry<String, JsonNode> at : expected.properties()) {
      double decay = at.getValue().asDouble();
      long update = Long.parseLong(at.getKey());
      assertEquals(decay, schedule.decayAt(update), 1e-13 * decay, schedule + " at " + update);
    }
  }

  private static void assertIntervals(JsonNode expected, DecaySchedule schedule) {
    assertTrue(expected.size() > 0);
    for (Map.Entry<String, JsonNode> over : expected.properties()) {
      String[] ends = over.getKey().split("\\.\\.");
      double decay = over.getValue().asDouble();
      assertEquals(
          decay,
          schedule.decayOver(Long.parseLong(ends[0]), Long.parseLong(ends[1])),
          1e-12 * decay + Double.MIN_NORMAL,
          schedule + " over " + over.getKey());
    }
  }

  @Test
  void debiasedIsAnAverageFromZeroDividedByItsWeight() throws IOException {
    JsonNode file = cases("debiased.json");
    JsonNode params = file.get("params");
    for (JsonNode one : file.get("cases")) {
      DecaySchedule schedule = DecaySchedule.debiased(one.get("decay").asDouble());
      assertDecays(one.get("decay_at"), schedule);
      assertIntervals(one.get("decay_over"), schedule);

      ParameterAverage average =
          new ParameterAverage(
              AveragingConfig.of(schedule), Nd4j.createFromArray(vector(params.get(0))));
      for (int update = 1; update < params.size(); update++) {
        average.update(Nd4j.createFromArray(vector(params.get(update))));
        assertEquals(0, average.counters().initialShare());
        JsonNode expected = one.get("shadow").get(Integer.toString(update));
        if (expected != null) {
          assertArrayEquals(
              vector(expected), average.shadow().toDoubleVector(), 1e-12, schedule.toString());
        }
      }
    }
  }

  @Test
  void debiasedGivesTheExamplesOfTensorFlowAndOptax() throws IOException {
    JsonNode optax = cases("debiased.json").get("optax");
    ParameterAverage average =
        new ParameterAverage(
            AveragingConfig.of(DecaySchedule.debiased(optax.get("decay").asDouble())),
            Nd4j.createFromArray(-123.0));
    double[] values = vector(optax.get("values"));
    double[] debiased = vector(optax.get("debiased"));
    for (int i = 0; i < values.length; i++) {
      average.update(Nd4j.createFromArray(values[i]));
      assertEquals(debiased[i], average.shadow().getDouble(0), 1e-13);
    }

    JsonNode tensorFlow = cases("debiased.json").get("tensorflow");
    DecaySchedule schedule = DecaySchedule.debiased(tensorFlow.get("decay").asDouble());
    double constant = tensorFlow.get("constant").asDouble();
    average = new ParameterAverage(AveragingConfig.of(schedule), Nd4j.createFromArray(-123.0));
    for (double expected : vector(tensorFlow.get("debiased"))) {
      average.update(Nd4j.createFromArray(constant));
      assertEquals(expected, average.shadow().getDouble(0));
    }
  }

  @Test
  void debiasedApproachesTheMeanAsTheDecayApproachesOne() {
    DecaySchedule nearlyOne = DecaySchedule.debiased(1 - 1e-12);
    for (long update = 1; update <= 1000; update++) {
      assertEquals(DecaySchedule.uniform().decayAt(update), nearlyOne.decayAt(update), 1e-6);
    }
    assertEquals(0, DecaySchedule.debiased(0).decayAt(7));
    assertEquals(0, DecaySchedule.debiased(0).decayOver(2, 7));
  }

  @Test
  void cosineIsThatOfLightlyAndOneLongerThatOfByol() throws IOException {
    JsonNode file = cases("cosine.json");
    for (JsonNode one : file.get("cases")) {
      assertDecays(
          one.get("decay_at"),
          DecaySchedule.cosine(
              one.get("start").asDouble(), one.get("end").asDouble(), one.get("updates").asLong()));
    }
    JsonNode byol = file.get("byol");
    DecaySchedule schedule =
        DecaySchedule.cosine(byol.get("base").asDouble(), 1, byol.get("K").asLong() + 1);
    for (Map.Entry<String, JsonNode> at : byol.get("tau").properties()) {
      assertEquals(
          at.getValue().asDouble(), schedule.decayAt(Long.parseLong(at.getKey()) + 1), 1e-13);
    }
    assertEquals(0.7, DecaySchedule.cosine(0.5, 0.7, 1).decayAt(1));
  }

  @Test
  void halfLifeFractionIsThatOfTorchtitan() throws IOException {
    JsonNode file = cases("half_life_fraction.json");
    DecaySchedule schedule = DecaySchedule.halfLifeFraction(file.get("fraction").asDouble());
    assertDecays(file.get("decay_at"), schedule);
    assertIntervals(file.get("decay_over"), schedule);
    for (Map.Entry<String, JsonNode> share : file.get("initial_share").properties()) {
      double expected = share.getValue().asDouble();
      assertEquals(
          expected, schedule.decayOver(1, Long.parseLong(share.getKey())), 1e-12 * expected);
    }
    // Its like among the power functions.
    DecaySchedule power =
        DecaySchedule.powerFunction(file.get("sigma_rel_of_equivalent").asDouble());
    assertEquals(power.decayAt(10_000), schedule.decayAt(10_000), 1e-6);
  }

  private static double[] vector(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asDouble();
    }
    return values;
  }
}
