// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.Test;

/** The sessions of all storages. */
class SessionsTest {

  private final Sessions sessions = new Sessions();

  private static TrainingRun run(String network) {
    return new TrainingRun(network, 2, List.of("a"), List.of());
  }

  private StatsStorage attached() {
    StatsStorage storage = new InMemoryStatsStorage();
    sessions.attach(storage);
    return storage;
  }

  private List<String> ids() {
    return sessions.list().stream().map(Sessions.Session::id).toList();
  }

  @Test
  void theLatestIsListedFirstWhateverStorageItIsIn() {
    StatsStorage one = attached();
    StatsStorage two = attached();
    one.putStaticInfo(EmaRecord.of("early", "w", 10, run("n")));
    two.putStaticInfo(EmaRecord.of("middle", "w", 20, run("n")));
    one.putStaticInfo(EmaRecord.of("late", "w", 30, run("n")));
    assertEquals(List.of("late", "middle", "early"), ids());
    assertSame(two, sessions.storage("middle").orElseThrow());
  }

  @Test
  void aSessionStartsWithTheFirstOfItsWorkers() {
    StatsStorage storage = attached();
    storage.putStaticInfo(EmaRecord.of("s", "w2", 30, run("second")));
    storage.putStaticInfo(EmaRecord.of("s", "w1", 20, run("first")));
    Sessions.Session session = sessions.list().get(0);
    assertEquals(20, session.started());
    assertEquals(Set.of("w1", "w2"), session.runs().keySet());
    assertEquals("first", session.runs().get("w1").network());
    assertEquals("", session.error());
  }

  @Test
  void aSessionThatTwoStoragesHaveIsListedOnce() {
    attached().putStaticInfo(EmaRecord.of("s", "w", 10, run("n")));
    attached().putStaticInfo(EmaRecord.of("s", "w", 10, run("n")));
    assertEquals(List.of("s"), ids());
  }

  @Test
  void whatIsDetachedOrClosedIsNotAsked() throws Exception {
    StatsStorage one = attached();
    StatsStorage two = attached();
    one.putStaticInfo(EmaRecord.of("one", "w", 10, run("n")));
    two.putStaticInfo(EmaRecord.of("two", "w", 20, run("n")));
    sessions.detach(two);
    assertEquals(List.of("one"), ids());
    assertEquals(Optional.empty(), sessions.storage("two"));
    one.close();
    sessions.attach(two);
    assertEquals(one.isClosed() ? List.of("two") : List.of("two", "one"), ids());
  }
}
