// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AverageCounters;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class AverageStateTest {

  private static final AveragingConfig CONFIG =
      AveragingConfig.builder()
          .schedule(DecaySchedule.inversePower(0.999))
          .updateEvery(3)
          .startAfter(2)
          .build();

  private static INDArray params(DataType type, int step) {
    Random random = new Random(step);
    double[] values = random.doubles(37, -2, 2).toArray();
    values[5] = -0.0;
    values[6] = 1e-40;
    return Nd4j.createFromArray(values).castTo(type);
  }

  private static ParameterAverage average(DataType type, AveragingConfig config, int steps) {
    ParameterAverage average = new ParameterAverage(config, params(type, 0));
    go(average, type, 1, steps);
    return average;
  }

  private static void go(ParameterAverage average, DataType type, int from, int to) {
    for (int step = from; step <= to; step++) {
      average.update(params(type, step));
    }
  }

  private static double[] values(INDArray array) {
    return array.dup().data().asDouble();
  }

  private static void assertRefused(String reason, Executable call) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource(names = {"DOUBLE", "FLOAT", "HALF", "BFLOAT16"})
  void aResumedAverageHasTheBitsOfAnUninterruptedOne(DataType type) {
    ParameterAverage whole = average(type, CONFIG, 20);

    AverageState state = AverageState.of(average(type, CONFIG, 10));
    ParameterAverage resumed = state.resume(params(type, 10));
    go(resumed, type, 11, 20);

    assertArrayEquals(values(whole.shadow()), values(resumed.shadow()));
    assertEquals(whole.counters(), resumed.counters());
    assertEquals(whole.config(), resumed.config());
    assertEquals(type, resumed.paramsType());
  }

  @Test
  void aResumedAverageCoversWhatItDid() {
    Coverage coverage = Coverage.parse(37, "0-10,20-30", "12-15");
    ParameterAverage whole = new ParameterAverage(CONFIG, params(DataType.FLOAT, 0), coverage);
    go(whole, DataType.FLOAT, 1, 20);
    ParameterAverage stopped = new ParameterAverage(CONFIG, params(DataType.FLOAT, 0), coverage);
    go(stopped, DataType.FLOAT, 1, 10);

    AverageState state = AverageState.of(stopped);
    assertEquals(state.info(), AverageInfo.fromMap(state.info().toMap()));
    ParameterAverage resumed = state.resume(params(DataType.FLOAT, 10));
    go(resumed, DataType.FLOAT, 11, 20);

    assertEquals(coverage, resumed.coverage());
    assertArrayEquals(values(whole.shadow()), values(resumed.shadow()));
  }

  @Test
  void aResumedAverageOwnsItsShadow() {
    AverageState state = AverageState.of(average(DataType.FLOAT, CONFIG, 4));

    ParameterAverage resumed = state.resume(params(DataType.FLOAT, 4));

    assertNotSame(state.shadow(), resumed.shadow());
    double[] before = values(state.shadow());
    go(resumed, DataType.FLOAT, 5, 9);
    assertArrayEquals(before, values(state.shadow()));
  }

  @Test
  void goesOnWithParametersOfEitherShapeOfVector() {
    AverageState state = AverageState.of(average(DataType.FLOAT, CONFIG, 4));
    INDArray row = params(DataType.FLOAT, 5).reshape(1, 37);

    ParameterAverage resumed = state.resume(row);
    resumed.update(row);

    assertArrayEquals(new long[] {1, 37}, resumed.shadow().shape());
    assertEquals(5, resumed.stepCount());
  }

  @Test
  void goesOnFromParametersThatHaveDiverged() {
    AverageState state = AverageState.of(average(DataType.FLOAT, CONFIG, 4));
    INDArray diverged = params(DataType.FLOAT, 4);
    diverged.putScalar(3, Double.NaN);

    ParameterAverage resumed = state.resume(diverged);

    assertArrayEquals(values(state.shadow()), values(resumed.shadow()));
  }

  @Test
  void doesNotGoOnFromAShadowThatIsNotFinite() {
    AverageState state = AverageState.of(average(DataType.FLOAT, CONFIG, 4));
    INDArray shadow = state.shadow().dup();
    shadow.putScalar(3, Double.POSITIVE_INFINITY);
    AverageState broken = new AverageState(state.info(), shadow, new double[0]);

    assertThrows(
        NonFiniteParametersException.class, () -> broken.resume(params(DataType.FLOAT, 4)));
  }

  @Test
  void namesWhatDiffers() {
    AverageState state = AverageState.of(average(DataType.FLOAT, CONFIG, 4));
    AveragingConfig other = AveragingConfig.builder().decay(0.9).updateEvery(3).build();

    assertRefused(
        "of 37 parameters, but the network has 36",
        () -> state.resume(Nd4j.create(DataType.FLOAT, 36)));
    assertRefused(
        "of FLOAT parameters, but the network's are DOUBLE",
        () -> state.resume(params(DataType.DOUBLE, 4)));
    assertRefused(
        "expected constant(decay=0.9); startAfter is 2, expected 0",
        () -> state.resume(params(DataType.FLOAT, 4), other));
    assertRefused(
        "of 37 parameters, but there are 5 averaged values",
        () -> new AverageState(state.info(), Nd4j.create(DataType.FLOAT, 5), new double[0]));
    assertRefused(
        "held in FLOAT, but the averaged values are DOUBLE",
        () -> new AverageState(state.info(), Nd4j.create(DataType.DOUBLE, 37), new double[0]));
  }

  @Test
  void aShadowOfAnotherTypeThanConfiguredIsRefused() {
    ParameterAverage average = average(DataType.FLOAT, CONFIG, 4);

    assertRefused(
        "holds 37 FLOAT values, but was given 37 DOUBLE",
        () ->
            ParameterAverage.resume(
                CONFIG,
                average.counters(),
                average.shadow().castTo(DataType.DOUBLE),
                average.variances(),
                params(DataType.FLOAT, 4),
                average.coverage()));
  }

  @Test
  void thereIsNoStateWhileSwapped() {
    ParameterAverage average = average(DataType.FLOAT, CONFIG, 4);
    try (Swap ignored = average.swap(params(DataType.FLOAT, 4))) {
      assertThrows(IllegalStateException.class, () -> AverageState.of(average));
    }
  }

  // ---------------------------------------------------------------- plain values

  @Test
  void plainValuesBringBackTheDescription() {
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(DecaySchedule.copyFirst(3, DecaySchedule.powerFunction(0.1)))
            .updateEvery(2)
            .correctDecayForInterval(false)
            .onNonFinite(NonFinitePolicy.THROW)
            .shadowType(DataType.DOUBLE)
            .build();
    for (int steps : new int[] {0, 1, 7}) {
      AverageInfo info = AverageInfo.of(average(DataType.HALF, config, steps));

      AverageInfo read = AverageInfo.fromMap(info.toMap());

      assertEquals(info, read);
      assertEquals(config, read.settings().toConfig());
      assertEquals(steps > 1, info.toMap().containsKey("decay"));
    }
  }

  @Test
  void plainValuesThatAreMissingOrWrongAreNamed() {
    Map<String, Object> good = AverageInfo.of(average(DataType.FLOAT, CONFIG, 9)).toMap();
    for (String name : good.keySet()) {
      if (name.equals("decay")) {
        continue;
      }
      Map<String, Object> map = new LinkedHashMap<>(good);
      map.remove(name);
      assertRefused("'" + name + "' is missing", () -> AverageInfo.fromMap(map));
      map.put(name, new Object());
      assertRefused("'" + name + "' must be", () -> AverageInfo.fromMap(map));
    }
    assertRefused("must be one of", () -> AverageInfo.fromMap(with(good, "paramsType", "FLAOT")));
    assertRefused("floating", () -> AverageInfo.fromMap(with(good, "paramsType", "INT")));
    assertRefused("FLOAT or DOUBLE", () -> AverageInfo.fromMap(with(good, "shadowType", "HALF")));
    assertRefused("nothing to average", () -> AverageInfo.fromMap(with(good, "length", 0)));
    assertRefused("whole number", () -> AverageInfo.fromMap(with(good, "steps", 9.5)));
    assertRefused("updates", () -> AverageInfo.fromMap(with(good, "updates", 10)));
    assertRefused("initialShare", () -> AverageInfo.fromMap(with(good, "initialShare", 1.5)));
    assertRefused("decay", () -> AverageInfo.fromMap(with(good, "decay", -0.1)));
  }

  private static Map<String, Object> with(Map<String, Object> map, String name, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(map);
    changed.put(name, value);
    return changed;
  }

  @Test
  void aCustomScheduleIsNamedAndNeedsItsCode() {
    DecaySchedule custom =
        new DecaySchedule() {
          @Override
          public double decayAt(long update) {
            return 0.25;
          }

          @Override
          public String spec() {
            return "mine(x=1)";
          }
        };
    AveragingConfig config = AveragingConfig.builder().schedule(custom).build();
    AverageState state = AverageState.of(average(DataType.FLOAT, config, 3));

    assertRefused("'mine'", () -> state.resume(params(DataType.FLOAT, 3)));
    assertEquals(3, state.resume(params(DataType.FLOAT, 3), config).updateCount());
  }

  @Test
  void countersMustFitEachOther() {
    assertTrue(Double.isNaN(AverageCounters.START.decay()));
    assertFalse(new AverageCounters(5, 2, 3, 1, 0.5, 0.25).equals(AverageCounters.START));
    assertRefused("steps", () -> new AverageCounters(-1, 0, 0, 0, Double.NaN, 1));
    assertRefused("updates", () -> new AverageCounters(1, 2, 1, 0, 0.5, 1));
    assertRefused("skipped", () -> new AverageCounters(1, 0, 0, 2, Double.NaN, 1));
    assertRefused("decay", () -> new AverageCounters(1, 1, 1, 0, Double.NaN, 1));
    assertRefused("decay", () -> new AverageCounters(1, 0, 0, 0, 0.5, 1));
    assertRefused("initialShare", () -> new AverageCounters(1, 1, 1, 0, 0.5, Double.NaN));
    assertRefused("averagedSteps", () -> new AverageCounters(5, 2, 6, 0, 0.5, 0.25));
    assertRefused("averagedSteps", () -> new AverageCounters(5, 2, 1, 0, 0.5, 0.25));
    assertRefused("averagedSteps", () -> new AverageCounters(5, 0, 1, 0, Double.NaN, 1));
    assertRefused("restores must", () -> new AverageCounters(5, 2, 3, 1, 0.5, 0.25, 2, 0, 0));
    assertRefused("restores must", () -> new AverageCounters(5, 2, 3, 1, 0.5, 0.25, -1, 0, 0));
    assertRefused("restoresInARow", () -> new AverageCounters(5, 2, 3, 2, 0.5, 0.25, 1, 2, 0));
    assertRefused("restoresInARow", () -> new AverageCounters(9, 2, 3, 5, 0.5, 0.25, 4, 4, 0));
    assertRefused("restoresInARow", () -> new AverageCounters(9, 2, 3, 5, 0.5, 0.25, 4, -1, 0));
    assertRefused("awaitedSteps", () -> new AverageCounters(5, 2, 3, 0, 0.5, 0.25, 0, 0, 6));
  }

  @Test
  void aResumeWithAnotherUnitOrStartIsAnError() {
    AveragingConfig steps = AveragingConfig.of(0.9);
    AveragingConfig examples =
        AveragingConfig.builder().decay(0.9).unit(AveragingUnit.EXAMPLES).build();
    AveragingConfig later = AveragingConfig.builder().decay(0.9).startAfterEpochs(2).build();
    INDArray params = params(DataType.FLOAT, 0);
    for (AveragingConfig saved : List.of(steps, examples, later)) {
      ParameterAverage average = new ParameterAverage(saved, params);
      average.update(params, 5, 0);
      AverageState state = AverageState.of(average);
      assertEquals(state.info(), AverageInfo.fromMap(state.info().toMap()));
      Map<String, Object> map = state.info().toMap();
      assertEquals(saved.unit() == AveragingUnit.EXAMPLES, map.containsKey("unit"));
      assertEquals(saved.startAfterEpochs() > 0, map.containsKey("startAfterEpochs"));
      assertEquals(saved, state.resume(params, saved).config());
      assertEquals(saved, state.resume(params).config());
      assertEquals(average.counters(), state.resume(params).counters());
    }
    assertRefused(
        "unit is STEPS, expected EXAMPLES",
        () -> AverageState.of(new ParameterAverage(steps, params)).resume(params, examples));
    assertRefused(
        "unit is EXAMPLES, expected STEPS",
        () -> AverageState.of(new ParameterAverage(examples, params)).resume(params, steps));
    assertRefused(
        "startAfterEpochs is 2, expected 0",
        () -> AverageState.of(new ParameterAverage(later, params)).resume(params, steps));
  }

  @Test
  void restoresAreAmongThePlainValuesWhereThereWereAny() {
    AverageInfo none = AverageInfo.of(average(DataType.FLOAT, CONFIG, 9));
    assertFalse(none.toMap().containsKey("restores"));
    for (long inARow = 0; inARow < 2; inARow++) {
      AverageInfo some =
          new AverageInfo(
              none.length(),
              none.paramsType(),
              none.shadowType(),
              none.coverage(),
              none.settings(),
              new AverageCounters(9, 2, 4, 3, 0.5, 0.25, 2, inARow, 0));
      assertEquals(some, AverageInfo.fromMap(some.toMap()));
    }
  }
}
