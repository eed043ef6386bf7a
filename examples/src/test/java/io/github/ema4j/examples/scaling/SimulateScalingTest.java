// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulateScalingTest {

  private static final Path PAGE = Path.of("..", "docs", "scaling.md");

  @Test
  void errorOfRoundEndsIsThePredictedOne() {
    for (int interval : new int[] {2, 8}) {
      for (SimulateScaling.Errors errors :
          SimulateScaling.simulate(2048, interval, List.of(0.99, 0.999))) {
        assertEquals(errors.predicted(), errors.corrected(), 0.03 * errors.predicted());
        // Other decays are wrong by far more than what a lack of looks costs.
        assertTrue(errors.uncorrected() > 0.5, errors.toString());
        assertTrue(errors.perExample() > 0.9, errors.toString());
      }
    }
  }

  @Test
  void roundsOfOneIterationLoseNothing() {
    SimulateScaling.Errors errors = SimulateScaling.simulate(16, 1, List.of(0.99)).get(0);
    assertEquals(0, errors.corrected());
    assertEquals(0, errors.uncorrected());
    assertTrue(errors.perExample() > 0.5, errors.toString());
  }

  @Test
  void countsOfBytes() {
    RoundCosts costs = new RoundCosts(25e6, 1_000);
    assertEquals(300e6, costs.copyBytes());
    assertEquals(31, costs.fanIn());
    assertEquals((costs.sentCopies() + 31) * 300e6, costs.driverTrafficBytes());
    assertEquals(1e9, costs.driverBytes());
    assertEquals(2, new RoundCosts(1, 10).fanIn());
    assertEquals(2, new RoundCosts(1, 2).fanIn());
  }

  @Test
  void theDriverSendsAsManyCopiesAsInASimulation() {
    int[][] workersBlocks = {{1, 5}, {2, 3}, {3, 3}, {4, 3}, {10, 72}, {300, 72}};
    for (int[] of : workersBlocks) {
      double simulated = Broadcast.simulated(of[0], of[1], 2_000, 1);
      assertEquals(
          simulated, Broadcast.copiesOfDriver(of[0], of[1]), 0.01 * simulated, of[0] + " workers");
    }
  }

  @Test
  void theDriverSendsOneOfJCopiesForTheJthWorkerOfManyBlocksAndAllOfOneBlock() {
    assertEquals(1.5, Broadcast.copiesOfDriver(2, 100_000), 1e-4);
    assertEquals(11 / 6.0, Broadcast.copiesOfDriver(3, 100_000), 1e-4);
    assertEquals(300, Broadcast.copiesOfDriver(300, 1));
    assertEquals(1, Broadcast.copiesOfDriver(1, 7), 1e-12);
  }

  @Test
  void pageHoldsTheTablesAsPrinted() throws Exception {
    String page = Files.readString(PAGE);
    assertTrue(page.contains(SimulateScaling.costs()), SimulateScaling.costs());
    assertTrue(page.contains(SimulateScaling.errors()), SimulateScaling.errors());
  }
}
