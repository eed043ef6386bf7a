// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Knows what a round waits for, and when that is worth a line in the log: when the round takes
 * several times as long as those before it, or when an executor that works on it is silent. The
 * next line of the same round comes when twice that time has gone by. Thread-safe: Spark's events,
 * the driver's loop and a timer come on threads of their own.
 */
final class RoundClock {

  /** No round is called slow before that. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final int TIMES_AS_LONG = 3;
  private static final int REMEMBERED = 9;

  /** Of heartbeats one may be late. */
  private static final double SILENT_HEARTBEATS = 2.5;

  private record Task(String executor, String host, long since) {}

  private final LongSupplier nanoTime;
  private final Settings settings;
  private final Deque<Long> durations = new ArrayDeque<>();
  private final Map<Long, Task> running = new TreeMap<>();
  private final Map<String, Long> heard = new HashMap<>();
  private final Map<String, String> hosts = new HashMap<>(); // by executor
  private final Set<String> lost = new LinkedHashSet<>(); // while this round was awaited

  private String round; // null between rounds
  private long since;
  private long nextLine; // in nanoseconds of this round
  private boolean hasComplained;

  /**
   * What it depends on.
   *
   * @param awaited what comes at the end of a round, as a part of a sentence
   * @param heartbeat from one sign of life of an executor to the next
   * @param atFirst when to call the first slow, which there is nothing to compare with; empty for
   *     never
   * @param networkTimeout after which Spark gives up an executor, as text
   */
  record Settings(
      String awaited, Duration heartbeat, Optional<Duration> atFirst, String networkTimeout) {}

  RoundClock(Settings settings, LongSupplier nanoTime) {
    this.settings = settings;
    this.nanoTime = nanoTime;
  }

  /** Something is awaited from now on, by what this name says. */
  synchronized void begin(String name) {
    round = name;
    restart();
  }

  private void restart() {
    since = nanoTime.getAsLong();
    nextLine = 0;
    hasComplained = false;
    lost.clear();
  }

  /**
   * What is awaited has come; the next is awaited from now on.
   *
   * @return a line to log, if there was one before
   */
  synchronized Optional<String> came() {
    long took = nanoTime.getAsLong() - since;
    durations.addLast(took);
    if (durations.size() > REMEMBERED) {
      durations.removeFirst();
    }
    Optional<String> line =
        hasComplained
            ? Optional.of("%s has %s, after %s".formatted(round, settings.awaited(), seconds(took)))
            : Optional.empty();
    restart();
    return line;
  }

  /** Nothing is awaited any more. */
  synchronized void end() {
    round = null;
  }

  synchronized void taskStarted(long task, String executor, String host) {
    long now = nanoTime.getAsLong();
    running.put(task, new Task(executor, host, now));
    heard.put(executor, now);
    hosts.put(executor, host);
  }

  synchronized void taskEnded(long task) {
    running.remove(task);
  }

  synchronized void heard(String executor) {
    heard.put(executor, nanoTime.getAsLong());
  }

  /** Spark has given it up, and runs its tasks elsewhere. */
  synchronized void lost(String executor) {
    String host = hosts.remove(executor);
    if (host != null) {
      lost.add("executor %s on %s".formatted(executor, host));
    }
  }

  /**
   * Looks at the round.
   *
   * @return a line to log, if one is due
   */
  synchronized Optional<String> overdue() {
    long now = nanoTime.getAsLong();
    long elapsed = now - since;
    boolean silent = running.values().stream().anyMatch(task -> silence(task, now) > silentNanos());
    if (round == null || elapsed < nextLine || (!silent && elapsed < slowNanos())) {
      return Optional.empty();
    }
    nextLine = 2 * elapsed;
    hasComplained = true;
    return Optional.of(
        "%s has waited for %s for %s%s. %s%s. Spark gives up an executor that is silent for spark.network.timeout=%s"
            .formatted(
                round,
                settings.awaited(),
                seconds(elapsed),
                durations.isEmpty() ? "" : ", which took " + seconds(median()) + " before",
                lost.isEmpty() ? "" : "Lost: " + String.join(", ", lost) + ". ",
                running.isEmpty() ? "No task is running" : "Not done: " + tasks(now),
                settings.networkTimeout()));
  }

  private long slowNanos() {
    if (durations.isEmpty()) {
      return settings.atFirst().map(Duration::toNanos).orElse(Long.MAX_VALUE);
    }
    return Math.max(PATIENCE_NANOS, TIMES_AS_LONG * median());
  }

  private long silentNanos() {
    return Math.max(PATIENCE_NANOS, (long) (SILENT_HEARTBEATS * settings.heartbeat().toNanos()));
  }

  private long silence(Task task, long now) {
    return now - heard.get(task.executor());
  }

  private long median() {
    long[] sorted = durations.stream().mapToLong(Long::longValue).sorted().toArray();
    return sorted[(sorted.length - 1) / 2];
  }

  private String tasks(long now) {
    return running.values().stream()
        .map(
            task ->
                "executor %s on %s (at work for %s, last heard of %s ago)"
                    .formatted(
                        task.executor(),
                        task.host(),
                        seconds(now - task.since()),
                        seconds(silence(task, now))))
        .collect(Collectors.joining(", "));
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, nanos < 9.95e9 ? "%.1f s" : "%.0f s", nanos / 1e9);
  }
}
