// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CadenceTest {

  private final Cadence cadence = new Cadence();

  @BeforeEach
  void begin() {
    cadence.start(2, 100);
  }

  @Test
  void iterationsCountFromTheStartOfTheRun() {
    cadence.everyIterations(3, false);
    boolean[] due = {true, false, false, true};
    for (int i = 0; i < due.length; i++) {
      assertEquals(due[i], cadence.isDueAfterIteration(3 + i, 100), "iteration " + (3 + i));
    }
  }

  @Test
  void iterationThatIsNotSeenIsMadeUpFor() {
    cadence.everyIterations(3, false);
    assertTrue(cadence.isDueAfterIteration(5, 100), "3 has passed");
    assertFalse(cadence.isDueAfterIteration(5, 100));
  }

  @Test
  void iterationsSinceTheLastCheckpoint() {
    cadence.everyIterations(3, true);
    assertFalse(cadence.isDueAfterIteration(4, 100));
    cadence.saved(4, 100); // for another reason
    assertFalse(cadence.isDueAfterIteration(5, 100));
    assertTrue(cadence.isDueAfterIteration(7, 100));
  }

  @Test
  void timeSinceTheLastOneThatWasDueByTime() {
    cadence.everyTime(50, TimeUnit.NANOSECONDS, false);
    assertFalse(cadence.isDueAfterIteration(3, 149));
    cadence.saved(3, 149); // for another reason
    assertTrue(cadence.isDueAfterIteration(4, 150));
    assertFalse(cadence.isDueAfterIteration(5, 199));
    assertTrue(cadence.isDueAfterIteration(6, 200));
  }

  @Test
  void timeSinceTheLastOfAny() {
    cadence.everyTime(50, TimeUnit.NANOSECONDS, true);
    cadence.saved(3, 149);
    assertFalse(cadence.isDueAfterIteration(4, 198));
    assertTrue(cadence.isDueAfterIteration(5, 199));
  }

  @Test
  void epochs() {
    assertFalse(cadence.isSet());
    cadence.everyEpochs(2);
    assertTrue(cadence.isSet());
    assertFalse(cadence.isWithinEpochs());
    assertFalse(cadence.isDueAfterEpoch(1));
    assertTrue(cadence.isDueAfterEpoch(2));
  }

  @Test
  void intervalsBelowOneAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> cadence.everyEpochs(0));
    assertThrows(IllegalArgumentException.class, () -> cadence.everyIterations(0, true));
    assertThrows(IllegalArgumentException.class, () -> cadence.everyTime(0, TimeUnit.DAYS, false));
  }
}
