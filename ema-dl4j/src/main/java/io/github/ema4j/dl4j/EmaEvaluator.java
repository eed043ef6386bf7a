// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.batchnorm.BatchNormStatistics;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluationListener;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.evaluation.ValidationSet;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.deeplearning4j.datasets.iterator.MultiDataSetWrapperIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/**
 * Evaluates averaged weights, and raw ones beside them, on validation data.
 *
 * <pre>{@code
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * EmaEvaluator evaluator = new EmaEvaluator(ema, validationData);
 * EmaEvaluationListener history = evaluator.everyEpochs(1);
 * net.addListeners(ema, history);
 * net.fit(trainingData, epochs);
 *
 * double raw = history.last().raw().get(Evaluation.class).accuracy();
 * double averaged = evaluator.averaged(net).get(Evaluation.class).accuracy();
 * }</pre>
 *
 * <p>The averaged weights are swapped into the network's parameters for the time of the evaluation
 * and back after it, also when it throws. The forward passes are made by a second network that
 * shares the parameters. So an evaluation leaves no trace in training, at any time between updates:
 * weights, updater state, counters, score, recurrent state, inputs and workspace modes stay as they
 * are, bit for bit.
 *
 * <p>Where weights have diverged, so that predictions are NaN, the result says so ({@link
 * EvaluationResult#isFinite}) and nothing is thrown: raw weights that are lost do not keep the
 * averaged ones, which are as good as they were, from being evaluated.
 *
 * <p>The validation iterator is reset before and after each pass if it supports that. Do not pass
 * the iterator that trains. Use an evaluator on the thread that trains, or while no training runs.
 */
public final class EmaEvaluator {

  private final ModelEmaListener ema;
  private final ValidationSet validation;
  private final boolean onLiveView;
  private final Optional<Consumer<Model>> recalibration;

  /** Shares the network's parameters; made once, since building a network takes a while. */
  private Model twin;

  private Model twinOf;

  /**
   * Evaluates on data of one input and one output.
   *
   * @param ema keeps the average
   * @param validation the data; a pass over both raw and averaged weights needs {@code
   *     resetSupported()}
   * @param evaluations what to evaluate, {@code new Evaluation()} if none is given; only their
   *     settings are used
   */
  public EmaEvaluator(
      ModelEmaListener ema, DataSetIterator validation, IEvaluation<?>... evaluations) {
    this(ema, ValidationSet.of(validation, atOutputZero(evaluations)));
  }

  /**
   * Evaluates on data of several inputs or outputs; the evaluations are of output 0.
   *
   * @param ema keeps the average
   * @param validation the data
   * @param evaluations what to evaluate, {@code new Evaluation()} if none is given; only their
   *     settings are used
   */
  public EmaEvaluator(
      ModelEmaListener ema, MultiDataSetIterator validation, IEvaluation<?>... evaluations) {
    this(ema, ValidationSet.of(validation, atOutputZero(evaluations)));
  }

  /**
   * Evaluates several outputs of a ComputationGraph.
   *
   * @param ema keeps the average
   * @param validation the data
   * @param evaluations what to evaluate, by index of the output; only their settings are used
   */
  public EmaEvaluator(
      ModelEmaListener ema,
      MultiDataSetIterator validation,
      Map<Integer, List<IEvaluation<?>>> evaluations) {
    this(ema, ValidationSet.of(validation, evaluations));
  }

  private EmaEvaluator(ModelEmaListener ema, ValidationSet validation) {
    this(ema, validation, false, Optional.empty());
  }

  private EmaEvaluator(
      ModelEmaListener ema,
      ValidationSet validation,
      boolean onLiveView,
      Optional<Consumer<Model>> recalibration) {
    this.ema = Objects.requireNonNull(ema, "ema");
    this.validation = validation;
    this.onLiveView = onLiveView;
    this.recalibration = recalibration;
  }

  private static Map<Integer, List<IEvaluation<?>>> atOutputZero(IEvaluation<?>... evaluations) {
    return Map.of(0, evaluations.length == 0 ? List.of(new Evaluation()) : List.of(evaluations));
  }

  /**
   * An evaluator that reads the averaged weights where they are, through {@link
   * ModelEmaListener#networkView}, instead of swapping them in: the network's own parameters are
   * not touched for a moment, and a DOUBLE shadow is evaluated in double precision.
   *
   * @return a new evaluator, otherwise like this one
   */
  public EmaEvaluator onLiveView() {
    return new EmaEvaluator(ema, validation, true, recalibration);
  }

  /**
   * An evaluator that first fits the batch-norm statistics to the averaged weights; see {@link
   * BatchNormStatistics}. It evaluates {@link #averagedNetwork}, an independent copy made anew each
   * time; raw weights are evaluated as they are.
   *
   * @param data features to compute the statistics over, usually training data; an iterator of its
   *     own that can be reset, not the one that trains
   * @return a new evaluator, otherwise like this one
   * @throws IllegalArgumentException if the iterator cannot be reset
   */
  public EmaEvaluator recalibratingOn(DataSetIterator data) {
    BatchNormStatistics.requireResettable(data);
    return recalibrating(
        network -> {
          if (network instanceof MultiLayerNetwork mln) {
            BatchNormStatistics.recalibrate(mln, data);
          } else {
            BatchNormStatistics.recalibrate((ComputationGraph) network, data);
          }
        });
  }

  /**
   * An evaluator that first fits the batch-norm statistics to the averaged weights of a
   * ComputationGraph; see {@link #recalibratingOn(DataSetIterator)}.
   *
   * @param data features to compute the statistics over; an iterator of its own that can be reset
   * @return a new evaluator, otherwise like this one
   * @throws IllegalArgumentException if the iterator cannot be reset
   */
  public EmaEvaluator recalibratingOn(MultiDataSetIterator data) {
    BatchNormStatistics.requireResettable(data);
    return recalibrating(
        network -> {
          if (network instanceof MultiLayerNetwork mln) {
            BatchNormStatistics.recalibrate(mln, new MultiDataSetWrapperIterator(data));
          } else {
            BatchNormStatistics.recalibrate((ComputationGraph) network, data);
          }
        });
  }

  private EmaEvaluator recalibrating(Consumer<Model> recalibration) {
    return new EmaEvaluator(ema, validation, false, Optional.of(recalibration));
  }

  /**
   * An independent network with the averaged weights as this evaluator evaluates them, with
   * recalibrated batch-norm statistics if it {@linkplain #recalibratingOn recalibrates}: to save or
   * serve what was scored. See {@link ModelEmaListener#network}.
   *
   * @param network the network that is averaged
   * @param <M> MultiLayerNetwork or ComputationGraph
   * @return the averaged network, in the data type of the network
   * @throws IllegalStateException if there is no average of this network, or it is swapped in
   *     already; if recalibration finds no data, or values that are not finite
   */
  public <M extends Model> M averagedNetwork(M network) {
    requireReady(network);
    M averaged = Networks.copy(network, ema.shadow());
    recalibration.ifPresent(recalibrate -> recalibrate.accept(averaged));
    return averaged;
  }

  /**
   * Evaluates the averaged weights.
   *
   * @param network the network that is averaged
   * @return the results
   * @throws IllegalStateException if the average has not been updated yet, is of another network or
   *     swapped in already; if the data is empty, or exhausted and cannot be reset
   */
  public EvaluationResult averaged(Model network) {
    requireReady(network);
    if (ema.updateCount() == 0) {
      throw new IllegalStateException(
          "The average has not been updated yet, so it is just the initial weights: train first");
    }
    if (recalibration.isPresent()) {
      return validation.evaluate(averagedNetwork(network));
    }
    if (onLiveView) {
      return validation.evaluate(Networks.over(network, ema.shadow()));
    }
    Model evaluated = twin(network);
    try (Swap ignored = ema.swap(network)) {
      return validation.evaluate(evaluated);
    }
  }

  /**
   * Evaluates the network's own weights, leaving no trace.
   *
   * @param network the network that is averaged
   * @return the results
   * @throws IllegalStateException if the network is another, or the averaged weights are swapped
   *     in; if the data is empty, or exhausted and cannot be reset
   */
  public EvaluationResult raw(Model network) {
    requireReady(network);
    return validation.evaluate(twin(network));
  }

  /**
   * Evaluates raw and averaged weights on the same data.
   *
   * @param network the network that is averaged
   * @return both results; the averaged one is empty before the first update
   * @throws IllegalStateException as {@link #raw}, and if the iterator cannot be reset for the
   *     second pass
   */
  public Comparison compare(Model network) {
    requireReady(network);
    if (!validation.isRepeatable()) {
      throw new IllegalStateException(
          "Comparing raw and averaged weights takes two passes over the validation data, but the"
              + " iterator does not support reset(): load the data into a ListDataSetIterator");
    }
    return new Comparison(
        Networks.iterationCount(network),
        Networks.epochCount(network),
        ema.updateCount(),
        ema.decay(),
        ema.initialShare(),
        raw(network),
        ema.updateCount() == 0 ? Optional.empty() : Optional.of(averaged(network)));
  }

  /**
   * A listener that compares after every so many epochs and keeps the history. Register it after
   * the {@link ModelEmaListener}.
   *
   * @param epochs interval, at least 1
   * @return a new listener
   * @throws IllegalArgumentException if below 1
   */
  public EmaEvaluationListener everyEpochs(int epochs) {
    return listener(epochs, EmaEvaluationListener.Unit.EPOCHS);
  }

  /**
   * A listener that compares after every so many iterations and keeps the history. Register it
   * after the {@link ModelEmaListener}.
   *
   * @param iterations interval, at least 1
   * @return a new listener
   * @throws IllegalArgumentException if below 1
   */
  public EmaEvaluationListener everyIterations(int iterations) {
    return listener(iterations, EmaEvaluationListener.Unit.ITERATIONS);
  }

  private EmaEvaluationListener listener(int every, EmaEvaluationListener.Unit unit) {
    return new EmaEvaluationListener(network -> !ema.passesBy(network), this::compare, every, unit);
  }

  private void requireReady(Model network) {
    ema.requireBound(network);
    if (ema.isSwapped()) {
      throw new IllegalStateException(
          "The averaged weights are swapped into the network already: close the Swap first");
    }
  }

  private Model twin(Model network) {
    if (twinOf != network) {
      twin = Networks.over(network, Networks.params(network));
      twinOf = network;
    }
    return twin;
  }
}
