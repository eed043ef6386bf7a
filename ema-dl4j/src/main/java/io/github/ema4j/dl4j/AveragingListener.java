// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What Deeplearning4j's callbacks mean to averages, be it one or a group: which are about their
 * network, when to begin, when to move, and whom to tell next.
 */
abstract sealed class AveragingListener implements EmaListener
    permits ModelEmaListener, ModelEmaGroup {

  // A listener that joins a group shares the group's.
  private volatile FollowedNetwork followed = new FollowedNetwork(this);

  AveragingListener() {}

  final FollowedNetwork followed() {
    return followed;
  }

  /** Leaves the network and the followers to another from now on. */
  final void follow(FollowedNetwork shared) {
    shared.add(followed.followers());
    followed = shared;
  }

  // ---------------------------------------------------------------- what one or a group does

  /** Refuses to be registered or updated, if that is for another to be. */
  abstract void requireDriven();

  /** The average begins right before the first update, wherever the weights have come by then. */
  abstract void startFromPresentWeights();

  /** Whether raw weights are where averaged ones should be, since those are swapped in. */
  abstract boolean holdsRaw();

  /** Moves what is averaged; true if any was. */
  abstract boolean move(INDArray params, long steps, long epochs);

  /** Begins to move what is averaged after one step; {@link #settle} waits for the end of it. */
  abstract void beginMove(INDArray params, long steps, long epochs);

  /** Waits until what was begun is complete: the parameters may be written then. */
  abstract void settle();

  /** Takes in the weights after these steps, or examples; true if any average was moved. */
  private boolean take(INDArray params, long steps, long epochs) {
    boolean moved = move(params, steps, epochs);
    for (ModelEmaListener member : members()) {
      if (member.restoreIfDue()) {
        break; // the weights are those of this average now
      }
    }
    return moved;
  }

  // ---------------------------------------------------------------- training

  @Override
  public final void onEpochStart(Model network) {
    if (concerns(network)) {
      settle();
      followed.epochStarts();
      startFromPresentWeights();
      followed.tell(network, follower -> follower.onEpochStart(network));
    }
  }

  @Override
  public final void onForwardPass(Model network, List<INDArray> activations) {
    followed.tell(network, follower -> follower.onForwardPass(network, activations));
  }

  @Override
  public final void onForwardPass(Model network, Map<String, INDArray> activations) {
    followed.tell(network, follower -> follower.onForwardPass(network, activations));
  }

  @Override
  public final void onBackwardPass(Model network) {
    followed.tell(network, follower -> follower.onBackwardPass(network));
  }

  @Override
  public final void onGradientCalculation(Model network) {
    if (concerns(network)) {
      settle();
      if (followed.gradientIsKnown()) {
        startFromPresentWeights();
      }
      followed.tell(network, follower -> follower.onGradientCalculation(network));
    }
  }

  @Override
  public final void iterationDone(Model network, int iteration, int epoch) {
    if (concerns(network)) {
      INDArray params = followed.iterationDone(iteration, epoch);
      long count = followed.countOfStep();
      if (overlaps() && followed.maySafelyOverlap()) {
        beginMove(params, count, epoch);
      } else {
        take(params, count, epoch);
      }
      followed.tell(network, follower -> follower.iterationDone(network, iteration, epoch));
    }
  }

  @Override
  public final void onEpochEnd(Model network) {
    if (concerns(network)) {
      settle();
      followed.epochEnds();
      followed.tell(network, follower -> follower.onEpochEnd(network));
    }
  }

  /** Whether all averages are to be moved while training goes on. */
  private boolean overlaps() {
    return members().stream()
        .map(ModelEmaListener::config)
        .allMatch(config -> config.overlapped() && config.onNonFinite() != NonFinitePolicy.RESTORE);
  }

  /** Whether a callback is about the network to average: the first that is trained, or started. */
  private boolean concerns(Model network) {
    requireDriven();
    if (followed.passesBy(network)) {
      return false;
    }
    start(network);
    return true;
  }

  // ---------------------------------------------------------------- by hand

  @Override
  public final boolean update(Model network) {
    if (followed.countsExamples()) {
      throw new IllegalStateException(
          "This average counts examples: say of how many the step was, update(network, examples)");
    }
    return update(network, 1);
  }

  @Override
  public final boolean update(Model network, long steps) {
    requireDriven();
    if (!isStarted()) {
      throw new IllegalStateException(
          "This %s has no network yet: call start(network) before the first step of your loop"
              .formatted(getClass().getSimpleName()));
    }
    followed.require(network);
    followed.requireNotSwapped("Averaged weights are swapped into the network, not to be averaged");
    boolean moved = take(followed.params(), steps, Networks.epochCount(network));
    followed.updated(followed.countsExamples() ? 1 : steps);
    return moved;
  }

  @Override
  public final void declareCurrent(Model network) {
    followed.require(network);
    followed.declareCurrent();
  }

  // ---------------------------------------------------------------- state and followers

  @Override
  public final boolean isAverageOf(Model network) {
    return followed.is(network);
  }

  @Override
  public final void requireAverageOf(Model network) {
    followed.require(network);
  }

  @Override
  public final Moment moment() {
    return followed.moment();
  }

  @Override
  public final boolean isTrainedElsewhere() {
    return followed.isTrainedElsewhere();
  }

  @Override
  public final List<TrainingListener> followers() {
    return followed.followers();
  }
}
