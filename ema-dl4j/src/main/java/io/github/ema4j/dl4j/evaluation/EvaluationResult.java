// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.evaluation.IEvaluation;

/**
 * What one evaluation of one set of weights gave: Deeplearning4j's evaluation objects, filled.
 * Immutable as far as they are.
 */
public final class EvaluationResult {

  private final Map<Integer, List<IEvaluation<?>>> byOutput;

  /**
   * Keeps evaluations that are filled already.
   *
   * @param byOutput by index of the output, from 0, in the order in which they were asked for
   */
  public EvaluationResult(Map<Integer, List<IEvaluation<?>>> byOutput) {
    Map<Integer, List<IEvaluation<?>>> copy = new TreeMap<>();
    byOutput.forEach((output, evaluations) -> copy.put(output, List.copyOf(evaluations)));
    this.byOutput = copy;
  }

  /**
   * The first evaluation of a class, over all outputs in their order.
   *
   * @param type for example {@code Evaluation.class}
   * @param <E> the class
   * @return the evaluation
   * @throws IllegalArgumentException if none of that class was asked for
   */
  public <E extends IEvaluation<?>> E get(Class<E> type) {
    for (int output : byOutput.keySet()) {
      for (IEvaluation<?> evaluation : byOutput.get(output)) {
        if (type.isInstance(evaluation)) {
          return type.cast(evaluation);
        }
      }
    }
    throw new IllegalArgumentException(
        "No %s was evaluated, only: %s".formatted(type.getSimpleName(), names()));
  }

  /**
   * The first evaluation of a class for one output of a ComputationGraph.
   *
   * @param output index of the output, from 0
   * @param type for example {@code RegressionEvaluation.class}
   * @param <E> the class
   * @return the evaluation
   * @throws IllegalArgumentException if none of that class was asked for at that output
   */
  public <E extends IEvaluation<?>> E get(int output, Class<E> type) {
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
   * @return unmodifiable
   */
  public List<IEvaluation<?>> all() {
    List<IEvaluation<?>> all = new ArrayList<>();
    byOutput.values().forEach(all::addAll);
    return List.copyOf(all);
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
