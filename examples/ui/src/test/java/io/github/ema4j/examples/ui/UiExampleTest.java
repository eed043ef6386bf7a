// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.ui.EmaRecord;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.Test;

class UiExampleTest {

  @Test
  void postsThreeAveragesAndTheirEvaluations() {
    StatsStorage storage = new InMemoryStatsStorage();
    String session = UiExample.train(storage, 1, 0);
    // 40 iterations: posted at every tenth, evaluated at every twentieth.
    assertEquals(3 * (4 + 2), storage.getAllUpdatesAfter(session, EmaRecord.TYPE_ID, -1).size());
  }
}
