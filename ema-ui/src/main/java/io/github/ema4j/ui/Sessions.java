// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.deeplearning4j.core.storage.Persistable;
import org.deeplearning4j.core.storage.StatsStorage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sessions with averaged weights in all storages that are attached to the UI. Thread-safe. */
final class Sessions {

  private static final Logger log = LoggerFactory.getLogger(Sessions.class);

  /**
   * A session.
   *
   * @param id its identifier
   * @param started milliseconds since 1970; 0 if unreadable
   * @param runs by worker
   * @param error why it cannot be read, or empty
   */
  record Session(String id, long started, Map<String, TrainingRun> runs, String error) {}

  /** An update and where it is from. */
  record Update(String worker, long timestamp, AverageState state) {}

  private final List<StatsStorage> storages = new CopyOnWriteArrayList<>();

  void attach(StatsStorage storage) {
    storages.add(storage);
  }

  void detach(StatsStorage storage) {
    storages.removeIf(attached -> attached == storage);
  }

  /** The latest first. */
  List<Session> list() {
    Map<String, Session> sessions = new LinkedHashMap<>();
    for (StatsStorage storage : storages) {
      List<String> ids = storage.isClosed() ? List.of() : storage.listSessionIDs();
      for (String id : ids) {
        if (holds(storage, id)) {
          sessions.computeIfAbsent(id, unseen -> session(storage, id));
        }
      }
    }
    List<Session> list = new ArrayList<>(sessions.values());
    list.sort(Comparator.comparingLong(Session::started).reversed());
    return list;
  }

  /** Where a session is. */
  Optional<StatsStorage> storage(String id) {
    return storages.stream().filter(storage -> holds(storage, id)).findFirst();
  }

  /** Those that came after a time, the earliest first. */
  List<Update> updates(String id, long after) {
    List<Update> updates = new ArrayList<>();
    for (Persistable update :
        storage(id).orElseThrow().getAllUpdatesAfter(id, EmaRecord.TYPE_ID, after)) {
      EmaRecord record = (EmaRecord) update;
      record
          .state()
          .ifPresent(
              state -> updates.add(new Update(record.getWorkerID(), record.getTimeStamp(), state)));
    }
    updates.sort(Comparator.comparingLong(Update::timestamp));
    return updates;
  }

  /**
   * Whether a storage has averaged weights of a session. The identifier may come from a request, so
   * it is compared with those that there are before the storage is asked for it.
   */
  private static boolean holds(StatsStorage storage, String id) {
    return !storage.isClosed()
        && storage.listSessionIDs().contains(id)
        && storage.listTypeIDsForSession(id).contains(EmaRecord.TYPE_ID);
  }

  private static Session session(StatsStorage storage, String id) {
    try {
      long started = Long.MAX_VALUE;
      Map<String, TrainingRun> runs = new LinkedHashMap<>();
      for (Persistable info : storage.getAllStaticInfos(id, EmaRecord.TYPE_ID)) {
        EmaRecord record = (EmaRecord) info;
        started = Math.min(started, record.getTimeStamp());
        record.run().ifPresent(run -> runs.put(record.getWorkerID(), run));
      }
      return new Session(id, runs.isEmpty() ? 0 : started, runs, "");
    } catch (RuntimeException e) {
      log.debug("Session {} cannot be read", id, e);
      return new Session(id, 0, Map.of(), String.valueOf(e.getMessage()));
    }
  }
}
