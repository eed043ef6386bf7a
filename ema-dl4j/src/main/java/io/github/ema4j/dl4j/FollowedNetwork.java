// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.dl4j.internal.ConstrainedParameters;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.SameOutput;
import io.github.ema4j.dl4j.internal.SwappedNetworks;
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

  private static final String TRAINS_AVERAGED =
      "Training while the averaged weights are swapped in would train them and lose the raw ones";

  private final EmaListener registered;
  private final FitPosition position = new FitPosition();
  private final SeenTraining seen = new SeenTraining();
  private final LateChanges lateChanges = new LateChanges();
  private final Overlap overlap = new Overlap();
  private final List<TrainingListener> followers = new CopyOnWriteArrayList<>();
  private final Set<String> warned = ConcurrentHashMap.newKeySet();

  /** Null until the first network is trained, or an average of it started. */
  private volatile Model network;

  private boolean proofTried; // that a second network would predict the same
  private int examples; // of the minibatch whose gradient was known last; 0 after its step

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

  /** Follows the first network that is given, for good, with an average that may be of earlier. */
  void bind(Model first, boolean resumed) {
    if (network == null) {
      prepare(first);
      seen.begins(first, resumed);
      network = first;
    }
  }

  private void prepare(Model candidate) {
    if (candidate != prepared) {
      constrained = ConstrainedParameters.of(candidate);
      prepared = candidate;
    }
  }

  void requireNetwork() {
    if (network == null) {
      throw new IllegalStateException(
          "This %s has seen no training. Call fit before this. %s"
              .formatted(name(), Unseen.ADVICE));
    }
  }

  void require(Model other) {
    requireNetwork();
    if (other != network) {
      throw new IllegalStateException(
          "This %s averages another network (%s, %d parameters; this one is a %s). Create a new listener per network, or pass the network that it is registered with"
              .formatted(
                  name(),
                  network.getClass().getSimpleName(),
                  params().length(),
                  other == null ? "null" : other.getClass().getSimpleName()));
    }
  }

  /** Refuses settings that would make a wrong average of such a network. */
  static void requireSuited(Model network, AveragingConfig config) {
    if (config.unit() == AveragingUnit.EXAMPLES && Networks.isTruncatedInTime(network)) {
      throw new IllegalArgumentException(
          "With truncated backpropagation through time a minibatch is several steps, with the same"
              + " examples: count steps");
    }
    // An optimizer that searches along a line goes on from a copy of the weights of its own.
    if (config.onNonFinite() == NonFinitePolicy.RESTORE && Networks.searchesAlongLine(network)) {
      throw new IllegalArgumentException(
          "The weights of a network that is trained by %s cannot be restored, since it keeps a copy of them: use another NonFinitePolicy than RESTORE"
              .formatted(Networks.optimizationAlgorithm(network)));
    }
  }

  /** Whether a callback is about a model that is not averaged; the log says why, once. */
  boolean passesBy(Model other) {
    if (!Networks.isNetwork(other)) {
      requireNotSwapped(TRAINS_AVERAGED); // the layer would be pretrained from averaged weights
    }
    Optional<String> warning = Bystander.warningAbout(other, network);
    warning.filter(warned::add).ifPresent(log::warn);
    return warning.isPresent();
  }

  // ---------------------------------------------------------------- where in a fit

  void epochStarts() {
    requireTrainable();
    seen.goesOn(network, registered);
    lateChanges.forget();
    position.reset();
  }

  /** Whether the parameters are those before a step. */
  boolean gradientIsKnown() {
    requireTrainable();
    seen.goesOn(network, registered);
    lateChanges.beforeStep(network, registered);
    if (countsExamples()) {
      examples = network.batchSize(); // before a listener may have other data scored
    }
    return position.gradientIsKnown(Networks.searchesAlongLine(network));
  }

  /** The weights after the step that is done, as the constraints will leave them. */
  INDArray iterationDone(int iteration, int epoch) {
    position.iterationDone(iteration);
    seen.iterationDone(iteration);
    proveOnce();
    INDArray params = network.params();
    if (constrained.isPresent()) {
      return constrained.get().after(params, iteration + 1, epoch);
    }
    lateChanges.afterStep(network, registered);
    return params;
  }

  /** With the first minibatch that is at hand. */
  private void proveOnce() {
    if (!proofTried) {
      proofTried = SameOutput.proveOnPresentInput(network);
    }
  }

  /**
   * Whether nothing can write the weights before the next callback about this network. Asked in
   * {@code iterationDone}; the log says once why not.
   */
  boolean maySafelyOverlap() {
    Optional<String> obstacle =
        constrained.isPresent()
            ? Optional.of("constraints change the weights after each step")
            : overlap.obstacle(network, registered, followers);
    obstacle
        .filter(warned::add)
        .ifPresent(
            why -> log.info("The average is updated between steps, not overlapped: {}", why));
    return obstacle.isEmpty();
  }

  /** Someone may read the average at any time, without asking. */
  void viewIsHandedOut() {
    overlap.viewIsHandedOut();
  }

  boolean countsExamples() {
    return registered.members().get(0).config().unit() == AveragingUnit.EXAMPLES;
  }

  /** What the step that is done counts in the unit of the average. */
  long countOfStep() {
    if (!countsExamples()) {
      return 1;
    }
    if (examples < 1) {
      throw new IllegalStateException(
          "The number of examples of this step is not known, as no gradient was calculated for it:"
              + " count steps");
    }
    long count = examples;
    examples = 0;
    return count;
  }

  /** Puts an average into the network, whose weights are not finite, and clears what goes on. */
  void restoreFrom(ParameterAverage average) {
    average.restoreInto(params());
    lateChanges.forget();
    StepMemory.clear(network);
  }

  void epochEnds() {
    position.epochEnds(Networks.epochCount(network));
  }

  /** The average has been moved by a call, not by {@code fit}. */
  void updated(long steps) {
    position.reset();
    seen.updated(network, steps);
    proveOnce();
  }

  /** The average has begun anew at the present weights. */
  void restarted() {
    position.reset();
    seen.beginsAnew(network);
  }

  /** The user says that the average is of the network as it stands. */
  void declareCurrent() {
    position.reset();
    seen.isAll(network);
  }

  void requireCurrent() {
    requireNetwork();
    seen.requireAllOf(network);
  }

  /** Refuses an average that has seen no step, if the network has other weights by now. */
  void requireStartOf(INDArray shadow) {
    if (seen.isNothing() && !position.isInFit(network) && !isSwapped()) {
      // Constraining weights that a program has constrained itself may round them once more.
      if (differ(shadow, startingWeights()) && differ(shadow, params())) {
        throw new IllegalStateException(
            "The average has seen no step, but the weights of the network have changed since it was started. %s. %s"
                .formatted(Unseen.ADVICE, SeenTraining.ALL_THE_SAME));
      }
    }
  }

  private static boolean differ(INDArray shadow, INDArray weights) {
    return shadow.neq(weights.reshape(shadow.shape()).castTo(shadow.dataType())).any();
  }

  Moment moment() {
    requireNetwork();
    requireNoFitElsewhere();
    return position.moment(Networks.iterationCount(network), Networks.epochCount(network));
  }

  /** Refuses a callback after a step of which the average is not told itself. */
  void requireToldOfStep(Model told, String otherwise) {
    boolean ofAnother = network != null && told != network;
    if (ofAnother || !Networks.isNetwork(told)) {
      return; // a layer, a replica or a clone shares the listeners of the averaged network
    }
    if (network == null || !(seen.isByHand() || position.isInFit(told))) {
      throw new IllegalStateException(
          "%s, as the average has not seen this step: register the %s with the network, net.addListeners(ema), after any net.setListeners(...). What is subscribed to it, ema.andThen(...), need not be registered"
              .formatted(otherwise, name()));
    }
  }

  // ---------------------------------------------------------------- on another thread

  /** Whether it may be trained by another thread at any time. */
  boolean isTrainedElsewhere() {
    return seen.wasElsewhere();
  }

  void requireNoFitElsewhere() {
    if (seen.isElsewhere()) {
      throw new IllegalStateException(
          "Another thread trains this network just now, so that its weights change: do this from a"
              + " listener, by ema.andThen(...), or when fit has returned. The averaged weights"
              + " alone can be had any time: averagedNetwork(net)");
    }
  }

  // ---------------------------------------------------------------- its weights

  INDArray params() {
    return Networks.params(network);
  }

  /** The weights that an average of a network starts from; does not follow the network yet. */
  INDArray startingWeights(Model candidate) {
    if (network != null) {
      require(candidate);
    }
    if (SwappedNetworks.contains(candidate)) {
      throw new IllegalStateException(
          "The average would start from averaged weights, which are swapped into the network: close"
              + " the Swap first");
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

  /** Whether averaged weights stand in the network just now, of this average or another. */
  boolean isSwapped() {
    return network != null && SwappedNetworks.contains(network);
  }

  void requireNotSwapped(String what) {
    if (registered.isSwapped()) {
      throw new IllegalStateException(what + ": close the Swap first");
    }
  }

  private void requireTrainable() {
    requireNotSwapped(TRAINS_AVERAGED);
    int registrations = Collections.frequency(Networks.listeners(network), registered);
    if (registrations > 1) {
      throw new IllegalStateException(
          "This %s is registered %d times with one network and would average as often per step: register it once"
              .formatted(name(), registrations));
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

  /** Passes on a callback, if it is about the network, after the average has had it. */
  void tell(Model about, Consumer<TrainingListener> callback) {
    if (is(about)) {
      followers.forEach(callback);
    }
  }
}
