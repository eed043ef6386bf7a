// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.dl4j.Nets;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;

/** What the callbacks tell of the place in the loop, given the counters of the network. */
class FitPositionTest {

  private final FitPosition position = new FitPosition();

  @Test
  void beforeAnyCallbackTheNetworkIsBetweenFits() {
    assertEquals(Moment.BETWEEN_FITS, position.moment(0, 0));
  }

  @Test
  void onceTheGradientIsKnownTheStepIsOnWhateverTheCounters() {
    position.gradientIsKnown(false);
    assertEquals(Moment.UPDATING, position.moment(0, 0));
    assertEquals(Moment.UPDATING, position.moment(7, 2));
  }

  /** Deeplearning4j counts the iteration after the callbacks for it. */
  @Test
  void aStepIsDoneUntilItsIterationIsCounted() {
    position.gradientIsKnown(false);
    position.iterationDone(4);
    assertEquals(Moment.ITERATION_DONE, position.moment(4, 0));
    assertEquals(Moment.BETWEEN_FITS, position.moment(5, 0));
  }

  @Test
  void anEpochEndsUntilItIsCounted() {
    position.iterationDone(4);
    position.epochEnds(1);
    assertEquals(Moment.EPOCH_END, position.moment(5, 1));
    assertEquals(Moment.EPOCH_END, position.moment(1, 1));
    assertEquals(Moment.BETWEEN_FITS, position.moment(1, 2));
  }

  @Test
  void anEpochStartsWithNothingSeen() {
    position.iterationDone(4);
    position.reset();
    assertEquals(Moment.BETWEEN_FITS, position.moment(4, 0));
  }

  /** A line search calculates gradients at points that are not the parameters before the step. */
  @Test
  void aSecondGradientIsOfTheSameStepInALineSearchOnly() {
    assertTrue(position.gradientIsKnown(true));
    assertFalse(position.gradientIsKnown(true));
    assertFalse(position.gradientIsKnown(true));
    position.iterationDone(0);
    assertTrue(position.gradientIsKnown(true));

    FitPosition descent = new FitPosition();
    assertTrue(descent.gradientIsKnown(false));
    assertTrue(descent.gradientIsKnown(false)); // the step before has failed
  }

  @Test
  void theCountersAreThoseOfTheNetwork() {
    MultiLayerNetwork network = Nets.mlp();
    network.setIterationCount(4);
    network.setEpochCount(2);
    position.iterationDone(4);
    assertTrue(position.isInFit(network));
    network.setIterationCount(5);
    assertFalse(position.isInFit(network));
    position.epochEnds(2);
    assertTrue(position.isInFit(network));
    network.setEpochCount(3);
    assertFalse(position.isInFit(network));
  }
}
