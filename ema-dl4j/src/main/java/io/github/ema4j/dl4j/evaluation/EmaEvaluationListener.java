// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Evaluates raw and averaged weights every so many epochs or iterations, and keeps the history.
 * Register it after the {@code ModelEmaListener} whose average it evaluates. It leaves no trace in
 * the training run.
 *
 * <p>Not thread-safe: it belongs to the thread that trains.
 */
public final class EmaEvaluationListener implements TrainingListener {

  private static final Logger log = LoggerFactory.getLogger(EmaEvaluationListener.class);

  /** The events that an interval counts. */
  public enum Unit {
    /** Completed epochs, in the ways to fit that have epochs. */
    EPOCHS,
    /** Iterations: optimizer steps. */
    ITERATIONS
  }

  private final Predicate<Model> averaged;
  private final Function<Model, Comparison> comparer;
  private final int every;
  private final Unit unit;
  private final List<Comparison> history = new ArrayList<>();
  private final List<Consumer<Comparison>> consumers = new ArrayList<>();
  private long events;
  private boolean refused;

  /**
   * A listener that compares at an interval; {@code EmaEvaluator.everyEpochs} makes one.
   *
   * @param averaged whether a model is the network that is averaged: layers in pretraining,
   *     replicas and clones may share this listener, and pass by
   * @param comparer evaluates the network raw and averaged
   * @param every events from one comparison to the next, at least 1
   * @param unit what events are
   * @throws IllegalArgumentException if {@code every} is below 1
   */
  public EmaEvaluationListener(
      Predicate<Model> averaged, Function<Model, Comparison> comparer, int every, Unit unit) {
    if (every < 1) {
      throw new IllegalArgumentException(
          "An evaluation interval must be at least 1, but was " + every);
    }
    this.averaged = Objects.requireNonNull(averaged, "averaged");
    this.comparer = Objects.requireNonNull(comparer, "comparer");
    this.every = every;
    this.unit = Objects.requireNonNull(unit, "unit");
  }

  /**
   * Calls back after each comparison, in addition to what was set before. A consumer that asks for
   * an evaluation of weights that have diverged, of which there is none, is left at that, with a
   * warning: what becomes of the training is not for an evaluation to decide.
   *
   * @param consumer called on the thread that trains
   * @return this
   */
  public EmaEvaluationListener onComparison(Consumer<Comparison> consumer) {
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
          "Nothing was evaluated yet: the first evaluation comes after %d %s"
              .formatted(every, unit.name().toLowerCase(Locale.ROOT)));
    }
    return history.get(history.size() - 1);
  }

  private boolean isDue(Model network, Unit event) {
    return event == unit && averaged.test(network) && ++events % every == 0;
  }

  private void keep(Comparison comparison) {
    if (comparison.averaged().isEmpty()) {
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

  @Override
  public void iterationDone(Model network, int iteration, int epoch) {
    if (isDue(network, Unit.ITERATIONS)) {
      // Deeplearning4j counts the iteration only after its listeners.
      keep(comparer.apply(network).at(iteration + 1, epoch));
    }
  }

  @Override
  public void onEpochEnd(Model network) {
    if (isDue(network, Unit.EPOCHS)) {
      Comparison comparison = comparer.apply(network);
      keep(comparison.at(comparison.iteration(), comparison.epoch() + 1));
    }
  }

  @Override
  public void onEpochStart(Model network) {}

  @Override
  public void onForwardPass(Model network, List<INDArray> activations) {}

  @Override
  public void onForwardPass(Model network, Map<String, INDArray> activations) {}

  @Override
  public void onGradientCalculation(Model network) {}

  @Override
  public void onBackwardPass(Model network) {}
}
