// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;

/**
 * Keeps one average of a network or several: a {@link ModelEmaListener} or a {@link ModelEmaGroup}.
 * Whatever evaluates, saves, shows or trains averages takes either.
 *
 * <p>It is registered with the network. What follows the average is not registered but subscribed
 * to it, and is then called right after the average has been moved, with every way to train that
 * moves it:
 *
 * <pre>{@code
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * EmaHistory history = new EmaEvaluator(ema, validationData).everyEpochs(1); // subscribes itself
 * ema.andThen(new ScoreIterationListener(100)); // any other listener
 * net.addListeners(ema);
 * }</pre>
 */
public sealed interface EmaListener extends TrainingListener permits AveragingListener {

  /**
   * The averages.
   *
   * @return one or more, unmodifiable
   */
  List<ModelEmaListener> members();

  /**
   * The average, where there is one only.
   *
   * @return the listener itself, or the one member of a group
   * @throws IllegalStateException if there are several
   */
  default ModelEmaListener only() {
    if (members().size() > 1) {
      throw new IllegalStateException(
          "This group keeps %d averages, and one is needed here: choose it by group.get(index). EmaEvaluator.compare(network) says which is best"
              .formatted(members().size()));
    }
    return members().get(0);
  }

  // ---------------------------------------------------------------- the network and its averages

  /**
   * Starts at a network's present weights now, rather than at its first step; as the constraints
   * leave them, where layers have some. Optional: in every way to fit, the listener does so by
   * itself before the first update. A training loop that calls {@link #update} needs it. Does not
   * register the listener, without which {@code fit} leaves the average behind; does nothing if it
   * averages this network already.
   *
   * @param network an initialised MultiLayerNetwork or ComputationGraph
   * @return this
   * @throws IllegalArgumentException if the network is of another class, or has no parameters as
   *     selected
   * @throws IllegalStateException if it is not initialised, or this listener has another network
   */
  EmaListener start(Model network);

  /**
   * Starts afresh at the network's present weights, for example after loading others; as the
   * constraints leave them, where layers have some.
   *
   * @param network the network that is averaged, or any if there is none yet
   * @throws IllegalStateException if this listener has another network, or while swapped
   */
  void restart(Model network);

  /**
   * Takes in the network's weights after one optimizer step of a training loop that does not use
   * {@code fit}. Call it once per optimizer step, not once per micro-batch. Does not call the
   * followers.
   *
   * @param network the network given to {@link #start}
   * @return true if a shadow was moved; false if this step was not due or was skipped
   * @throws IllegalStateException if not started, if started with another network, while swapped,
   *     as a member of a {@link ModelEmaGroup}, which has its own {@code update}, or if examples
   *     are counted, whose number the other method takes
   */
  boolean update(Model network);

  /**
   * Takes in the network's weights after several optimizer steps of which only the last is seen, as
   * at the end of a round of workers that are averaged. It is one update, with the decays of all
   * these steps; see {@link io.github.ema4j.core.ParameterAverage#update(
   * org.nd4j.linalg.api.ndarray.INDArray, long)}. Where examples are counted, after one step or
   * several over as many examples.
   *
   * @param network the network given to {@link #start}
   * @param steps optimizer steps, or examples, since the last call, at least 1; they may differ
   *     from call to call
   * @return true if a shadow was moved; false if this was not due or was skipped
   * @throws IllegalArgumentException if {@code steps} is below 1
   * @throws IllegalStateException as {@link #update(Model)}; also for several steps at once where
   *     {@code updateEvery} is above 1
   */
  boolean update(Model network, long steps);

  /**
   * Takes the average for that of the network as it stands now, whatever has trained it. An average
   * that the network has left behind is refused everywhere, since it looks like one that is up to
   * date; after this call it is handed out as it is, until the network trains on without it again.
   * For who wants the average of before, has set the iteration count of the network by hand, or
   * moves {@link ModelEmaListener#average} by other means than {@link #update}.
   *
   * @param network the network that is averaged
   * @throws IllegalStateException if there is no average yet, or of another network
   */
  void declareCurrent(Model network);

  /**
   * Whether this listener has a network, and so an average.
   *
   * @return false until started or trained with
   */
  boolean isStarted();

  /**
   * Whether averaged weights stand in the network just now: of this average or any other.
   *
   * @return true while a {@link io.github.ema4j.core.Swap} is open
   */
  boolean isSwapped();

  /**
   * Whether this listener averages a network.
   *
   * @param network any
   * @return false also as long as this listener has no network
   */
  boolean isAverageOf(Model network);

  /**
   * Refuses a network that this listener does not average.
   *
   * @param network any
   * @throws IllegalStateException if there is no average yet, or of another network; says which
   */
  void requireAverageOf(Model network);

  /**
   * Where in a fit the network is: which counters of Deeplearning4j are one behind. Ask from a
   * follower, or outside a fit.
   *
   * @return the moment
   * @throws IllegalStateException if there is no average yet, or while another thread trains
   */
  Moment moment();

  /**
   * Whether another thread has trained the network, and may be at it again any time. Then its
   * weights are not to be swapped, saved or compared; {@link ModelEmaListener#averagedNetwork} is a
   * copy, and can be had.
   *
   * @return false on the thread that trained last, and if none is known that still lives
   */
  boolean isTrainedElsewhere();

  // ---------------------------------------------------------------- what follows

  /**
   * Subscribes listeners: each is called for every callback about the network, with the same
   * arguments, after the average has taken it in, in the order of subscription. One that is
   * subscribed already stays where it is. Do not register them with the network as well.
   *
   * @param followers any listeners but those that keep averages
   * @return this
   * @throws IllegalArgumentException for a listener that keeps an average
   */
  EmaListener andThen(TrainingListener... followers);

  /**
   * The listeners that are subscribed, for what trains by other means than {@code fit} to call.
   *
   * @return in the order of subscription; a copy. Those of a group, for a member of it
   */
  List<TrainingListener> followers();

  /**
   * Wraps another listener so that it runs with the averaged weights in the network: an
   * EvaluativeListener then evaluates them, a CheckpointListener saves them. Subscribe the wrapped
   * one: {@code ema.andThen(ema.during(listener))}. What belongs to a forward or backward pass is
   * passed on unchanged, and so is everything before the average has started. Replicas and clones,
   * which share listeners but are not averaged, are not shown to it.
   *
   * @param listener any listener
   * @return the wrapped listener, in its place
   * @throws IllegalStateException for a group of several averages: a listener sees one set of
   *     weights per call, so wrap one for each member
   */
  TrainingListener during(TrainingListener listener);
}
