// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.schedule.DecaySchedule.constant;
import static io.github.ema4j.core.schedule.DecaySchedule.copyFirst;
import static io.github.ema4j.core.schedule.DecaySchedule.inversePower;
import static io.github.ema4j.core.schedule.DecaySchedule.numUpdates;
import static io.github.ema4j.core.schedule.DecaySchedule.uniform;
import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.GoldenData.Parameter;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Replays a real training trajectory and compares with what timm, torch, TensorFlow and Keras make
 * of it.
 */
class ConformanceTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  private static final GoldenData GOLDEN = new GoldenData();

  private static final Map<String, DecaySchedule> SCHEDULES =
      Map.ofEntries(
          entry("timm_v2_d0.9", constant(0.9)),
          entry("timm_v2_d0.99", constant(0.99)),
          entry("timm_v2_d0.999", constant(0.999)),
          entry("timm_v2_d0.9999", constant(0.9999)),
          entry("timm_v1_d0.99", constant(0.99)),
          entry("timm_v3_nostep_d0.99", constant(0.99)),
          entry("timm_v3_nostep_d0.9999", constant(0.9999)),
          entry("timm_v3_nostep_foreach113_d0.99", constant(0.99)),
          entry("timm_v3_step_d0.9999", copyFirst(1, constant(0.9999))),
          entry("timm_v3_warmup_d0.9999", inversePower(0.9999)),
          entry("timm_v3_warmup_d0.95", inversePower(0.95)),
          entry(
              "timm_v3_warmup_g10_p0.75_min0.5_after20_d0.999",
              inversePower(0.999, 10, 0.75, 0.5, 20)),
          // update_after_step=50 copies at the steps up to 51
          entry("timm_v3_after50_d0.99", copyFirst(51, constant(0.99))),
          entry("timm_v3_exclbuf_d0.99", constant(0.99)),
          entry("torch_avgmodel_ema_d0.99", copyFirst(1, constant(0.99))),
          entry("torch_avgmodel_swa", uniform()),
          entry("tf_ema_d0.99", constant(0.99)),
          entry("tf_ema_numupdates_d0.9999", numUpdates(0.9999)),
          entry("keras_use_ema_m0.99", copyFirst(1, constant(0.99))));

  /** They copy at their first update whatever their decay, which is what the golden file names. */
  private static final Set<String> NOMINAL_AT_FIRST =
      Set.of("torch_avgmodel_ema_d0.99", "keras_use_ema_m0.99");

  static List<String> configurations() {
    return GOLDEN.configurations();
  }

  @Test
  void everyReferenceConfigurationIsReplayed() {
    assertEquals(19, GOLDEN.configurations().size());
    assertEquals(SCHEDULES.keySet(), Set.copyOf(GOLDEN.configurations()));
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void aDoubleShadowEqualsTheReferenceInFloat64(String configuration) {
    // The references' own forms differ from ours by up to 5e-15 over 200 updates.
    double[] magnitudes = GOLDEN.magnitudes();
    double[][] shadows = replay(configuration, DataType.DOUBLE);
    for (int at = 0; at < shadows.length; at++) {
      double error = largestError(shadows[at], GOLDEN.expected(configuration, at), magnitudes);
      assertTrue(error <= 1e-13, "error " + error + " after " + GOLDEN.updates()[at]);
    }
  }

  /**
   * 200 roundings of half a unit in the last place each, at random, add up to about 1e-6 of the
   * value. Where the references' float32 run does worse than a millionth we may do as badly, but
   * not worse.
   */
  @ParameterizedTest
  @MethodSource("configurations")
  void aFloatShadowIsWithinAMillionthOrTheReferencesOwnFloat32Error(String configuration) {
    double[] magnitudes = GOLDEN.magnitudes();
    double[][] shadows = replay(configuration, DataType.FLOAT);
    for (int at = 0; at < shadows.length; at++) {
      double[] expected = GOLDEN.expected(configuration, at);
      double error = largestError(shadows[at], expected, magnitudes);
      double theirs = largestError(GOLDEN.expectedInFloat(configuration, at), expected, magnitudes);
      assertTrue(
          error <= Math.max(1e-6, theirs),
          "error " + error + ", theirs " + theirs + ", after " + GOLDEN.updates()[at]);
    }
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void theDecaysAppliedAreThoseOfTheReference(String configuration) {
    ParameterAverage average =
        kernel().average(config(SCHEDULES.get(configuration)), GOLDEN.params(0));
    int at = 0;
    for (int step = 1; step <= last(GOLDEN.updates()); step++) {
      average.update(GOLDEN.params(step));
      if (step == GOLDEN.updates()[at]) {
        boolean copies = step == 1 && NOMINAL_AT_FIRST.contains(configuration);
        double expected = copies ? 0 : GOLDEN.decay(configuration, at);
        assertEquals(expected, average.decay(), 1e-15, "after update " + step);
        at++;
      }
    }
  }

  /** The average after each of the golden updates. */
  private double[][] replay(String configuration, DataType shadowType) {
    int[] updates = GOLDEN.updates();
    double[][] shadows = new double[updates.length][];
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(SCHEDULES.get(configuration))
            .shadowType(shadowType)
            .build();
    ParameterAverage average = kernel().average(config, GOLDEN.params(0), coverage(configuration));
    int at = 0;
    for (int step = 1; step <= last(updates); step++) {
      average.update(GOLDEN.params(step));
      if (step == updates[at]) {
        shadows[at++] = average.shadow().toDoubleVector();
      }
    }
    return shadows;
  }

  /** timm's exclude_buffers copies the statistics of batch norm. */
  private static Coverage coverage(String configuration) {
    int length = GOLDEN.magnitudes().length;
    return configuration.contains("exclbuf")
        ? Coverage.parse(length, ranges(p -> !isStatistic(p)), ranges(ConformanceTest::isStatistic))
        : Coverage.all(length);
  }

  private static boolean isStatistic(Parameter parameter) {
    return parameter.key().endsWith("_mean") || parameter.key().endsWith("_log10stdev");
  }

  private static String ranges(Predicate<Parameter> wanted) {
    return GOLDEN.layout().stream()
        .filter(wanted)
        .map(p -> p.offset() + "-" + (p.offset() + p.length()))
        .collect(Collectors.joining(","));
  }

  private static AveragingConfig config(DecaySchedule schedule) {
    return AveragingConfig.builder().schedule(schedule).build();
  }

  private static int last(int[] updates) {
    return updates[updates.length - 1];
  }

  /** The largest error of an element, relative to that parameter's largest magnitude. */
  private static double largestError(double[] actual, double[] expected, double[] magnitudes) {
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(actual[i] - expected[i]) / magnitudes[i]);
    }
    return largest;
  }
}
