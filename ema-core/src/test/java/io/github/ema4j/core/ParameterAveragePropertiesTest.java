// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What holds for every parameter vector, type, decay and schedule. */
class ParameterAveragePropertiesTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  /** A run: vectors of one length and type, as many as wanted, all made from the seed. */
  record Run(DataType type, DataType shadowType, int length, long seed) {
    INDArray params(int step) {
      return random(type, length, seed + 1_000_003L * step);
    }

    AveragingConfig.Builder config() {
      return AveragingConfig.builder().shadowType(shadowType);
    }

    INDArray inShadowType(INDArray params) {
      return params.castTo(shadowType);
    }
  }

  private ParameterAverage average(Run run, DecaySchedule schedule) {
    return kernel().average(run.config().schedule(schedule).build(), run.params(0));
  }

  /** One decay after the other; the last stays. */
  record Decays(List<Double> decays) implements DecaySchedule {
    @Override
    public double decayAt(long update) {
      return decays.get((int) Math.min(update, decays.size()) - 1);
    }

    @Override
    public String spec() {
      return "decays" + decays;
    }
  }

  @Provide
  Arbitrary<Run> runs() {
    return Combinators.combine(
            Arbitraries.of(DataType.FLOAT, DataType.DOUBLE, DataType.HALF),
            Arbitraries.of(DataType.FLOAT, DataType.DOUBLE),
            Arbitraries.oneOf(
                Arbitraries.integers().between(1, 5000), Arbitraries.of(1, 2, 511, 512, 513, 1024)),
            Arbitraries.longs())
        .as(Run::new)
        .withoutEdgeCases()
        .filter(
            run ->
                run.type() != DataType.DOUBLE
                    || run.shadowType()
                        == DataType
                            .DOUBLE); // the lengths at a block's border are among the ordinary ones
  }

  @Provide
  Arbitrary<Double> decay() {
    return Arbitraries.oneOf(
            Arbitraries.doubles().between(0, 1).ofScale(6),
            Arbitraries.doubles().between(0.99, 1).ofScale(9),
            Arbitraries.of(
                0.0,
                Double.MIN_VALUE,
                1e-30,
                0.5,
                Math.nextUp(0.5),
                Math.nextDown(0.5),
                0.9999,
                Math.nextDown(1.0),
                1.0))
        .withoutEdgeCases();
  }

  @Provide
  Arbitrary<DecaySchedule> decays() {
    return decay().list().ofMinSize(1).ofMaxSize(8).withoutEdgeCases().map(Decays::new);
  }

  @Property
  void constantParametersStayBitExact(
      @ForAll("runs") Run run, @ForAll("decays") DecaySchedule schedule) {
    ParameterAverage average = average(run, schedule);
    INDArray params = run.params(0);
    for (int update = 0; update < 8; update++) {
      average.update(params);
    }
    assertArrayEquals(bits(run.inShadowType(params)), bits(average.shadow()));
  }

  @Property
  void decayZeroEqualsTheParametersInBits(@ForAll("runs") Run run) {
    ParameterAverage average = average(run, DecaySchedule.constant(0));
    for (int step = 1; step <= 2; step++) {
      average.update(run.params(step));
      assertArrayEquals(bits(run.inShadowType(run.params(step))), bits(average.shadow()));
    }
  }

  @Property
  void decayOneNeverMoves(@ForAll("runs") Run run) {
    ParameterAverage average = average(run, DecaySchedule.constant(1));
    for (int step = 1; step <= 3; step++) {
      assertTrue(average.update(run.params(step)));
    }
    assertArrayEquals(bits(run.inShadowType(run.params(0))), bits(average.shadow()));
  }

  @Property
  void updatesOnlyReadTheParameters(
      @ForAll("runs") Run run, @ForAll("decays") DecaySchedule schedule) {
    ParameterAverage average = average(run, schedule);
    INDArray params = run.params(1);
    average.update(params);
    assertArrayEquals(bits(run.params(1)), bits(params));
  }

  @Property
  void anOpenSwapPutsTheAverageInAndAClosedOneIsTheIdentity(
      @ForAll("runs") Run run, @ForAll("decay") double decay) {
    ParameterAverage average = average(run, DecaySchedule.constant(decay));
    average.update(run.params(1));
    INDArray averaged = average.shadow().dup();
    INDArray params = run.params(2);
    try (Swap swap = average.swap(params)) {
      assertTrue(average.isSwapped());
      assertArrayEquals(bits(averaged.castTo(run.type())), bits(params));
    }
    assertFalse(average.isSwapped());
    assertArrayEquals(bits(run.params(2)), bits(params));
    assertArrayEquals(bits(averaged), bits(average.shadow()));
  }

  /** The hull of an element: the smallest and largest that went into it, in the shadow's type. */
  @Property
  void theShadowStaysInsideTheHullOfWhatItAveraged(
      @ForAll("runs") Run run, @ForAll("decays") DecaySchedule schedule) {
    ParameterAverage average = average(run, schedule);
    double[] low = run.inShadowType(run.params(0)).toDoubleVector();
    double[] high = low.clone();
    for (int step = 1; step <= 8; step++) {
      average.update(run.params(step));
      double[] params = run.inShadowType(run.params(step)).toDoubleVector();
      double[] shadow = average.shadow().toDoubleVector();
      for (int i = 0; i < shadow.length; i++) {
        low[i] = Math.min(low[i], params[i]);
        high[i] = Math.max(high[i], params[i]);
        assertTrue(
            low[i] <= shadow[i] && shadow[i] <= high[i],
            "element " + i + ": " + shadow[i] + " not in " + low[i] + ".." + high[i]);
      }
    }
  }

  /**
   * In units in the last place of the larger magnitude the difference errs by one, which the weight
   * halves, the weight by one, the product and the sum by a half: 2.5. The expected value, in
   * double, errs by up to 2 units of a double itself.
   */
  @Property
  void anUpdateIsTheDefinitionWithinAFewUlpsOfTheLargerMagnitude(
      @ForAll("runs") Run run, @ForAll("decay") double decay) {
    ParameterAverage average = average(run, DecaySchedule.constant(decay));
    average.update(run.params(1));
    double[] start = run.inShadowType(run.params(0)).toDoubleVector();
    double[] params = run.inShadowType(run.params(1)).toDoubleVector();
    for (int i = 0; i < start.length; i++) {
      double expected = decay * start[i] + (1 - decay) * params[i];
      double largest = Math.max(Math.abs(start[i]), Math.abs(params[i]));
      double bound =
          run.shadowType() == DataType.FLOAT
              ? 2.6 * Math.ulp((float) largest)
              : 4.5 * Math.ulp(largest);
      assertEquals(expected, average.shadow().getDouble(i), bound, "element " + i);
    }
  }

  @Property
  void viewsWithAnOffsetGiveTheSameBitsAsArraysOfTheirOwn(
      @ForAll("runs") Run run,
      @ForAll("decays") DecaySchedule schedule,
      @ForAll @IntRange(min = 1, max = 70) int offset) {
    INDArray flat = Nd4j.create(run.type(), run.length() + 2L * offset);
    INDArray view = flat.get(NDArrayIndex.interval(offset, offset + run.length()));
    view.assign(run.params(0));
    AveragingConfig config = run.config().schedule(schedule).build();
    ParameterAverage ofView = kernel().average(config, view);
    ParameterAverage ofArray = kernel().average(config, run.params(0));
    for (int step = 1; step <= 3; step++) {
      view.assign(run.params(step));
      ofView.update(view);
      ofArray.update(run.params(step));
    }
    assertArrayEquals(bits(ofArray.shadow()), bits(ofView.shadow()));
    try (Swap swap = ofView.swap(view)) {
      assertArrayEquals(bits(ofArray.shadow().castTo(run.type())), bits(view));
    }
    assertArrayEquals(bits(run.params(3)), bits(view));
    // Nothing was written beside the view.
    assertEquals(0, flat.get(NDArrayIndex.interval(0, offset)).amaxNumber().doubleValue());
    assertEquals(
        0,
        flat.get(NDArrayIndex.interval(offset + run.length(), flat.length()))
            .amaxNumber()
            .doubleValue());
  }

  @Property
  void theInitialShareIsTheProductOfTheDecaysApplied(
      @ForAll("runs") Run run, @ForAll("decays") DecaySchedule schedule) {
    ParameterAverage average = average(run, schedule);
    double product = 1;
    for (int step = 1; step <= 10; step++) {
      average.update(run.params(step));
      product *= average.decay();
      assertEquals(schedule.decayAt(step), average.decay());
      assertEquals(product, average.initialShare());
    }
  }

  /**
   * Every input has a share in the average; run over unit impulses, element j shows the share of
   * the vector of step j.
   */
  @Property
  void theSharesOfAllInputsAddUpToOneAndThatOfTheStartIsTheInitialShare(
      @ForAll("decays") DecaySchedule schedule,
      @ForAll @IntRange(min = 1, max = 5) int every,
      @ForAll @IntRange(min = 0, max = 5) int startAfter,
      @ForAll boolean correct) {
    int steps = 30;
    INDArray impulses = Nd4j.eye(steps + 1).castTo(DataType.DOUBLE);
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(schedule)
            .updateEvery(every)
            .startAfter(startAfter)
            .correctDecayForInterval(correct)
            .build();
    ParameterAverage average = kernel().average(config, impulses.getRow(0));
    for (int step = 1; step <= steps; step++) {
      average.update(impulses.getRow(step));
    }
    double[] shares = average.shadow().toDoubleVector();
    assertEquals(1, Arrays.stream(shares).sum(), 1e-13);
    // The start of the average is the last vector that was copied.
    assertEquals(average.initialShare(), shares[startAfter], 1e-13);
    for (int step = 0; step <= steps; step++) {
      boolean due = step >= startAfter && (step - startAfter) % every == 0;
      assertTrue(due ? shares[step] >= 0 : shares[step] == 0, "share of step " + step);
    }
  }

  /** The counters and the shadow against a model of one number that follows the documentation. */
  @Property
  void countsAndTimesOfUpdatesFollowTheDocumentation(
      @ForAll @IntRange(min = 1, max = 7) int every,
      @ForAll @IntRange(min = 0, max = 20) int startAfter,
      @ForAll boolean correct,
      @ForAll("decays") DecaySchedule schedule) {
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(schedule)
            .updateEvery(every)
            .startAfter(startAfter)
            .correctDecayForInterval(correct)
            .build();
    ParameterAverage average = kernel().average(config, Vectors.doubles(1));
    double expected = 1;
    double initialShare = 1;
    double decay = Double.NaN;
    long updates = 0;
    List<Double> sinceLast = new ArrayList<>();
    for (int step = 1; step <= 60; step++) {
      double params = Math.sin(step);
      boolean due = false;
      if (step <= startAfter) {
        expected = params;
      } else {
        sinceLast.add(schedule.decayAt(step - startAfter));
        due = sinceLast.size() == every;
      }
      if (due) {
        updates++;
        decay =
            correct ? sinceLast.stream().reduce(1.0, (a, b) -> a * b) : schedule.decayAt(updates);
        expected = decay * expected + (1 - decay) * params;
        initialShare *= decay;
        sinceLast.clear();
      }
      assertEquals(due, average.update(Vectors.doubles(params)), "step " + step);
      assertEquals(step, average.stepCount());
      assertEquals(updates, average.updateCount());
      assertEquals(0, average.skippedUpdates());
      assertEquals(decay, average.decay(), 1e-15);
      assertEquals(initialShare, average.initialShare(), 1e-15);
      assertEquals(expected, average.shadow().getDouble(0), 1e-14);
    }
  }

  @Property
  void setMakesItAsIfNew(@ForAll("runs") Run run, @ForAll("decays") DecaySchedule schedule) {
    ParameterAverage used = average(run, schedule);
    used.update(run.params(1));
    used.update(run.params(2));
    used.set(run.params(3));
    AveragingConfig config = run.config().schedule(schedule).build();
    ParameterAverage fresh = kernel().average(config, run.params(3));
    for (int step = 4; step <= 6; step++) {
      assertEquals(fresh.update(run.params(step)), used.update(run.params(step)));
    }
    assertArrayEquals(bits(fresh.shadow()), bits(used.shadow()));
    assertEquals(fresh.stepCount(), used.stepCount());
    assertEquals(fresh.updateCount(), used.updateCount());
    assertEquals(fresh.initialShare(), used.initialShare());
  }
}
