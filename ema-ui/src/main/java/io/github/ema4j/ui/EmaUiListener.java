// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluationListener;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.core.storage.listener.RoutingIterationListener;
import org.deeplearning4j.core.util.UIDProvider;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts how averaged weights are doing to the storage that Deeplearning4j's training UI reads; the
 * page {@code /ema} shows it. What Deeplearning4j's {@code StatsListener} is for the network, this
 * is for its averages:
 *
 * <pre>{@code
 * StatsStorage storage = new InMemoryStatsStorage();
 * UIServer.getInstance().attach(storage);
 *
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * EmaEvaluationListener history = new EmaEvaluator(ema, validationData).everyEpochs(1);
 * StatsListener stats = new StatsListener(storage);
 * net.addListeners(ema, history, stats, new EmaUiListener(stats, ema, history));
 * }</pre>
 *
 * <p>Posted are, at every 10th iteration ({@link Builder#every}), the decay, the initial share, the
 * number of updates and the distance between raw and averaged weights of each layer, which takes a
 * pass over the parameters; and after every evaluation of the {@link EmaEvaluationListener} the
 * scores too. Register this listener after those that keep averages.
 *
 * <p>Training is not influenced in any bit, and not stopped: an error while posting, such as a full
 * disk, is logged once, and posting tried again the next time.
 *
 * <p>One listener belongs to one network; all averages of the network go into it. Not thread-safe:
 * it belongs to the thread that trains. The storage may be shared.
 */
public final class EmaUiListener extends BaseTrainingListener {

  /** Iterations between two updates unless set otherwise. */
  public static final int DEFAULT_INTERVAL = 10;

  private static final Logger log = LoggerFactory.getLogger(EmaUiListener.class);

  private final StatsStorageRouter router;
  private final String session;
  private final String worker;
  private final int every;
  private final Map<String, ToDoubleFunction<EvaluationResult>> scores;
  private final Map<String, ModelEmaListener> averages = new LinkedHashMap<>();

  /** The network that is averaged; null until it is seen in training. */
  private Model network;

  private boolean started;
  private boolean failed;
  private boolean scoreless;
  private int seen = -1; // iterations done when it was called last
  private long lastTimestamp;

  /**
   * Posts the state of one average, without scores, as a session of its own.
   *
   * @param router the storage of the UI, or a {@code RemoteUIStatsStorageRouter}
   * @param ema keeps the average
   */
  public EmaUiListener(StatsStorageRouter router, ModelEmaListener ema) {
    this(builder(router).average(ema));
  }

  /**
   * Posts the state of one average and its scores as a session of its own.
   *
   * @param router the storage of the UI, or a {@code RemoteUIStatsStorageRouter}
   * @param ema keeps the average
   * @param evaluations evaluates it
   */
  public EmaUiListener(
      StatsStorageRouter router, ModelEmaListener ema, EmaEvaluationListener evaluations) {
    this(builder(router).average(ema, evaluations));
  }

  /**
   * Posts the state of one average and its scores to the storage and under the session of a {@code
   * StatsListener}.
   *
   * @param stats a listener of the same network that posts to the UI
   * @param ema keeps the average
   * @param evaluations evaluates it
   */
  public EmaUiListener(
      RoutingIterationListener stats, ModelEmaListener ema, EmaEvaluationListener evaluations) {
    this(builder(stats).average(ema, evaluations));
  }

  private EmaUiListener(Builder builder) {
    if (builder.averages.isEmpty()) {
      throw new IllegalStateException("There is nothing to post: add an average to the builder");
    }
    router = builder.router;
    session = builder.session;
    worker = builder.worker;
    every = builder.every;
    scores = new LinkedHashMap<>(builder.scores);
    builder.averages.forEach(
        source -> {
          String name = Names.unused(source.name, averages.keySet());
          averages.put(name, source.ema);
          source.evaluations.ifPresent(
              evaluations -> evaluations.onComparison(comparison -> evaluated(name, comparison)));
        });
  }

  /**
   * A builder for several averages, or another interval; a session of its own.
   *
   * @param router the storage of the UI, or a {@code RemoteUIStatsStorageRouter}
   * @return the builder
   */
  public static Builder builder(StatsStorageRouter router) {
    return new Builder(
        router,
        UUID.randomUUID().toString(),
        UIDProvider.getJVMUID() + "_" + Thread.currentThread().getId());
  }

  /**
   * A builder for several averages, or another interval; the storage and session of a {@code
   * StatsListener}.
   *
   * @param stats a listener of the same network that posts to the UI
   * @return the builder
   */
  public static Builder builder(RoutingIterationListener stats) {
    return new Builder(stats.getStorageRouter(), stats.getSessionID(), stats.getWorkerID());
  }

  /**
   * The session under which this listener posts.
   *
   * @return its identifier, as the page shows it
   */
  public String sessionId() {
    return session;
  }

  // ---------------------------------------------------------------- training

  @Override
  public void iterationDone(Model model, int iteration, int epoch) {
    if (averages.values().stream().anyMatch(ema -> ema.averages(model))) {
      network = model;
      guarded(this::begin);
      // Deeplearning4j counts the iteration only after its listeners.
      int done = iteration + 1;
      // Not every iteration may be seen: due is also what comes next after an n-th one.
      boolean due = done / every > (seen < 0 ? iteration : seen) / every;
      seen = done;
      if (due) {
        averages.forEach((name, ema) -> post(name, ema, done, epoch, Map::of, Map::of));
      }
    }
  }

  private void evaluated(String name, Comparison comparison) {
    post(
        name,
        averages.get(name),
        comparison.iteration(),
        comparison.epoch(),
        () -> scores(comparison.raw(), comparison.averaged()),
        () ->
            comparison
                .averaged()
                .map(averaged -> scores(averaged, Optional.of(comparison.raw())))
                .orElse(Map.of()));
  }

  /** Of weights that have diverged NaN, under the names that the scores of the others have. */
  private Map<String, Double> scores(EvaluationResult result, Optional<EvaluationResult> others) {
    if (result.isFinite()) {
      return scores(result);
    }
    Map<String, Double> none = new LinkedHashMap<>();
    Set<String> names =
        scores.isEmpty() ? others.map(Scores::of).orElse(Map.of()).keySet() : scores.keySet();
    names.forEach(name -> none.put(name, Double.NaN));
    return none;
  }

  private Map<String, Double> scores(EvaluationResult result) {
    if (scores.isEmpty()) {
      Map<String, Double> usual = Scores.of(result);
      if (usual.isEmpty() && !scoreless) {
        scoreless = true;
        log.warn(
            "Of {} no score is known to show: name one with EmaUiListener.builder(...).score(...)",
            result.all().stream().map(e -> e.getClass().getSimpleName()).toList());
      }
      return usual;
    }
    Map<String, Double> own = new LinkedHashMap<>();
    scores.forEach((name, score) -> own.put(name, score.applyAsDouble(result)));
    return own;
  }

  // ---------------------------------------------------------------- posting

  private void begin() {
    if (started) {
      return;
    }
    for (TrainingListener other : Networks.listeners(network)) {
      if (other instanceof EmaUiListener ui && ui.started && ui.session.equals(session)) {
        throw new IllegalStateException(
            "Two EmaUiListeners of one network cannot post to the same session: add all averages to"
                + " one, by EmaUiListener.builder(...).average(...).average(...)");
      }
    }
    router.putStaticInfo(
        EmaRecord.of(
            session,
            worker,
            timestamp(),
            new TrainingRun(
                network.getClass().getSimpleName(),
                Networks.params(network).length(),
                List.copyOf(averages.keySet()))));
    started = true;
  }

  private void post(
      String name,
      ModelEmaListener ema,
      int iteration,
      int epoch,
      Supplier<Map<String, Double>> raw,
      Supplier<Map<String, Double>> averaged) {
    guarded(
        () -> {
          if (network == null) {
            throw new IllegalStateException(
                "This EmaUiListener was told of an evaluation, but has seen no training: register it"
                    + " with net.addListeners(...)");
          }
          begin();
          EmaReport report = EmaReport.of(ema, network);
          router.putUpdate(
              EmaRecord.of(
                  session,
                  worker,
                  timestamp(),
                  new AverageState(
                      name,
                      iteration,
                      epoch,
                      report.updates(),
                      report.decay(),
                      report.initialShare(),
                      report.distance(),
                      report.distanceByLayer(),
                      raw.get(),
                      averaged.get())));
        });
  }

  /** Of two updates with the same time in milliseconds a storage keeps one. */
  private long timestamp() {
    lastTimestamp = Math.max(lastTimestamp + 1, System.currentTimeMillis());
    return lastTimestamp;
  }

  private void guarded(Runnable posting) {
    try {
      posting.run();
    } catch (RuntimeException | IOError | LinkageError e) {
      if (!failed) {
        failed = true;
        log.warn(
            "The state of averaged weights could not be posted to the training UI; training goes on."
                + " This is said once",
            e);
      }
    }
  }

  /** Builds an {@link EmaUiListener}. */
  public static final class Builder {

    private record Source(
        String name, ModelEmaListener ema, Optional<EmaEvaluationListener> evaluations) {}

    private final StatsStorageRouter router;
    private final String session;
    private final String worker;
    private final List<Source> averages = new ArrayList<>();
    private final Map<String, ToDoubleFunction<EvaluationResult>> scores = new LinkedHashMap<>();
    private int every = DEFAULT_INTERVAL;

    private Builder(StatsStorageRouter router, String session, String worker) {
      this.router = Objects.requireNonNull(router, "router");
      this.session = Objects.requireNonNull(session, "session");
      this.worker = Objects.requireNonNull(worker, "worker");
    }

    /**
     * Adds an average without scores, under the textual form of its decay schedule.
     *
     * @param ema keeps the average; a member of a {@code ModelEmaGroup} too
     * @return this
     */
    public Builder average(ModelEmaListener ema) {
      averages.add(new Source(ema.config().schedule().spec(), ema, Optional.empty()));
      return this;
    }

    /**
     * Adds an average and its scores, under the textual form of its decay schedule.
     *
     * @param ema keeps the average; a member of a {@code ModelEmaGroup} too
     * @param evaluations evaluates it, and must be registered with the network
     * @return this
     */
    public Builder average(ModelEmaListener ema, EmaEvaluationListener evaluations) {
      return average(ema.config().schedule().spec(), ema, evaluations);
    }

    /**
     * Adds an average and its scores.
     *
     * @param name shown on the page; of two that are equal the second gets a number
     * @param ema keeps the average; a member of a {@code ModelEmaGroup} too
     * @param evaluations evaluates it, and must be registered with the network
     * @return this
     */
    public Builder average(String name, ModelEmaListener ema, EmaEvaluationListener evaluations) {
      averages.add(
          new Source(
              Objects.requireNonNull(name, "name"),
              Objects.requireNonNull(ema, "ema"),
              Optional.of(evaluations)));
      return this;
    }

    /**
     * Posts a score of one's own in place of the usual ones. Without any, these are accuracy, F1,
     * precision and recall of an {@code Evaluation} or {@code EvaluationBinary}, the errors and R2
     * of a {@code RegressionEvaluation}, and the areas under the curves of the {@code ROC} classes.
     *
     * @param name shown on the page
     * @param score what to show of an evaluation
     * @return this
     */
    public Builder score(String name, ToDoubleFunction<EvaluationResult> score) {
      scores.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(score, "score"));
      return this;
    }

    /**
     * Sets how often the state of the averages is posted; evaluations are posted always.
     *
     * @param iterations interval, at least 1; {@value EmaUiListener#DEFAULT_INTERVAL} by default
     * @return this
     * @throws IllegalArgumentException if below 1
     */
    public Builder every(int iterations) {
      if (iterations < 1) {
        throw new IllegalArgumentException(
            "The interval of posting must be at least 1 iteration, but was " + iterations);
      }
      every = iterations;
      return this;
    }

    /**
     * Makes the listener.
     *
     * @return a new listener, to be registered with the network after those it was given
     * @throws IllegalStateException if no average was added
     */
    public EmaUiListener build() {
      return new EmaUiListener(this);
    }
  }
}
