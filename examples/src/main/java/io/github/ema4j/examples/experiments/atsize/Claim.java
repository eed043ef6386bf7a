// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;

/**
 * What {@code docs/experiments.md} says of the experiment, in a form that outcomes can confirm or
 * refute.
 *
 * @param sentence as it stands on the page
 * @param methods those that it is about
 * @param test whether the outcomes of one method and one kind of labels bear it out
 */
record Claim(String sentence, List<Method> methods, Predicate<List<Outcome>> test) {
  private static final String LONG = "EMA 0.999";

  static final List<Claim> ALL =
      List.of(
          new Claim(
              "At the constant rate and with RMSprop, with clean and with wrong labels, the default average is better than the raw weights from every seed.",
              List.of(Method.CONSTANT, Method.RMSPROP),
              outcomes -> gains(outcomes, Training.DEFAULT, Outcome.RAW).allMatch(g -> g > 0)),
          new Claim(
              "There EMA 0.999 is less than half a point behind the default average, in the mean.",
              List.of(Method.CONSTANT, Method.RMSPROP),
              outcomes -> gains(outcomes, LONG, Training.DEFAULT).average().orElseThrow() > -0.5),
          new Claim(
              "Where the rate falls to 0 the default average gains or loses less than 0.5 points in the mean.",
              List.of(Method.COSINE),
              outcomes ->
                  Math.abs(gains(outcomes, Training.DEFAULT, Outcome.RAW).average().orElseThrow())
                      < 0.5));

  private static DoubleStream gains(List<Outcome> outcomes, String weights, String over) {
    return outcomes.stream()
        .mapToDouble(
            outcome -> 100 * (outcome.of(weights).accuracy() - outcome.of(over).accuracy()));
  }

  /**
   * Whether it holds for all labels and all its methods.
   *
   * @param outcomes all of them, of so many seeds
   * @throws IOException if one cannot be read
   */
  boolean holdsFor(Outcomes outcomes, int seeds) throws IOException {
    for (Method method : methods) {
      for (Labels labels : Labels.values()) {
        if (!test.test(outcomes.read(Outcomes.EMA4J, labels, method, seeds))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Whether all runs have ended that claims are about. */
  static boolean canBeTested(Outcomes outcomes, int seeds) throws IOException {
    for (Method method : Method.values()) {
      for (Labels labels : Labels.values()) {
        if (outcomes.read(Outcomes.EMA4J, labels, method, seeds).size() < seeds) {
          return false;
        }
      }
    }
    return true;
  }
}
