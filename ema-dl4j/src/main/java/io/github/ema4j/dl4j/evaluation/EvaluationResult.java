// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * What one evaluation of one set of weights gave: Deeplearning4j's evaluation objects, filled.
 * Immutable as far as they are.
 *
 * <p>Where weights have diverged and predictions are NaN, most of these objects refuse them. The
 * result then holds none, and says so by {@link #isFinite}; others, such as {@code
 * RegressionEvaluation}, are there and have NaN for scores.
 */
public final class EvaluationResult {

  private final Map<Integer, List<IEvaluation<?>>> byOutput;
  private final boolean finite;
  private final Throwable refusal; // null if there are evaluations

  /**
   * Keeps evaluations that are filled already.
   *
   * @param byOutput by index of the output, from 0, in the order in which they were asked for
   */
  public EvaluationResult(Map<Integer, List<IEvaluation<?>>> byOutput) {
    this(byOutput, true, null);
  }

  EvaluationResult(Map<Integer, List<IEvaluation<?>>> byOutput, boolean finite, Throwable refusal) {
    Map<Integer, List<IEvaluation<?>>> copy = new TreeMap<>();
    byOutput.forEach((output, evaluations) -> copy.put(output, List.copyOf(evaluations)));
    this.byOutput = copy;
    this.finite = finite;
    this.refusal = refusal;
  }

  /**
   * Evaluates a network as it is, averaged or not. Random numbers that its layers draw are put
   * back.
   *
   * @param network a MultiLayerNetwork or ComputationGraph
   * @param validation data of one input and one output; reset before and after, where it can be
   * @param evaluations what to evaluate, {@code new Evaluation()} if none is given; only their
   *     settings are used
   * @return new evaluation objects, filled; none, and not finite, if one refused predictions that
   *     are NaN
   * @throws IllegalStateException if the data is empty, or exhausted and cannot be reset
   */
  public static EvaluationResult of(
      Model network, DataSetIterator validation, IEvaluation<?>... evaluations) {
    List<IEvaluation<?>> asked =
        evaluations.length == 0 ? List.of(new Evaluation()) : List.of(evaluations);
    return ValidationSet.of(validation, Map.of(0, asked)).evaluate(network);
  }

  /**
   * A result without evaluations, of weights whose predictions are not finite.
   *
   * @param cause what an evaluation said of them
   * @return the result
   */
  public static EvaluationResult notFinite(Throwable cause) {
    return new EvaluationResult(Map.of(), false, Objects.requireNonNull(cause, "cause"));
  }

  /**
   * Whether the predictions that were evaluated were finite. Ones that a mask leaves out do not
   * count.
   *
   * @return false if the weights have diverged
   */
  public boolean isFinite() {
    return finite;
  }

  /**
   * A score of this result, to be compared with others.
   *
   * @param score of an evaluation, such as {@code result ->
   *     result.get(Evaluation.class).accuracy()}
   * @return what it gives; NaN, without asking it, if the predictions were not finite
   */
  public double score(ToDoubleFunction<? super EvaluationResult> score) {
    return finite ? score.applyAsDouble(this) : Double.NaN;
  }

  /**
   * The first evaluation of a class, over all outputs in their order.
   *
   * @param type for example {@code Evaluation.class}
   * @param <E> the class
   * @return the evaluation
   * @throws IllegalArgumentException if none of that class was asked for
   * @throws IllegalStateException if the predictions were not finite, and refused
   */
  public <E extends IEvaluation<?>> E get(Class<E> type) {
    requireEvaluations();
    for (int output : byOutput.keySet()) {
      for (IEvaluation<?> evaluation : byOutput.get(output)) {
        if (type.isInstance(evaluation)) {
          return type.cast(evaluation);
        }
      }
    }
    throw new IllegalArgumentException(
        "No %s was evaluated, only: %s. Name it where the evaluator is made: new EmaEvaluator(ema, data, new %s(), ...)"
            .formatted(type.getSimpleName(), names(), type.getSimpleName()));
  }

  /**
   * The first evaluation of a class for one output of a ComputationGraph.
   *
   * @param output index of the output, from 0
   * @param type for example {@code RegressionEvaluation.class}
   * @param <E> the class
   * @return the evaluation
   * @throws IllegalArgumentException if none of that class was asked for at that output
   * @throws IllegalStateException if the predictions were not finite, and refused
   */
  public <E extends IEvaluation<?>> E get(int output, Class<E> type) {
    requireEvaluations();
    for (IEvaluation<?> evaluation : byOutput.getOrDefault(output, List.of())) {
      if (type.isInstance(evaluation)) {
        return type.cast(evaluation);
      }
    }
    throw new IllegalArgumentException(
        "No %s was evaluated at output %d, only: %s"
            .formatted(type.getSimpleName(), output, names()));
  }

  /**
   * All evaluations, by output and in the order in which they were asked for.
   *
   * @return unmodifiable; empty if the predictions were not finite, and refused
   */
  public List<IEvaluation<?>> all() {
    List<IEvaluation<?>> all = new ArrayList<>();
    byOutput.values().forEach(all::addAll);
    return List.copyOf(all);
  }

  private void requireEvaluations() {
    if (refusal != null) {
      throw new NonFinitePredictionsException(refusal);
    }
  }

  /** Names the evaluations, and says where predictions were not finite. */
  @Override
  public String toString() {
    return "EvaluationResult" + names() + (finite ? "" : ", not finite");
  }

  private String names() {
    List<String> names = new ArrayList<>();
    byOutput.forEach(
        (output, evaluations) ->
            evaluations.forEach(
                e -> names.add(e.getClass().getSimpleName() + " at output " + output)));
    return names.toString();
  }
}
