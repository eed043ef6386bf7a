// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.batchnorm.BatchNormStatistics;
import io.github.ema4j.dl4j.internal.KeptState;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.Replica;
import io.github.ema4j.dl4j.internal.UncopyableNetworkException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.deeplearning4j.datasets.iterator.MultiDataSetWrapperIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Evaluates averaged weights, and raw ones beside them, on validation data.
 *
 * <pre>{@code
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * EmaEvaluator evaluator = new EmaEvaluator(ema, validationData);
 * EmaHistory history = evaluator.everyEpochs(1);
 * net.addListeners(ema);
 * net.fit(trainingData, epochs);
 *
 * double raw = history.last().raw(Evaluation.class).accuracy();
 * double averaged = history.last().averaged(Evaluation.class).accuracy();
 * }</pre>
 *
 * <p>Of a {@code ModelEmaGroup} all averages are evaluated: a comparison takes one pass over the
 * validation data for the raw weights, and one for each average.
 *
 * <p>The averaged weights are swapped into the network's parameters for the time of the evaluation
 * and back after it, also when it throws. The forward passes are made by a second network that
 * shares the parameters. So an evaluation leaves no trace in training, at any time between updates:
 * weights, updater state, counters, score, recurrent state, random numbers, inputs and workspace
 * modes stay as they are, bit for bit. The second network has to prove first that it is the same,
 * by its configuration, by the order of its parameters, and by its predictions for the first
 * minibatch that the average has seen trained, or else for the first of the validation data; where
 * Deeplearning4j cannot build the same one (word vectors given to an embedding layer, some users'
 * classes) a warning says why and the network itself makes the forward passes, and has its state
 * put back after them.
 *
 * <p>Where weights have diverged, so that predictions are NaN, the result says so ({@link
 * EvaluationResult#isFinite}) and nothing is thrown: raw weights that are lost do not keep the
 * averaged ones, which are as good as they were, from being evaluated.
 *
 * <p>The evaluations are Deeplearning4j's, and some of their numbers are traps: {@code
 * Evaluation.f1()} of several classes rewards a network that has collapsed ({@link
 * ClassScores#macroF1} does not), the exact AUC of {@code new ROC(0)} depends on the order of
 * examples with equal scores, {@code RegressionEvaluation.rSquared} of FLOAT labels can be above 1,
 * and {@code ROCMultiClass.calculateAverageAUC} is NaN where a class is missing. Where none fits,
 * {@link NetworkLoss} is the network's own loss.
 *
 * <p>The validation iterator is reset before and after each pass if it supports that. Do not pass
 * the iterator that trains: within an epoch that is refused, where it is noticed.
 *
 * <p>On another thread than the one that trains, {@link #averaged(Model)} evaluates a copy of the
 * average, as it was between two updates: training is not touched. Raw weights, and so comparisons,
 * are refused there while {@code fit} runs, since they change meanwhile. Use an evaluator on one
 * thread at a time.
 */
public final class EmaEvaluator {

  private static final Logger log = LoggerFactory.getLogger(EmaEvaluator.class);

  /** How the averaged weights come before a network to evaluate. */
  private enum Mode {
    /** In the network's own parameters, for a while. */
    SWAPPED,
    /** Where they are, under a second network. */
    LIVE_VIEW,
    /** In an independent network, with batch-norm statistics fitted to them. */
    RECALIBRATED
  }

  private static final Set<Moment> WITHIN_EPOCH =
      EnumSet.of(Moment.UPDATING, Moment.ITERATION_DONE);

  private final EmaListener ema;
  private final ValidationSet validation;
  private final Mode mode;
  private final Consumer<Model> recalibration; // does nothing in other modes

  /** Shares the network's parameters; made once, since building a network takes a while. */
  private Optional<Model> twin = Optional.empty();

  /** Why there is no twin. */
  private Optional<UncopyableNetworkException> obstacle = Optional.empty();

  private Model twinOf;

  /**
   * Evaluates on data of one input and one output.
   *
   * @param ema keeps one average or several
   * @param validation the data; a pass over both raw and averaged weights needs {@code
   *     resetSupported()}
   * @param evaluations what to evaluate, {@code new Evaluation()} if none is given; only their
   *     settings are used
   */
  public EmaEvaluator(EmaListener ema, DataSetIterator validation, IEvaluation<?>... evaluations) {
    this(ema, ValidationSet.of(validation, atOutputZero(evaluations)));
  }

  /**
   * Evaluates on data of several inputs or outputs; the evaluations are of output 0.
   *
   * @param ema keeps one average or several
   * @param validation the data
   * @param evaluations what to evaluate, {@code new Evaluation()} if none is given; only their
   *     settings are used
   */
  public EmaEvaluator(
      EmaListener ema, MultiDataSetIterator validation, IEvaluation<?>... evaluations) {
    this(ema, ValidationSet.of(validation, atOutputZero(evaluations)));
  }

  /**
   * Evaluates several outputs of a ComputationGraph.
   *
   * @param ema keeps one average or several
   * @param validation the data
   * @param evaluations what to evaluate, by index of the output; only their settings are used
   */
  public EmaEvaluator(
      EmaListener ema,
      MultiDataSetIterator validation,
      Map<Integer, List<IEvaluation<?>>> evaluations) {
    this(ema, ValidationSet.of(validation, evaluations));
  }

  private EmaEvaluator(EmaListener ema, ValidationSet validation) {
    this(ema, validation, Mode.SWAPPED, network -> {});
  }

  private EmaEvaluator(
      EmaListener ema, ValidationSet validation, Mode mode, Consumer<Model> recalibration) {
    this.ema = Objects.requireNonNull(ema, "ema");
    this.validation = validation;
    this.mode = mode;
    this.recalibration = recalibration;
  }

  private static Map<Integer, List<IEvaluation<?>>> atOutputZero(IEvaluation<?>... evaluations) {
    return Map.of(0, evaluations.length == 0 ? List.of(new Evaluation()) : List.of(evaluations));
  }

  /**
   * An evaluator that reads the averaged weights where they are, through {@link
   * ModelEmaListener#averagedView}, instead of swapping them in: the network's own parameters are
   * not touched for a moment, and a DOUBLE shadow is evaluated in double precision.
   *
   * @return a new evaluator, otherwise like this one
   * @throws IllegalStateException for one that recalibrates, which evaluates an independent copy
   */
  public EmaEvaluator onLiveView() {
    return in(Mode.LIVE_VIEW, recalibration);
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
   * @throws IllegalStateException for an evaluator on the live view, which is not to be changed
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
   * @throws IllegalStateException for an evaluator on the live view, which is not to be changed
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
    return in(Mode.RECALIBRATED, recalibration);
  }

  private EmaEvaluator in(Mode wanted, Consumer<Model> recalibration) {
    if (mode != Mode.SWAPPED && mode != wanted) {
      throw new IllegalStateException(
          "An evaluator either reads the live view or recalibrates a copy: call onLiveView() or"
              + " recalibratingOn(data), not both");
    }
    return new EmaEvaluator(ema, validation, wanted, recalibration);
  }

  /**
   * An independent network with the averaged weights as this evaluator evaluates them, with
   * recalibrated batch-norm statistics if it {@linkplain #recalibratingOn recalibrates}: to save or
   * serve what was scored. See {@link ModelEmaListener#averagedNetwork}.
   *
   * @param network the network that is averaged
   * @param <M> MultiLayerNetwork or ComputationGraph
   * @return the averaged network, in the data type of the network
   * @throws IllegalStateException if there is no average of this network, or several, or one is
   *     swapped in already; if recalibration finds no data, or values that are not finite
   */
  public <M extends Model> M averagedNetwork(M network) {
    return averagedNetwork(network, ema.only());
  }

  /**
   * The same for one of several averages.
   *
   * @param network the network that is averaged
   * @param index which average, from 0, as in {@link Comparison#averages}
   * @param <M> MultiLayerNetwork or ComputationGraph
   * @return the averaged network, in the data type of the network
   * @throws IndexOutOfBoundsException if there is none of that index
   * @throws IllegalStateException as {@link #averagedNetwork(Model)}
   */
  public <M extends Model> M averagedNetwork(M network, int index) {
    return averagedNetwork(network, ema.members().get(index));
  }

  private <M extends Model> M averagedNetwork(M network, ModelEmaListener member) {
    requireReady(network);
    if (!member.isTrainedElsewhere()) {
      requireTwin(network);
    }
    M averaged = copy(network, member);
    recalibration.accept(averaged);
    return averaged;
  }

  private static <M extends Model> M copy(M network, ModelEmaListener member) {
    synchronized (member.average()) { // between two updates, whichever thread trains
      return Networks.copy(network, member.shadow());
    }
  }

  /**
   * Evaluates the averaged weights.
   *
   * @param network the network that is averaged
   * @return the results
   * @throws IllegalStateException if the average has not been updated yet, is of another network,
   *     one of several or swapped in already; if the data is empty, or exhausted and cannot be
   *     reset
   */
  public EvaluationResult averaged(Model network) {
    requireReady(network);
    ModelEmaListener only = ema.only();
    if (only.updateCount() == 0) {
      throw new IllegalStateException(
          "The average has not been updated yet, so it is just the initial weights: train first");
    }
    return averaged(network, only);
  }

  private EvaluationResult averaged(Model network, ModelEmaListener member) {
    if (mode != Mode.RECALIBRATED && member.isTrainedElsewhere()) {
      return validation.evaluate(copy(network, member));
    }
    switch (mode) {
      case LIVE_VIEW:
        requireTwin(network);
        return validation.evaluate(Replica.over(network, member.shadow()));
      case RECALIBRATED:
        return validation.evaluate(averagedNetwork(network, member));
      default:
        Optional<Model> second = twin(network);
        try (Swap ignored = member.swap(network)) {
          return evaluate(network, second);
        }
    }
  }

  /**
   * Evaluates the network's own weights, leaving no trace.
   *
   * @param network the network that is averaged
   * @return the results
   * @throws IllegalStateException if the network is another, or averaged weights are swapped in;
   *     while another thread trains; if the data is empty, or exhausted and cannot be reset
   */
  public EvaluationResult raw(Model network) {
    requireReady(network);
    ema.moment(); // refuses while another thread trains
    int iterations = Networks.iterationCount(network);
    EvaluationResult result = evaluate(network, twin(network));
    if (iterations != Networks.iterationCount(network)) {
      throw new IllegalStateException(
          "Another thread has trained this network while its raw weights were evaluated: evaluate"
              + " them from a listener, everyIterations(n) or everyEpochs(n)");
    }
    ema.moment();
    return result;
  }

  /**
   * Evaluates raw weights and all averages on the same data, in a pass for each.
   *
   * @param network the network that is averaged
   * @return all results; that of an average is empty before its first update
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
    ema.members().forEach(ModelEmaListener::average); // refuses what is not up to date
    return Comparison.of(network, raw(network), ema.members(), member -> averaged(network, member));
  }

  /**
   * Compares after every so many epochs and keeps the history. It is subscribed to the average, and
   * need not be registered.
   *
   * @param epochs interval, at least 1
   * @return a new history
   * @throws IllegalArgumentException if below 1
   */
  public EmaHistory everyEpochs(int epochs) {
    return EmaHistory.of(ema, this, epochs, EmaHistory.Unit.EPOCHS);
  }

  /**
   * Compares after every so many iterations and keeps the history. It is subscribed to the average,
   * and need not be registered.
   *
   * @param iterations interval, at least 1
   * @return a new history
   * @throws IllegalArgumentException if below 1
   */
  public EmaHistory everyIterations(int iterations) {
    return EmaHistory.of(ema, this, iterations, EmaHistory.Unit.ITERATIONS);
  }

  private void requireReady(Model network) {
    ema.requireAverageOf(network);
    requireDataOfItsOwn();
    if (ema.isSwapped()) {
      throw new IllegalStateException(
          "The averaged weights are swapped into the network already: close the Swap first");
    }
  }

  /** Within an epoch a reset of the data would begin it anew: it might never end. */
  private void requireDataOfItsOwn() {
    if (!ema.isTrainedElsewhere()
        && WITHIN_EPOCH.contains(ema.moment())
        && validation.isInTraining()) {
      throw new IllegalStateException(
          "The evaluator has the iterator that fit is training from, and to evaluate would reset it in the middle of the epoch, which might never end: give the EmaEvaluator an iterator of its own");
    }
  }

  /** By a second network on the same parameters, or if there can be none by the network itself. */
  private EvaluationResult evaluate(Model network, Optional<Model> second) {
    if (second.isPresent()) {
      return validation.evaluate(second.get());
    }
    try (KeptState kept = KeptState.of(network)) {
      return validation.evaluate(network);
    }
  }

  private Optional<Model> twin(Model network) {
    if (twinOf != network) {
      buildTwin(network);
      obstacle.ifPresent(
          e ->
              log.warn(
                  "Evaluating on the network itself, which takes its input. {}", e.getMessage()));
    }
    return twin;
  }

  /** Refuses a network beside which there can be no second one, before one is evaluated. */
  private void requireTwin(Model network) {
    if (twinOf != network) {
      buildTwin(network);
    }
    if (obstacle.isPresent()) {
      throw obstacle.get();
    }
  }

  private void buildTwin(Model network) {
    twin = Optional.empty();
    obstacle = Optional.empty();
    try {
      validation.proveSameOutput(network);
      twin = Optional.of(Replica.over(network, Networks.params(network)));
    } catch (UncopyableNetworkException e) {
      obstacle = Optional.of(e);
    }
    twinOf = network;
  }
}
