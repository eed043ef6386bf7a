// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** What every schedule of the package promises. */
class DecaySchedulePropertiesTest {

  @Provide
  Arbitrary<DecaySchedule> schedules() {
    return Arbitraries.lazyOf(
        this::simple,
        () ->
            Combinators.combine(Arbitraries.longs().between(0, 1000), schedules())
                .as(DecaySchedule::copyFirst));
  }

  private Arbitrary<DecaySchedule> simple() {
    Arbitrary<Double> decay =
        Arbitraries.oneOf(
            Arbitraries.doubles().between(0, 1).ofScale(9),
            Arbitraries.of(0.0, Double.MIN_VALUE, 0.9999, Math.nextDown(1.0), 1.0));
    Arbitrary<Double> scale =
        Arbitraries.oneOf(
            Arbitraries.doubles().between(0.001, 100_000).ofScale(3),
            Arbitraries.of(Double.MIN_VALUE, 1e-9, 1.0, 1e9, Double.MAX_VALUE));
    Arbitrary<Long> count = Arbitraries.longs().between(0, 10_000);
    return Arbitraries.oneOf(
        decay.map(DecaySchedule::constant),
        scale.map(DecaySchedule::halfLife),
        scale.filter(s -> s >= 1).map(DecaySchedule::window),
        decay.map(DecaySchedule::inversePower),
        Combinators.combine(decay, scale, scale, decay, count)
            .as(
                (d, gamma, power, min, after) ->
                    DecaySchedule.inversePower(d, gamma, power, min * d, after)),
        decay.map(DecaySchedule::numUpdates),
        Combinators.combine(decay, scale).as(DecaySchedule::exponentialRamp),
        Combinators.combine(decay, scale).as(DecaySchedule::momentumAnnealing),
        Combinators.combine(decay, decay, count.map(c -> c + 1)).as(DecaySchedule::linearRamp),
        Combinators.combine(decay, decay, count.map(c -> c + 1)).as(DecaySchedule::cosine),
        decay.filter(d -> d < 1).map(DecaySchedule::debiased),
        scale.map(DecaySchedule::halfLifeFraction),
        Arbitraries.just(DecaySchedule.uniform()),
        Arbitraries.oneOf(
                Arbitraries.doubles().between(0.01, 0.288675).ofScale(6),
                Arbitraries.of(0.05, 0.10, Math.nextDown(1 / Math.sqrt(12))))
            .map(DecaySchedule::powerFunction));
  }

  @Property(tries = 2000)
  void everyDecayLiesInZeroToOne(
      @ForAll("schedules") DecaySchedule schedule, @ForAll @LongRange(min = 1) long update) {
    for (long u : new long[] {1, 2, 3, update, update % 20_000 + 1, Long.MAX_VALUE}) {
      double decay = schedule.decayAt(u);
      assertTrue(decay >= 0 && decay <= 1, schedule + " has " + decay + " at " + u);
    }
  }

  @Property(tries = 1000)
  void parseReadsWhatSpecWrites(@ForAll("schedules") DecaySchedule schedule) {
    DecaySchedule read = DecaySchedule.parse(schedule.spec());
    assertEquals(schedule, read);
    assertEquals(schedule.spec(), read.spec());
    for (long update : new long[] {1, 2, 17, 1000, 123_456}) {
      assertEquals(schedule.decayAt(update), read.decayAt(update));
    }
  }

  /**
   * A product of 100 factors errs by about 100 units in the last place, or 100 times the exponent
   * where each is a power: a relative 1e-12 at sigmaRel 0.01.
   */
  @Property(tries = 1000)
  void decayOverIsTheProductOfTheDecays(
      @ForAll("schedules") DecaySchedule schedule,
      @ForAll @LongRange(min = 1, max = 20_000) long first,
      @ForAll @IntRange(min = 1, max = 100) int count) {
    double product = 1;
    for (long update = first; update < first + count; update++) {
      product *= schedule.decayAt(update);
    }
    double over = schedule.decayOver(first, first + count - 1);
    assertEquals(product, over, 2e-12 * product + Double.MIN_NORMAL, schedule.toString());
    assertTrue(over >= 0 && over <= 1);
  }
}
