// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.dl4j.internal.ConstrainedParameters;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one network that an {@link EmaListener} averages: which callbacks are about it, what they
 * mean for the average, and who is told of them next. A group shares one with its members.
 */
final class FollowedNetwork {

  private static final Logger log = LoggerFactory.getLogger(ModelEmaListener.class);

  private final EmaListener registered;
  private final FitPosition position = new FitPosition();
  private final List<TrainingListener> followers = new CopyOnWriteArrayList<>();
  private final Set<String> warned = ConcurrentHashMap.newKeySet();

  /** Null until the first network is trained, or an average of it started. */
  private volatile Model network;

  private Optional<ConstrainedParameters> constrained = Optional.empty();
  private Model prepared; // the network that these constraints are of; may not be followed yet

  FollowedNetwork(EmaListener registered) {
    this.registered = registered;
  }

  // ---------------------------------------------------------------- which network

  boolean is(Model other) {
    return other != null && other == network;
  }

  Optional<Model> network() {
    return Optional.ofNullable(network);
  }

  /** Follows the first network that is given, for good. */
  void bind(Model first) {
    if (network == null) {
      prepare(first);
      network = first;
    }
  }

  private void prepare(Model candidate) {
    if (candidate != prepared) {
      constrained = ConstrainedParameters.of(candidate);
      prepared = candidate;
    }
  }

  void require(Model other) {
    if (network == null) {
      throw new IllegalStateException(
          "This %s has no network yet: train with it, or call start(network) before the first update. Spark never calls it: there, train with EmaTrainingMaster of ema-spark"
              .formatted(name()));
    }
    if (other != network) {
      throw new IllegalStateException(
          "This %s averages another network (%s, %d parameters; this one is a %s). Create a new listener per network"
              .formatted(
                  name(),
                  network.getClass().getSimpleName(),
                  params().length(),
                  other == null ? "null" : other.getClass().getSimpleName()));
    }
  }

  /** Whether a callback is about a model that is not averaged; the log says why, once. */
  boolean passesBy(Model other) {
    if (!Networks.isNetwork(other)) {
      requireNotSwapped(); // the layer would be pretrained from averaged weights
    }
    Optional<String> warning = Bystander.warningAbout(other, network);
    warning.filter(warned::add).ifPresent(log::warn);
    return warning.isPresent();
  }

  // ---------------------------------------------------------------- where in a fit

  void epochStarts() {
    requireTrainable();
    position.reset();
  }

  /** Whether the parameters are those before a step. */
  boolean gradientIsKnown() {
    requireTrainable();
    return position.gradientIsKnown(Networks.searchesAlongLine(network));
  }

  /** The weights after the step that is done, as the constraints will leave them. */
  INDArray iterationDone(int iteration, int epoch) {
    position.iterationDone(iteration);
    INDArray params = network.params();
    return constrained.isPresent() ? constrained.get().after(params, iteration + 1, epoch) : params;
  }

  void epochEnds() {
    position.epochEnds(Networks.epochCount(network));
  }

  /** The average has been moved or restarted by a call, not by {@code fit}: all is counted. */
  void movedByHand() {
    position.reset();
  }

  Moment moment() {
    return position.moment(Networks.iterationCount(network), Networks.epochCount(network));
  }

  INDArray params() {
    return Networks.params(network);
  }

  /** The weights that an average of a network starts from; does not follow the network yet. */
  INDArray startingWeights(Model candidate) {
    if (network != null) {
      require(candidate);
    }
    prepare(candidate);
    // Initial weights are not constrained yet, but have a share in the average for long.
    INDArray params = Networks.params(candidate);
    return constrained.isEmpty()
        ? params
        : constrained
            .get()
            .after(params, Networks.iterationCount(candidate), Networks.epochCount(candidate));
  }

  INDArray startingWeights() {
    return startingWeights(network);
  }

  private void requireTrainable() {
    requireNotSwapped();
    int registrations = Collections.frequency(Networks.listeners(network), registered);
    if (registrations > 1) {
      throw new IllegalStateException(
          "This %s is registered %d times with one network and would average as often per step: register it once"
              .formatted(name(), registrations));
    }
  }

  private void requireNotSwapped() {
    if (registered.isSwapped()) {
      throw new IllegalStateException(
          "Training while the averaged weights are swapped in would train them and lose the raw"
              + " ones: close the Swap first");
    }
  }

  private String name() {
    return registered.getClass().getSimpleName();
  }

  // ---------------------------------------------------------------- who is told next

  /** Adds listeners, each once. */
  void add(List<TrainingListener> more) {
    for (TrainingListener follower : more) {
      if (Objects.requireNonNull(follower, "follower") instanceof EmaListener) {
        throw new IllegalArgumentException(
            "A %s does not follow another average: register it with the network, or make a ModelEmaGroup of both"
                .formatted(follower.getClass().getSimpleName()));
      }
    }
    for (TrainingListener follower : more) {
      if (followers.stream().noneMatch(known -> known == follower)) {
        followers.add(follower);
      }
    }
  }

  List<TrainingListener> followers() {
    return List.copyOf(followers);
  }

  /** Passes on a callback about the network, after the average has had it. */
  void tell(Consumer<TrainingListener> callback) {
    followers.forEach(callback);
  }
}
