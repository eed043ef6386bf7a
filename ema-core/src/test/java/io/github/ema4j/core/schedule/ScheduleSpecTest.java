// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import static io.github.ema4j.core.schedule.DecaySchedule.linearRamp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text form of schedules, as {@link DecaySchedule#parse} takes it. */
class ScheduleSpecTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "constant",
        "constant(",
        "constant()",
        "constant(decay=)",
        "constant(decay=high)",
        "constant(decay=1.5)",
        "constant(decay=NaN)",
        "constant(0.9)",
        "constant(decay=0.9",
        "constant(decay=0.9) and more",
        "constant(decay=0.9, decay=0.9)",
        "constant(decay=0.9, tau=1)",
        "Constant(decay=0.9)",
        "exponential(decay=0.9)",
        "uniform(decay=0.9)",
        "copy-first(updates=1)",
        "copy-first(updates=1.5, then=constant(decay=0.9))",
        "copy-first(updates=1, then=constant(decay=0.9)"
      })
  void textThatIsNoScheduleIsRefusedAndQuoted(String spec) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> DecaySchedule.parse(spec));
    String argument = spec.replaceAll(".*=|\\).*", "");
    assertTrue(e.getMessage().contains(spec) || e.getMessage().contains(argument), e.getMessage());
  }

  @Test
  void noTextIsRefused() {
    assertThrows(NullPointerException.class, () -> DecaySchedule.parse(null));
  }

  @Test
  void argumentsOfTheTextMayStandInAnyOrder() {
    assertEquals(
        linearRamp(0.1, 0.9, 10),
        DecaySchedule.parse(" linear-ramp( updates=10,decay=0.9, start=0.1 ) "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "half-life(updates=100); constant(decay=0.9930924954370359)",
        "window(updates=50); constant(decay=0.98)",
        "inverse-power(decay=0.999); inverse-power(decay=0.999, gamma=1, power=0.6666666666666666,"
            + " min=0, after=0)",
        "inverse-power(decay=0.999, power=0.75); inverse-power(decay=0.999, gamma=1, power=0.75,"
            + " min=0, after=0)",
        "exponential-ramp(decay=0.999); exponential-ramp(decay=0.999, tau=2000)",
        "momentum-annealing(); momentum-annealing(momentum=0.0002, gamma=100)",
        "half-life-fraction(); half-life-fraction(fraction=0.05)",
        "power-function(); power-function(sigmaRel=0.05)"
      })
  void argumentsWithADefaultMayBeLeftOut(String brief, String full) {
    assertEquals(DecaySchedule.parse(full), DecaySchedule.parse(brief));
  }

  @ParameterizedTest
  @ValueSource(strings = {"uniform(x))", "constant(decay=0.9, extra=(1)"})
  void parenthesesThatDoNotMatchAreRefused(String spec) {
    assertThrows(IllegalArgumentException.class, () -> DecaySchedule.parse(spec));
  }

  @Test
  void whatIsNestedDeeperThanItCanBeReadIsRefused() {
    String deep = "copy-first(updates=0, then=".repeat(20_000) + "uniform()" + ")".repeat(20_000);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> DecaySchedule.parse(deep));
    assertTrue(e.getMessage().length() < 300, e.getMessage());

    DecaySchedule schedule = DecaySchedule.uniform();
    try {
      while (schedule.spec().length() < 10_000) {
        schedule = DecaySchedule.copyFirst(Long.MAX_VALUE, schedule);
        assertEquals(schedule, DecaySchedule.parse(schedule.spec()));
      }
      throw new AssertionError("no limit");
    } catch (IllegalArgumentException tooDeep) {
      assertTrue(tooDeep.getMessage().contains("nested so deep"), tooDeep.getMessage());
    }
  }

  @Test
  void whatIsWrongInsideAnotherScheduleIsQuotedAsItStandsThere() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> DecaySchedule.parse("copy-first(updates=1, then=cosine(start=0.9, end=1))"));
    assertTrue(
        e.getMessage().contains("'cosine(start=0.9, end=1)' lacks the argument 'updates'"),
        e.getMessage());
  }

  @Test
  void argumentsThatAScheduleDoesNotTakeAreNamed() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> DecaySchedule.parse("constant(decay=0.9, tau=1)"));
    assertTrue(e.getMessage().endsWith("constant does not take: [tau]"), e.getMessage());
  }

  @Test
  void anUnknownNameIsToldWithAllThatAreKnown() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> DecaySchedule.parse("exponential(decay=0.9)"));
    String known = e.getMessage().replaceFirst(".*known are: ", "");
    for (String name : known.split(", ", -1)) {
      IllegalArgumentException lacks =
          assertThrows(
              IllegalArgumentException.class, () -> DecaySchedule.parse(name + "(nothing=0)"));
      assertTrue(!lacks.getMessage().contains("Unknown"), lacks.getMessage());
    }
    assertEquals(14, known.split(", ", -1).length);
  }
}
