// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.slf4j.Logger;

/**
 * Says in the log that a round takes unusually long and which executors it waits for. Spark itself
 * says nothing until a host that has gone is given up, minutes later.
 *
 * <p>It listens to the jobs that the thread which made it starts until it is closed; a daemon
 * thread looks at them once a second.
 */
final class FitWatch extends SparkListener implements AutoCloseable {

  // Spark's name for the property that JavaSparkContext.addJobTag sets.
  private static final String TAGS = "spark.job.tags";

  private final JavaSparkContext sc;
  private final RoundClock clock;
  private final Logger log;
  private final String tag = "ema4j-" + UUID.randomUUID();
  private final Set<Integer> stages = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "ema4j-fit-watch");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Begins to watch.
   *
   * @param awaited what the driver waits for, as {@link RoundClock.Settings} says it
   * @param atFirst when to call the first round slow; empty for never
   * @param log for the lines
   */
  FitWatch(JavaSparkContext sc, String awaited, Optional<Duration> atFirst, Logger log) {
    this.sc = sc;
    this.log = log;
    SparkConf conf = sc.getConf();
    Duration heartbeat =
        Duration.ofMillis(conf.getTimeAsMs("spark.executor.heartbeatInterval", "10s"));
    clock =
        new RoundClock(
            new RoundClock.Settings(
                awaited, heartbeat, atFirst, conf.get("spark.network.timeout", "120s")),
            System::nanoTime);
    sc.addJobTag(tag);
    sc.sc().addSparkListener(this);
    ScheduledFuture<?> unused =
        timer.scheduleWithFixedDelay(
            () -> clock.overdue().ifPresent(log::warn), 1, 1, TimeUnit.SECONDS);
  }

  /** Something is awaited from now on, by what this name says. */
  void begin(String round) {
    clock.begin(round);
  }

  /** What is awaited has come; the next is awaited from now on. */
  void came() {
    clock.came().ifPresent(log::warn);
  }

  /** Nothing is awaited any more. */
  void end() {
    clock.end();
  }

  /** Ends the jobs that it watches, without waiting for that. */
  void cancelJobs() {
    sc.cancelJobsWithTag(tag);
  }

  @Override
  public void close() {
    timer.shutdownNow();
    sc.sc().removeSparkListener(this);
    sc.removeJobTag(tag);
  }

  // ---------------------------------------------------------------- Spark's events

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    Properties properties = submitted.properties();
    if (properties != null && properties.getProperty(TAGS, "").contains(tag)) {
      stages.add(submitted.stageInfo().stageId());
    }
  }

  @Override
  public void onStageCompleted(SparkListenerStageCompleted completed) {
    stages.remove(completed.stageInfo().stageId());
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    if (stages.contains(start.stageId())) {
      clock.taskStarted(
          start.taskInfo().taskId(), start.taskInfo().executorId(), start.taskInfo().host());
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    clock.taskEnded(end.taskInfo().taskId());
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate heartbeat) {
    clock.heard(heartbeat.execId());
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    clock.lost(removed.executorId());
  }
}
