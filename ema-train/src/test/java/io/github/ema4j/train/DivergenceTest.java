// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.record.EpochResult;
import io.github.ema4j.train.record.Score;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class DivergenceTest {

  private static final INDArray WEIGHTS = Nd4j.createFromArray(1f, -1e30f);

  private static EpochResult epoch(int number, double trainLoss, double loss) {
    return new EpochResult(
        number, 10L * number, 0.1, trainLoss, new Score(0.1, loss), List.of(), 1, 100);
  }

  @Test
  void aRunThatLearnsOrOverfitsHasNotDiverged() {
    assertEquals(
        Optional.empty(),
        Divergence.of(WEIGHTS, List.of(epoch(1, 2.3, 2.3), epoch(2, 0.1, 6)), 10));
    assertEquals(Optional.empty(), Divergence.of(WEIGHTS, List.of(), 10));
    assertEquals(
        Optional.empty(),
        Divergence.of(WEIGHTS, List.of(epoch(1, 9, 15), epoch(2, 8, 14)), 10),
        "it came down");
  }

  @Test
  void aLossFarAboveThatOfGuessingIsDivergenceWithFiniteWeights() {
    assertEquals(
        Optional.of("their loss is 20.7, and that of guessing 2.30; lower the learning rate"),
        Divergence.of(WEIGHTS, List.of(epoch(1, 2.3, 2.3), epoch(2, 21, 20.7)), 10));
  }

  @Test
  void aLossThatIsNotFiniteIsDivergence() {
    for (EpochResult last : List.of(epoch(2, Double.NaN, 1), epoch(2, 1, Double.NaN))) {
      assertTrue(Divergence.of(WEIGHTS, List.of(epoch(1, 1, 1), last), 10).isPresent());
    }
  }

  @Test
  void weightsThatAreNotFiniteAreDivergence() {
    assertEquals(
        Optional.of("they are not finite"),
        Divergence.of(Nd4j.createFromArray(1f, Float.NaN), List.of(), 10));
  }
}
