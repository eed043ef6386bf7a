// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.evaluation.IEvaluation;

/**
 * Raw weights and one average of them or several, evaluated on the same data at the same moment of
 * training.
 *
 * @param iteration iterations the network had made
 * @param epoch epochs the network had completed
 * @param raw what the network's own weights gave
 * @param averages what each average gave, in the order of the group; none where nothing is averaged
 */
public record Comparison(int iteration, int epoch, EvaluationResult raw, List<Averaged> averages) {

  /**
   * One average and what it gave.
   *
   * @param schedule the textual form of its decay schedule
   * @param updateCount its updates
   * @param decay of its last update, NaN before the first
   * @param initialShare share of the initial weights still in it, 1 before the first update
   * @param result of its evaluation; empty before the first update, when it would be that of the
   *     initial weights
   */
  public record Averaged(
      String schedule,
      long updateCount,
      double decay,
      double initialShare,
      Optional<EvaluationResult> result) {}

  /** Copies the list. */
  public Comparison {
    averages = List.copyOf(averages);
  }

  /**
   * Evaluates averages that have been updated, and puts them beside a result of the raw weights.
   *
   * @param network the network that is averaged
   * @param raw what its own weights gave
   * @param members the averages
   * @param evaluation evaluates one of them
   * @return the comparison
   */
  public static Comparison of(
      Model network,
      EvaluationResult raw,
      List<ModelEmaListener> members,
      Function<ModelEmaListener, EvaluationResult> evaluation) {
    List<Averaged> averages = new ArrayList<>();
    for (ModelEmaListener member : members) {
      averages.add(
          new Averaged(
              member.config().schedule().spec(),
              member.updateCount(),
              member.decay(),
              member.initialShare(),
              member.updateCount() == 0
                  ? Optional.empty()
                  : Optional.of(evaluation.apply(member))));
    }
    return new Comparison(
        Networks.iterationCount(network), Networks.epochCount(network), raw, averages);
  }

  Comparison at(int iteration, int epoch) {
    return new Comparison(iteration, epoch, raw, averages);
  }

  /**
   * Whether the average, of several the first, had been updated and so was evaluated.
   *
   * @return false before the first update
   */
  public boolean hasAverage() {
    return first().isPresent();
  }

  private Optional<EvaluationResult> first() {
    return averages.stream().findFirst().flatMap(Averaged::result);
  }

  /**
   * What the average gave, of several the first.
   *
   * @return the results
   * @throws IllegalStateException if it had not been updated yet
   */
  public EvaluationResult averaged() {
    return first()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "The average had not been updated yet at iteration %d, so only the raw weights were evaluated: ask hasAverage() first"
                        .formatted(iteration)));
  }

  /**
   * The evaluation of a class of the averaged weights, of several averages the first.
   *
   * @param type for example {@code Evaluation.class}
   * @param <E> the class
   * @return the evaluation; see {@link EvaluationResult#get(Class)}
   * @throws IllegalStateException if the average had not been updated yet
   */
  public <E extends IEvaluation<?>> E averaged(Class<E> type) {
    return averaged().get(type);
  }

  /**
   * The evaluation of a class of the raw weights.
   *
   * @param type for example {@code Evaluation.class}
   * @param <E> the class
   * @return the evaluation; see {@link EvaluationResult#get(Class)}
   */
  public <E extends IEvaluation<?>> E raw(Class<E> type) {
    return raw.get(type);
  }

  /**
   * What the average, of several the first, is worth; see {@link #gain(int)}.
   *
   * @return the gain, or empty
   * @throws IllegalArgumentException if no {@link ClassPredictions} were evaluated
   */
  public Optional<Gain> gain() {
    return averages.isEmpty() ? Optional.empty() : gain(0);
  }

  /**
   * What an average is worth against the raw weights, and what that says about the rest of the
   * training.
   *
   * @param index which average, from 0, as in {@link #averages}
   * @return the gain; empty if the average had not been updated yet, or predictions of one of the
   *     two were not finite
   * @throws IllegalArgumentException if no {@link ClassPredictions} were evaluated
   * @throws IndexOutOfBoundsException if there is no average of that index
   */
  public Optional<Gain> gain(int index) {
    return averages
        .get(index)
        .result()
        .filter(averaged -> averaged.isFinite() && raw.isFinite())
        .map(
            averaged ->
                Gain.of(raw.get(ClassPredictions.class), averaged.get(ClassPredictions.class)));
  }

  /**
   * Scores all, where the largest score is best.
   *
   * @param score of an evaluation, such as {@code result ->
   *     result.get(Evaluation.class).accuracy()}
   * @return the scores of the raw weights and of all averages that had been updated
   * @throws IllegalStateException if no average had been updated yet
   */
  public Scores maximizing(ToDoubleFunction<? super EvaluationResult> score) {
    return scores(score, false);
  }

  /**
   * Scores all, where the smallest score is best.
   *
   * @param score of an evaluation, such as a mean squared error
   * @return the scores of the raw weights and of all averages that had been updated
   * @throws IllegalStateException if no average had been updated yet
   */
  public Scores minimizing(ToDoubleFunction<? super EvaluationResult> score) {
    return scores(score, true);
  }

  private Scores scores(ToDoubleFunction<? super EvaluationResult> score, boolean minimize) {
    List<Scores.Averaged> scores = new ArrayList<>();
    for (int i = 0; i < averages.size(); i++) {
      Averaged average = averages.get(i);
      if (average.result().isPresent()) {
        scores.add(
            new Scores.Averaged(
                i,
                average.schedule(),
                average.initialShare(),
                average.result().get().score(score)));
      }
    }
    if (scores.isEmpty()) {
      throw new IllegalStateException(
          "No average of the group has been updated yet: register the group and fit first");
    }
    return new Scores(raw.score(score), scores, minimize);
  }
}
