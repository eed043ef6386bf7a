// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import io.github.ema4j.dl4j.internal.KeptRandom;
import io.github.ema4j.dl4j.internal.SameOutput;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.AsyncShieldDataSetIterator;
import org.deeplearning4j.datasets.iterator.AsyncShieldMultiDataSetIterator;
import org.deeplearning4j.datasets.iterator.MultiDataSetWrapperIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/**
 * Data to validate on, and what to evaluate on it. An iterator that can be reset is, before and
 * after each pass.
 *
 * <p>The iterator is read on the calling thread. Deeplearning4j would fetch ahead on another one,
 * which goes on reading after an evaluation has thrown, and waits for ever for an iterator that
 * has.
 */
final class ValidationSet {

  private final DataSetIterator dataSets;
  private final MultiDataSetIterator multiDataSets;
  private final Map<Integer, List<IEvaluation<?>>> prototypes;

  private ValidationSet(
      DataSetIterator dataSets,
      MultiDataSetIterator multiDataSets,
      Map<Integer, List<IEvaluation<?>>> prototypes) {
    this.dataSets = dataSets;
    this.multiDataSets = multiDataSets;
    this.prototypes = prototypes;
    if (prototypes.isEmpty() || prototypes.values().stream().anyMatch(List::isEmpty)) {
      throw new IllegalArgumentException("There is nothing to evaluate: pass an IEvaluation");
    }
  }

  /**
   * Data of one input and one output.
   *
   * @param iterator the data
   * @param prototypes what to evaluate, by index of the output; only their settings are used
   * @return the set
   */
  static ValidationSet of(DataSetIterator iterator, Map<Integer, List<IEvaluation<?>>> prototypes) {
    return new ValidationSet(Objects.requireNonNull(iterator, "iterator"), null, prototypes);
  }

  /**
   * Data of several inputs or outputs.
   *
   * @param iterator the data
   * @param prototypes what to evaluate, by index of the output; only their settings are used
   * @return the set
   */
  static ValidationSet of(
      MultiDataSetIterator iterator, Map<Integer, List<IEvaluation<?>>> prototypes) {
    return new ValidationSet(null, Objects.requireNonNull(iterator, "iterator"), prototypes);
  }

  /** Whether {@code fit} reads from the same iterator just now. */
  boolean isInTraining() {
    return DataInTraining.contains(dataSets != null ? dataSets : multiDataSets);
  }

  /**
   * Whether more than one pass can be made.
   *
   * @return false if the iterator cannot be reset
   */
  boolean isRepeatable() {
    return dataSets != null ? dataSets.resetSupported() : multiDataSets.resetSupported();
  }

  /** Has a second network beside this one proved with the first batch, where that is possible. */
  void proveSameOutput(Model network) {
    if (dataSets != null) {
      SameOutput.proveOn(network, dataSets);
    } else {
      SameOutput.proveOn(network, multiDataSets);
    }
  }

  private boolean hasNext() {
    return dataSets != null ? dataSets.hasNext() : multiDataSets.hasNext();
  }

  private MultiDataSet next() {
    return dataSets != null ? dataSets.next().toMultiDataSet() : multiDataSets.next();
  }

  /**
   * Makes one pass over the data.
   *
   * @param network a MultiLayerNetwork or ComputationGraph
   * @return new evaluation objects, filled; without them, and not finite, if one refused
   *     predictions that are NaN
   * @throws IllegalStateException if the data is empty, or exhausted and cannot be reset
   */
  EvaluationResult evaluate(Model network) {
    reset();
    if (!hasNext()) {
      throw new IllegalStateException(
          isRepeatable()
              ? "The validation iterator is empty: there is nothing to evaluate on"
              : "The validation iterator is exhausted and does not support reset(): pass a new one");
    }
    Map<Integer, List<IEvaluation<?>>> filled = new HashMap<>();
    Map<Integer, IEvaluation<?>[]> evaluations = new HashMap<>();
    List<FinitePredictions> checks = new ArrayList<>();
    prototypes.forEach(
        (output, list) -> {
          FinitePredictions check = new FinitePredictions();
          checks.add(check);
          List<IEvaluation<?>> created = new ArrayList<>();
          list.forEach(prototype -> created.add(prototype.newInstance()));
          filled.put(output, created);
          evaluations.put(
              output,
              Stream.concat(Stream.of(check), created.stream().map(MaskedEvaluation::new))
                  .toArray(IEvaluation<?>[]::new));
        });
    try (KeptRandom kept = KeptRandom.now()) {
      if (network instanceof MultiLayerNetwork mln) {
        evaluate(mln, evaluations);
      } else {
        evaluate((ComputationGraph) network, evaluations);
      }
      addLosses(network, filled);
    } catch (RuntimeException e) { // thrown by evaluations that refuse NaN
      if (checks.stream().noneMatch(FinitePredictions::sawNonFinite)) {
        throw e;
      }
      return EvaluationResult.notFinite(e);
    } finally {
      reset();
    }
    boolean finite = checks.stream().noneMatch(FinitePredictions::sawNonFiniteThatCounts);
    return new EvaluationResult(filled, finite, null);
  }

  private void evaluate(MultiLayerNetwork network, Map<Integer, IEvaluation<?>[]> evaluations) {
    if (!evaluations.keySet().equals(Set.of(0))) {
      throw new IllegalArgumentException(
          "A MultiLayerNetwork has output 0 only, but evaluations were asked for outputs "
              + new ArrayList<>(evaluations.keySet()));
    }
    DataSetIterator data =
        dataSets != null ? dataSets : new MultiDataSetWrapperIterator(multiDataSets);
    network.doEvaluation(new AsyncShieldDataSetIterator(data), evaluations.get(0));
  }

  private void evaluate(ComputationGraph network, Map<Integer, IEvaluation<?>[]> evaluations) {
    for (int output : evaluations.keySet()) {
      if (output < 0 || output >= network.getNumOutputArrays()) {
        throw new IllegalArgumentException(
            "An evaluation was asked for output %d, but the network has outputs 0 to %d"
                .formatted(output, network.getNumOutputArrays() - 1));
      }
    }
    MultiDataSetIterator data =
        dataSets != null ? new MultiDataSetIteratorAdapter(dataSets) : multiDataSets;
    network.evaluate(new AsyncShieldMultiDataSetIterator(data), evaluations);
  }

  private void addLosses(Model network, Map<Integer, List<IEvaluation<?>>> evaluations) {
    List<NetworkLoss> losses =
        evaluations.values().stream()
            .flatMap(List::stream)
            .filter(NetworkLoss.class::isInstance)
            .map(NetworkLoss.class::cast)
            .toList();
    if (losses.isEmpty()) {
      return;
    }
    if (!isRepeatable()) {
      throw new IllegalStateException(
          "The loss takes a pass of its own over the validation data, but the iterator does not"
              + " support reset(): load the data into a ListDataSetIterator");
    }
    reset();
    while (hasNext()) {
      MultiDataSet batch = next();
      double loss =
          network instanceof MultiLayerNetwork layers
              ? layers.score(single(batch), false)
              : ((ComputationGraph) network).score(batch, false);
      losses.forEach(each -> each.add(loss, batch.getFeatures(0).size(0)));
    }
  }

  private static DataSet single(MultiDataSet batch) {
    return new DataSet(
        batch.getFeatures(0),
        batch.getLabels(0),
        batch.getFeaturesMaskArray(0),
        batch.getLabelsMaskArray(0));
  }

  private void reset() {
    if (isRepeatable()) {
      if (dataSets != null) {
        dataSets.reset();
      } else {
        multiDataSets.reset();
      }
    }
  }
}
