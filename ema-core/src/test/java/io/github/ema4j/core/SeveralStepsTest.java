// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** An update that stands for several steps has the decays of all of them. */
class SeveralStepsTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  private static final DecaySchedule WARM_UP = DecaySchedule.numUpdates(0.99);

  private static INDArray params(double value) {
    return Nd4j.createFromArray(value, -value, 2 * value);
  }

  private static AveragingConfig.Builder config() {
    return AveragingConfig.builder().schedule(WARM_UP);
  }

  private ParameterAverage average(AveragingConfig config) {
    return kernel().average(config, params(1));
  }

  private static double[] shadow(ParameterAverage average) {
    return average.shadow().toDoubleVector();
  }

  @Test
  void equalIntervalsAreThoseOfUpdateEvery() {
    ParameterAverage several = average(config().build());
    ParameterAverage every = average(config().updateEvery(3).build());
    for (int update = 1; update <= 5; update++) {
      INDArray params = params(update * update);
      assertFalse(every.update(Nd4j.zerosLike(params)));
      assertFalse(every.update(Nd4j.zerosLike(params)));
      assertTrue(every.update(params));
      assertTrue(several.update(params, 3));
      assertArrayEquals(shadow(every), shadow(several));
      assertEquals(every.counters(), several.counters());
    }
    assertEquals(15, several.stepCount());
    assertEquals(5, several.updateCount());
  }

  @Test
  void unequalIntervalsFollowTheSchedule() {
    ParameterAverage average = average(config().build());
    double expected = 1;
    long steps = 0;
    double share = 1;
    for (int interval : new int[] {3, 1, 7, 2}) {
      double decay = WARM_UP.decayOver(steps + 1, steps + interval);
      steps += interval;
      share *= decay;
      expected = decay * expected + (1 - decay) * 10 * interval;
      average.update(params(10 * interval), interval);
      assertEquals(decay, average.decay());
      assertEquals(expected, shadow(average)[0], 1e-12);
      assertEquals(share, average.initialShare());
    }
    assertEquals(13, average.counters().averagedSteps());
  }

  @Test
  void oneStepIsAnOrdinaryUpdate() {
    ParameterAverage one = average(config().build());
    ParameterAverage ordinary = average(config().build());
    for (int step = 1; step <= 4; step++) {
      one.update(params(step), 1);
      ordinary.update(params(step));
      assertArrayEquals(shadow(ordinary), shadow(one));
    }
    assertEquals(ordinary.counters(), one.counters());
  }

  @Test
  void averagingMayStartWithinAnInterval() {
    ParameterAverage average = average(config().startAfter(5).build());
    assertFalse(average.update(params(2), 4)); // copies
    assertArrayEquals(params(2).toDoubleVector(), shadow(average));
    assertTrue(average.update(params(3), 4)); // steps 6 to 8 count
    assertEquals(WARM_UP.decayOver(1, 3), average.decay());
    assertEquals(3, average.counters().averagedSteps());
    assertTrue(average.update(params(4), 2));
    assertEquals(WARM_UP.decayOver(4, 5), average.decay());
  }

  @Test
  void withoutCorrectionAnUpdateHasTheDecayOfOne() {
    ParameterAverage average = average(config().correctDecayForInterval(false).build());
    average.update(params(2), 4);
    assertEquals(WARM_UP.decayAt(1), average.decay());
    average.update(params(2), 4);
    assertEquals(WARM_UP.decayAt(2), average.decay());
  }

  @Test
  void scheduleWaitsForWhatIsSkipped() {
    ParameterAverage average = average(config().build());
    average.update(params(2), 2);
    assertFalse(average.update(params(Double.NaN), 5));
    assertTrue(average.update(params(3), 4));
    assertEquals(WARM_UP.decayOver(3, 6), average.decay());
    assertEquals(11, average.stepCount());
    assertEquals(1, average.skippedUpdates());
  }

  @Test
  void aResumedAverageGoesOnWhereTheScheduleWas() {
    ParameterAverage whole = average(config().build());
    whole.update(params(2), 5);
    whole.update(params(3), 2);
    AverageState state = AverageState.of(whole);
    Map<String, Object> map = state.info().toMap();
    assertEquals(7L, map.get("averagedSteps"));
    AverageInfo read = AverageInfo.fromMap(map);
    assertEquals(state.info(), read);
    ParameterAverage resumed =
        new AverageState(read, state.shadow(), new double[0]).resume(params(3));
    whole.update(params(4), 3);
    resumed.update(params(4), 3);
    assertArrayEquals(shadow(whole), shadow(resumed));
    assertEquals(whole.counters(), resumed.counters());
  }

  @Test
  void savedStateOfEqualIntervalsIsAsEver() {
    ParameterAverage every = average(config().updateEvery(2).build());
    for (int step = 1; step <= 5; step++) {
      every.update(params(step));
    }
    Map<String, Object> map = AverageInfo.of(every).toMap();
    assertFalse(map.containsKey("averagedSteps"));
    assertEquals(4, AverageInfo.fromMap(map).counters().averagedSteps());
  }

  /** What an average over several machines rests on: a shard is an average of its own. */
  @Test
  void averagesOfSlicesAreSlicesOfTheAverage() {
    INDArray start = Nd4j.rand(1001);
    ParameterAverage whole = kernel().average(config().build(), start);
    ParameterAverage[] shards = new ParameterAverage[4];
    for (int i = 0; i < shards.length; i++) {
      shards[i] = kernel().average(config().build(), shard(start, i));
    }
    for (int round = 0; round < 5; round++) {
      INDArray params = Nd4j.rand(1001);
      whole.update(params, 3);
      for (int i = 0; i < shards.length; i++) {
        shards[i].update(shard(params, i), 3);
        assertArrayEquals(
            shard(whole.shadow(), i).toFloatVector(), shards[i].shadow().toFloatVector());
      }
    }
  }

  private static INDArray shard(INDArray vector, int index) {
    return vector.get(NDArrayIndex.interval(index * 251L, Math.min(1001, (index + 1) * 251L)));
  }

  @Test
  void badInputIsRefused() {
    ParameterAverage average = average(config().build());
    Exception none =
        assertThrows(IllegalArgumentException.class, () -> average.update(params(2), 0));
    assertTrue(none.getMessage().contains("at least 1 step, but was of 0"), none.getMessage());
    ParameterAverage every = average(config().updateEvery(2).build());
    Exception both = assertThrows(IllegalStateException.class, () -> every.update(params(2), 3));
    assertTrue(both.getMessage().contains("updateEvery(2)"), both.getMessage());
    assertEquals(AverageCounters.START, average.counters());
    assertEquals(AverageCounters.START, every.counters());
  }
}
