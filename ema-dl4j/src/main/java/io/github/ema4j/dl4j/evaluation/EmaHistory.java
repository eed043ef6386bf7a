// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import io.github.ema4j.dl4j.EmaFollower;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ReadOnlyListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.deeplearning4j.nn.api.Model;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Evaluates raw and averaged weights every so many epochs or iterations, and keeps the history;
 * {@link EmaEvaluator#everyEpochs} makes one. It follows the average, need not be registered with
 * the network, and leaves no trace in the training run.
 *
 * <p>Not thread-safe: it belongs to the thread that trains.
 */
public final class EmaHistory extends EmaFollower implements ReadOnlyListener {

  private static final Logger log = LoggerFactory.getLogger(EmaHistory.class);

  /** The events that an interval counts. */
  enum Unit {
    /** Completed epochs, in the ways to fit that have epochs. */
    EPOCHS("epoch", "epochs"),
    /** Iterations: optimizer steps. */
    ITERATIONS("iteration", "iterations");

    private final String one;
    private final String several;

    Unit(String one, String several) {
      this.one = one;
      this.several = several;
    }
  }

  private static final String NO_EPOCHS =
      "fit(DataSet) and fit(INDArray, INDArray) have none, only fit(iterator) does. Evaluate by"
          + " iterations, evaluator.everyIterations(n), with as many as your epochs have";

  private final EmaEvaluator evaluator;
  private final int every;
  private final Unit unit;
  private final List<Comparison> history = new ArrayList<>();
  private final List<Consumer<Comparison>> consumers = new ArrayList<>();
  private long events;
  private boolean refused;

  private EmaHistory(EmaListener ema, EmaEvaluator evaluator, int every, Unit unit) {
    super(ema);
    this.evaluator = evaluator;
    this.every = every;
    this.unit = unit;
  }

  static EmaHistory of(EmaListener ema, EmaEvaluator evaluator, int every, Unit unit) {
    if (every < 1) {
      throw new IllegalArgumentException(
          "An evaluation interval must be at least 1, but was " + every);
    }
    return new EmaHistory(ema, evaluator, every, unit);
  }

  /**
   * Calls back after each comparison, in addition to what was set before. A consumer that asks for
   * an evaluation of weights that have diverged, of which there is none, is left at that, with a
   * warning: what becomes of the training is not for an evaluation to decide.
   *
   * @param consumer called on the thread that trains
   * @return this
   */
  public EmaHistory onComparison(Consumer<Comparison> consumer) {
    consumers.add(Objects.requireNonNull(consumer, "consumer"));
    return this;
  }

  /**
   * All comparisons so far, oldest first.
   *
   * @return a copy
   */
  public List<Comparison> history() {
    return List.copyOf(history);
  }

  /**
   * The latest comparison.
   *
   * @return the comparison
   * @throws IllegalStateException if there was none yet
   */
  public Comparison last() {
    if (history.isEmpty()) {
      throw new IllegalStateException(
          ema().isStarted()
              ? "Nothing was evaluated yet: the first evaluation comes after %d %s%s"
                  .formatted(every, every == 1 ? unit.one : unit.several, whyNot())
              : "Nothing was evaluated, as the average has seen no training: call net.addListeners(ema) after any net.setListeners(...), which drops it, and then fit");
    }
    return history.get(history.size() - 1);
  }

  private String whyNot() {
    return unit == Unit.EPOCHS && iterationsOutsideEpochs() > 0
        ? ", but %d iterations were outside of epochs: %s"
            .formatted(iterationsOutsideEpochs(), NO_EPOCHS)
        : "";
  }

  @Override
  protected void withoutEpochs() {
    if (unit == Unit.EPOCHS) {
      log.warn("{} iterations, and no epoch: {}", iterationsOutsideEpochs(), NO_EPOCHS);
    }
  }

  @Override
  protected void afterStep(Model network, int iterations, int epoch) {
    if (isDue(Unit.ITERATIONS)) {
      keep(evaluator.compare(network).at(iterations, epoch));
    }
  }

  @Override
  protected void afterEpoch(Model network) {
    if (isDue(Unit.EPOCHS)) {
      Comparison comparison = evaluator.compare(network);
      keep(comparison.at(comparison.iteration(), comparison.epoch() + 1));
    }
  }

  private boolean isDue(Unit event) {
    return event == unit && ++events % every == 0;
  }

  private void keep(Comparison comparison) {
    if (comparison.averages().stream().noneMatch(average -> average.result().isPresent())) {
      log.info("The average has not been updated yet; only the raw weights were evaluated");
    }
    if (!comparison.raw().isFinite()) {
      log.warn(
          "The raw weights have diverged after {} iterations: their predictions are not finite",
          comparison.iteration());
    }
    history.add(comparison);
    consumers.forEach(consumer -> tell(consumer, comparison));
  }

  private void tell(Consumer<Comparison> consumer, Comparison comparison) {
    try {
      consumer.accept(comparison);
    } catch (NonFinitePredictionsException e) {
      if (!refused) {
        refused = true;
        log.warn(
            "A consumer of comparisons asked for an evaluation that there is not; training goes on."
                + " This is said once",
            e);
      }
    }
  }
}
