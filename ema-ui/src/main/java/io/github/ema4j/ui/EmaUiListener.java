// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ReadOnlyListener;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
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
import java.util.stream.Stream;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.core.storage.listener.RoutingIterationListener;
import org.deeplearning4j.core.util.UIDProvider;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
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
 * EmaHistory history = new EmaEvaluator(ema, validationData).everyEpochs(1);
 * StatsListener stats = new StatsListener(storage);
 * EmaUiListener ui = new EmaUiListener(stats, ema, history);
 * net.addListeners(ema, stats);
 * }</pre>
 *
 * <p>Posted are, at every 10th iteration ({@link Builder#every}), the decay, the initial share, the
 * number of updates made and skipped, and the distance between raw and averaged weights of each
 * layer, which takes a pass over the parameters; and after every evaluation of the {@link
 * EmaHistory} the scores too. This listener follows the averages, and need not be registered with
 * the network.
 *
 * <p>Training is not influenced in any bit, and not stopped: an error while posting, such as a full
 * disk, is logged once, and posting tried again the next time.
 *
 * <p>One listener belongs to one network; all averages of the network go into it. Not thread-safe:
 * it belongs to the thread that trains. The storage may be shared.
 */
public final class EmaUiListener extends BaseTrainingListener implements ReadOnlyListener {

  /** Iterations between two updates unless set otherwise. */
  public static final int DEFAULT_INTERVAL = 10;

  private static final Logger log = LoggerFactory.getLogger(EmaUiListener.class);

  private final StatsStorageRouter router;
  private final String session;
  private final String worker;
  private final int every;
  private final Map<String, ToDoubleFunction<EvaluationResult>> scores;
  private final Map<String, ModelEmaListener> averages = new LinkedHashMap<>();
  private final List<String> unscored = new ArrayList<>();

  /** The network that is averaged; null until it is seen in training. */
  private Model network;

  private boolean started;
  private boolean failed;
  private boolean scoreless;
  private long lastTimestamp;

  /** Iterations of which the network told since the averages told of one. */
  private int unfollowed;

  /**
   * Posts the state of one average or several, without scores, as a session of its own.
   *
   * @param router the storage of the UI, or a {@code RemoteUIStatsStorageRouter}
   * @param ema keeps the averages
   */
  public EmaUiListener(StatsStorageRouter router, EmaListener ema) {
    this(builder(router).average(ema));
  }

  /**
   * Posts the state of one average or several and the scores as a session of its own.
   *
   * @param router the storage of the UI, or a {@code RemoteUIStatsStorageRouter}
   * @param ema keeps the averages
   * @param evaluations evaluates them
   */
  public EmaUiListener(StatsStorageRouter router, EmaListener ema, EmaHistory evaluations) {
    this(builder(router).average(ema, evaluations));
  }

  /**
   * Posts the state of one average or several and the scores to the storage and under the session
   * of a {@code StatsListener}.
   *
   * @param stats a listener of the same network that posts to the UI
   * @param ema keeps the averages
   * @param evaluations evaluates them
   */
  public EmaUiListener(RoutingIterationListener stats, EmaListener ema, EmaHistory evaluations) {
    this(builder(stats).average(ema, evaluations));
  }

  private EmaUiListener(Builder builder) {
    if (builder.sources.isEmpty()) {
      throw new IllegalStateException("There is nothing to post: add an average to the builder");
    }
    router = builder.router;
    session = builder.session;
    worker = builder.worker;
    every = builder.every;
    scores = new LinkedHashMap<>(builder.scores);
    builder.sources.forEach(this::follow);
  }

  private void follow(Builder.Source source) {
    List<String> names = new ArrayList<>();
    for (ModelEmaListener member : source.ema.members()) {
      String name = Names.unused(source.nameOf(member), averages.keySet());
      averages.put(name, member);
      names.add(name);
    }
    source.evaluations.ifPresentOrElse(
        evaluations -> evaluations.onComparison(comparison -> evaluated(names, comparison)),
        () -> unscored.addAll(names));
    source.ema.andThen(new Followed(names));
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

  /** Says so where the network calls this listener, but what it follows does not. */
  @Override
  public void iterationDone(Model model, int iteration, int epoch) {
    unfollowed++;
    if (unfollowed > 1) { // an iteration that its averages tell of may come first or last
      guarded(
          () -> {
            throw new IllegalStateException(
                "This network trains, and the averages of this EmaUiListener are not moved: register"
                    + " what keeps them with net.addListeners(...), after any"
                    + " net.setListeners(...)");
          });
    }
  }

  /** What one source of averages tells after it has moved them. */
  private final class Followed extends BaseTrainingListener implements ReadOnlyListener {

    private final List<String> names;
    private int seen = -1; // iterations done when it was told last

    Followed(List<String> names) {
      this.names = names;
    }

    EmaUiListener listener() {
      return EmaUiListener.this;
    }

    @Override
    public void onEpochStart(Model model) {
      network = model;
    }

    @Override
    public void onGradientCalculation(Model model) {
      network = model;
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      unfollowed = 0;
      network = model;
      guarded(EmaUiListener.this::begin);
      // Deeplearning4j counts the iteration only after its listeners.
      int done = iteration + 1;
      // Not every iteration may be seen: due is also what comes next after an n-th one.
      boolean due = done / every > (seen < 0 ? iteration : seen) / every;
      seen = done;
      if (due) {
        names.forEach(name -> post(name, averages.get(name), done, epoch, Map::of, Map::of));
      }
    }
  }

  private void evaluated(List<String> names, Comparison comparison) {
    for (int i = 0; i < names.size(); i++) {
      Optional<EvaluationResult> averaged = comparison.averages().get(i).result();
      post(
          names.get(i),
          averages.get(names.get(i)),
          comparison.iteration(),
          comparison.epoch(),
          () -> scores(comparison.raw(), averaged),
          () ->
              averaged
                  .map(result -> scores(result, Optional.of(comparison.raw())))
                  .orElse(Map.of()));
    }
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
    if (others().anyMatch(ui -> ui.started && ui.session.equals(session))) {
      throw new IllegalStateException(
          "Two EmaUiListeners of one network cannot post to the same session: add all averages to"
              + " one, by EmaUiListener.builder(...).average(...).average(...)");
    }
    router.putStaticInfo(
        EmaRecord.of(
            session,
            worker,
            timestamp(),
            new TrainingRun(
                network.getClass().getSimpleName(),
                Networks.params(network).length(),
                List.copyOf(averages.keySet()),
                unscored)));
    started = true;
  }

  /** The other listeners of this kind that follow averages registered with the network. */
  private Stream<EmaUiListener> others() {
    return Networks.listeners(network).stream()
        .filter(EmaListener.class::isInstance)
        .flatMap(registered -> ((EmaListener) registered).followers().stream())
        .filter(Followed.class::isInstance)
        .map(follower -> ((Followed) follower).listener())
        .filter(ui -> ui != this);
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
                "This EmaUiListener was told of an evaluation, but has seen no training: register"
                    + " what keeps the averages with net.addListeners(...)");
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
                      report.skipped(),
                      report.restores(),
                      report.decay(),
                      report.initialShare(),
                      report.distance(),
                      report.distanceByLayer(),
                      report.advice(),
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
            "The state of averaged weights could not be posted to the training UI; training goes"
                + " on. This is said once",
            e);
      }
    }
  }

  /** Builds an {@link EmaUiListener}. */
  public static final class Builder {

    /** Averages and what evaluates them, under a name or that of each decay schedule. */
    private record Source(
        Optional<String> name, EmaListener ema, Optional<EmaHistory> evaluations) {

      String nameOf(ModelEmaListener member) {
        String schedule = member.config().schedule().spec();
        return name.map(given -> ema.members().size() == 1 ? given : given + " " + schedule)
            .orElse(schedule);
      }
    }

    private final StatsStorageRouter router;
    private final String session;
    private final String worker;
    private final List<Source> sources = new ArrayList<>();
    private final Map<String, ToDoubleFunction<EvaluationResult>> scores = new LinkedHashMap<>();
    private int every = DEFAULT_INTERVAL;

    private Builder(StatsStorageRouter router, String session, String worker) {
      this.router = Objects.requireNonNull(router, "router");
      this.session = Objects.requireNonNull(session, "session");
      this.worker = Objects.requireNonNull(worker, "worker");
    }

    /**
     * Adds averages without scores, each under the textual form of its decay schedule.
     *
     * @param ema keeps one average or several; a member of a {@code ModelEmaGroup} too
     * @return this
     */
    public Builder average(EmaListener ema) {
      return average(new Source(Optional.empty(), ema, Optional.empty()));
    }

    /**
     * Adds averages and their scores, each under the textual form of its decay schedule.
     *
     * @param ema keeps one average or several; a member of a {@code ModelEmaGroup} too
     * @param evaluations evaluates them
     * @return this
     */
    public Builder average(EmaListener ema, EmaHistory evaluations) {
      return average(new Source(Optional.empty(), ema, Optional.of(evaluations)));
    }

    /**
     * Adds averages and their scores.
     *
     * @param name shown on the page, for several followed by the decay schedule of each; of two
     *     that are equal the second gets a number
     * @param ema keeps one average or several; a member of a {@code ModelEmaGroup} too
     * @param evaluations evaluates them
     * @return this
     */
    public Builder average(String name, EmaListener ema, EmaHistory evaluations) {
      return average(
          new Source(
              Optional.of(Objects.requireNonNull(name, "name")), ema, Optional.of(evaluations)));
    }

    private Builder average(Source source) {
      Objects.requireNonNull(source.ema(), "ema");
      sources.add(source);
      return this;
    }

    /**
     * Posts a score of one's own in place of the usual ones. Without any, these are accuracy, F1,
     * precision and recall of an {@code Evaluation} or {@code EvaluationBinary}, the errors and R2
     * of a {@code RegressionEvaluation}, and the areas under the curves of the {@code ROC} classes,
     * as Deeplearning4j computes them: its F1, precision and recall of several classes leave out
     * those never predicted, so that a network that has collapsed looks good. {@code
     * ClassScores.macroF1} does not.
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
     * @return a new listener, subscribed to the averages it was given
     * @throws IllegalStateException if no average was added
     */
    public EmaUiListener build() {
      return new EmaUiListener(this);
    }
  }
}
