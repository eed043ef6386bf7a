// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.DecayAdvice;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.internal.ConstrainedParameters;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an exponential moving average (EMA) of a network's weights while it trains. Adding it is
 * the only change to a training program:
 *
 * <pre>{@code
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * net.addListeners(ema);
 * net.fit(trainingData, epochs);
 *
 * MultiLayerNetwork averaged = ema.network(net); // evaluate, save, serve
 * }</pre>
 *
 * <p>After every optimizer step the shadow, a copy of all of {@link Model#params()} (weights,
 * biases and batch-norm statistics), moves towards the parameters: {@code shadow = decay * shadow +
 * (1 - decay) * params}. Training itself is not influenced in any bit. The averaged network is
 * usually better and steadier than the last one where the learning rate is constant or falls
 * slowly, where labels are noisy, and in recipes that count on it (RMSprop with short decay, as
 * EfficientNet); it gives nothing where the learning rate is annealed to zero.
 *
 * <p><b>Which decay?</b> The average reaches back about {@code 1 / (1 - decay)} updates, 1,000 at
 * 0.999. Choose a few epochs, and much less than the run: after 2,000 updates an average at 0.9999
 * is still 82 % initial weights ({@link #initialShare}). Where the length of the run is unknown use
 * a warm-up, {@link DecaySchedule#inversePower}.
 *
 * <p>A listener belongs to one network: the first that it sees in training, or the one given to
 * {@link #attach}. The shadow starts as a copy of the weights before the first update. Where layers
 * have constraints, the average is of constrained weights, and starts from the initial weights as
 * the constraints leave them, which Deeplearning4j does not do with the weights that it trains. So
 * what constrained weights and all their means have, the average has too: it is never negative
 * where weights are not, and within a maximum norm up to rounding. A smallest or a unit norm is not
 * kept: the mean of unit vectors is shorter. All ways to fit are supported; pretraining of single
 * layers is not averaged. With a {@code ParallelWrapper}, do not register the listener: {@code
 * ParallelEma.attach(wrapper, ema)} averages what its workers agree on.
 *
 * <p>Not thread-safe: use it on the thread that trains, or while no training runs. Counters may be
 * read from anywhere. Not serializable, on purpose: a network saved by Deeplearning4j does not
 * carry it.
 */
public final class ModelEmaListener implements TrainingListener {

  private static final Logger log = LoggerFactory.getLogger(ModelEmaListener.class);

  private final AveragingConfig config;
  private final ParameterSelection selection;
  private final Set<String> warnings = ConcurrentHashMap.newKeySet();

  private volatile Model model;
  private volatile ParameterAverage average;
  // What updates the average in place of this listener; null if nothing does.
  private ModelEmaGroup group;
  private boolean advised;
  private Optional<ConstrainedParameters> constrained = Optional.empty();
  // Whether an update is under way: the weights before it have been seen, those after it not yet.
  private boolean updating;
  // What Deeplearning4j's counters were in the last iterationDone and onEpochEnd; -1 if none since.
  private int iterationDone = -1;
  private int epochEnded = -1;
  // Iterations that the network had done at the last call of update; -1 if none.
  private int updatedAt = -1;

  /**
   * Averages after every optimizer step with a constant decay.
   *
   * @param decay in [0, 1], typically 0.99 to 0.9999
   * @throws IllegalArgumentException if the decay is not in [0, 1]
   */
  public ModelEmaListener(double decay) {
    this(AveragingConfig.of(decay));
  }

  /**
   * Averages as configured.
   *
   * @param config schedule, cadence, precision
   */
  public ModelEmaListener(AveragingConfig config) {
    this(config, ParameterSelection.averageAll());
  }

  /**
   * Averages some of the parameters, as configured.
   *
   * @param config schedule, cadence, precision
   * @param selection which parameters are averaged, copied or left out
   */
  public ModelEmaListener(AveragingConfig config, ParameterSelection selection) {
    this.config = Objects.requireNonNull(config, "config");
    this.selection = Objects.requireNonNull(selection, "selection");
  }

  /**
   * A builder for everything but the simplest case.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  // ---------------------------------------------------------------- the model and its average

  /**
   * Binds this listener to a network at once and copies its weights as the start of the average.
   * Where layers have constraints, the copy is constrained. Optional: in every way to fit, the
   * listener does so by itself before the first update. A custom training loop that calls {@link
   * #update} needs it. Does not register the listener.
   *
   * @param network an initialised MultiLayerNetwork or ComputationGraph
   * @return this
   * @throws IllegalArgumentException if the network is of another class
   * @throws IllegalStateException if it is not initialised, or this listener has another network
   */
  public ModelEmaListener attach(Model network) {
    Networks.params(network); // refuses what cannot be averaged
    if (model != null) {
      requireBound(network);
      return this;
    }
    INDArray start = startFrom(network, ConstrainedParameters.of(network));
    start(network, new ParameterAverage(config, start, selection.of(network)));
    return this;
  }

  /**
   * A listener that goes on with an average of earlier, such as a checkpoint holds. Register it
   * with the network to train on.
   *
   * @param network an initialised MultiLayerNetwork or ComputationGraph, with the weights that it
   *     had when the average was last updated
   * @param average from then on updated by the listener
   * @return a listener that belongs to the network
   * @throws IllegalArgumentException if the average is of another number or type of parameters, or
   *     the network of another class
   * @throws IllegalStateException if the network is not initialised
   */
  public static ModelEmaListener resume(Model network, ParameterAverage average) {
    INDArray params = Networks.params(network);
    if (params.length() != average.length() || params.dataType() != average.paramsType()) {
      throw new IllegalArgumentException(
          "The average is of %d %s parameters, but the network has %d %s"
              .formatted(
                  average.length(), average.paramsType(), params.length(), params.dataType()));
    }
    ModelEmaListener listener = new ModelEmaListener(average.config());
    listener.start(network, average);
    return listener;
  }

  /**
   * Takes in the network's weights after one optimizer step of a training loop that does not use
   * {@code fit}. Call it once per optimizer step, not once per micro-batch.
   *
   * @param network the network given to {@link #attach}
   * @return true if the shadow was moved; false if this step was not due or was skipped
   * @throws IllegalStateException if not attached, if attached to another network, while swapped,
   *     or as a member of a {@link ModelEmaGroup}, which has its own {@code update}
   */
  public boolean update(Model network) {
    return update(network, 1);
  }

  /**
   * Takes in the network's weights after several optimizer steps of which only the last is seen, as
   * at the end of a round of workers that are averaged. It is one update, with the decays of all
   * these steps; see {@link ParameterAverage#update(INDArray, long)}.
   *
   * @param network the network given to {@link #attach}
   * @param steps optimizer steps since the last call, at least 1; they may differ from call to call
   * @return true if the shadow was moved; false if this was not due or was skipped
   * @throws IllegalArgumentException if {@code steps} is below 1
   * @throws IllegalStateException as {@link #update(Model)}; also for several steps at once where
   *     {@code updateEvery} is above 1
   */
  public boolean update(Model network, long steps) {
    requireNoGroup();
    requireBound(network);
    boolean moved = average.update(Networks.params(network), steps);
    updatedAt = Networks.iterationCount(network);
    return moved;
  }

  /**
   * Starts the average afresh at the network's present weights, for example after loading others;
   * as the constraints leave them, where layers have some.
   *
   * @param network the network that this listener averages, or any if it has none yet
   * @throws IllegalStateException if this listener has another network, or while swapped
   */
  public void set(Model network) {
    if (model == null) {
      attach(network);
      return;
    }
    requireBound(network);
    requireNoOtherSwapped();
    average.set(startFrom(network, constraints()));
    updating = false;
    iterationDone = -1;
    epochEnded = -1;
    updatedAt = -1;
  }

  private void start(Model network, ParameterAverage start) {
    average = start;
    constrained = group == null ? ConstrainedParameters.of(network) : Optional.empty();
    model = network;
    log.info(
        "Averaging {} parameters of a {} after {} updates: {}",
        start.length(),
        network.getClass().getSimpleName(),
        start.updateCount(),
        config);
  }

  /** Leaves the updates to a group from now on. */
  void join(ModelEmaGroup group) {
    this.group = group;
    constrained = Optional.empty();
  }

  void requireNoGroup() {
    if (group != null) {
      throw new IllegalStateException(
          "This ModelEmaListener is a member of a ModelEmaGroup, which updates it: register and"
              + " update the group only");
    }
  }

  void requireBound(Model network) {
    if (model == null) {
      throw new IllegalStateException(
          "This ModelEmaListener has no network yet: train with it, or call attach(network) before"
              + " the first update. Spark never calls it: there, train with EmaTrainingMaster of"
              + " ema-spark");
    }
    if (network != model) {
      throw new IllegalStateException(
          "This ModelEmaListener averages another network (%s, %d parameters; this one is a %s). Create a new listener per network"
              .formatted(
                  model.getClass().getSimpleName(),
                  average.length(),
                  network == null ? "null" : network.getClass().getSimpleName()));
    }
  }

  private ParameterAverage requireStarted() {
    if (average == null) {
      throw new IllegalStateException(
          "There is no average yet: this ModelEmaListener has seen no training. Register it with"
              + " addListeners(ema) and fit, or call attach(network). Spark never calls it: there,"
              + " train with EmaTrainingMaster of ema-spark");
    }
    return average;
  }

  // ---------------------------------------------------------------- training

  @Override
  public void onEpochStart(Model network) {
    if (mine(network)) {
      epochStarts();
    }
  }

  void epochStarts() {
    requireTrainable();
    capture();
    updating = false;
    iterationDone = -1;
    epochEnded = -1;
  }

  @Override
  public void onGradientCalculation(Model network) {
    if (mine(network)) {
      gradientIsKnown();
    }
  }

  void gradientIsKnown() {
    requireTrainable();
    // Solvers that search along a line come here twice per update, the second time after it. With
    // any other, a second call without iterationDone follows an update that failed.
    if (!updating || !Networks.searchesAlongLine(model)) {
      capture();
      updating = true;
      iterationDone = -1;
      epochEnded = -1;
    }
  }

  @Override
  public void iterationDone(Model network, int iteration, int epoch) {
    if (mine(network)) {
      stepIsDone(iteration);
      INDArray params = network.params();
      average.update(
          constrained.isPresent() ? constrained.get().after(params, iteration + 1, epoch) : params);
    }
  }

  void stepIsDone(int iteration) {
    updating = false;
    iterationDone = iteration;
  }

  @Override
  public void onEpochEnd(Model network) {
    if (mine(network)) {
      epochEnds();
    }
  }

  void epochEnds() {
    epochEnded = Networks.epochCount(model);
  }

  @Override
  public void onForwardPass(Model network, List<INDArray> activations) {}

  @Override
  public void onForwardPass(Model network, Map<String, INDArray> activations) {}

  @Override
  public void onBackwardPass(Model network) {}

  /** Whether a callback is about the network to average. Binds to the first network seen. */
  private boolean mine(Model network) {
    requireNoGroup();
    if (passesBy(network)) {
      return false;
    }
    bind(network);
    return true;
  }

  void bind(Model network) {
    if (model == null) {
      attach(network);
    }
    requireBound(network);
  }

  /**
   * Whether a model shares the listeners of the averaged network, by Deeplearning4j's doing,
   * without being averaged: a layer of it, a replica, a clone.
   */
  boolean passesBy(Model other) {
    if (!Networks.isNetwork(other)) {
      requireNotSwapped();
      warnOnce(
          "Pretraining of single layers is not averaged; the average begins with fit() of the network");
      return true;
    }
    if (other == model) {
      return false;
    }
    if (onWorkerOfParallelWrapper()) {
      warnOnce(
          "ParallelWrapper trains replicas of the network and calls its listeners for each of them."
              + " This one leaves the replicas out, and so averages at best the weights of the first"
              + " worker, as they are before the workers are averaged. Do not register it with the"
              + " network: call ParallelEma.attach(wrapper, ema) once the wrapper is built");
      return true;
    }
    if (model != null && Networks.listeners(other) == Networks.listeners(model)) {
      warnOnce(
          "A clone of a ComputationGraph shares its listeners, this one too, but it is not averaged."
              + " To average it, copy it with ModelSerializer and give it a listener of its own");
      return true;
    }
    return false;
  }

  /**
   * Copies the weights while there has been no update, so that the shadow starts right before it.
   */
  private void capture() {
    if (average.stepCount() == 0) {
      average.set(startFrom(model, constraints()));
    }
  }

  private Optional<ConstrainedParameters> constraints() {
    return group == null ? constrained : group.constraints();
  }

  /** Initial weights are not constrained yet, but have a share in the average for long. */
  private static INDArray startFrom(Model network, Optional<ConstrainedParameters> constraints) {
    INDArray params = Networks.params(network);
    return constraints.isEmpty()
        ? params
        : constraints
            .get()
            .after(params, Networks.iterationCount(network), Networks.epochCount(network));
  }

  private void requireTrainable() {
    requireNotSwapped();
    int registrations = 0;
    for (TrainingListener listener : Networks.listeners(model)) {
      if (listener == (group == null ? this : group)) {
        registrations++;
      }
    }
    if (registrations > 1) {
      throw new IllegalStateException(
          "This %s is registered %d times with one network and would average as often per step: register it once"
              .formatted((group == null ? this : group).getClass().getSimpleName(), registrations));
    }
  }

  /**
   * Whether the average has the network's present weights by a call of {@link #update}, rather than
   * by a callback during {@code fit}: then all counters of the network are right.
   *
   * @return false if the network has been trained further, or never updated by hand
   */
  public boolean isUpdatedByHand() {
    return model != null && updatedAt == Networks.iterationCount(model);
  }

  /**
   * Whether the updates of this listener are left to a {@link ModelEmaGroup}.
   *
   * @return true for a member of a group
   */
  public boolean isInGroup() {
    return group != null;
  }

  private void requireNotSwapped() {
    if (isSwapped()) {
      throw new IllegalStateException(
          "Training while the averaged weights are swapped in would train them and lose the raw"
              + " ones: close the Swap first");
    }
  }

  private void requireNoOtherSwapped() {
    if (isSwapped() && !average.isSwapped()) {
      throw new IllegalStateException(
          "Another average of the ModelEmaGroup is swapped into the network: close the Swap first");
    }
  }

  private void warnOnce(String message) {
    if (warnings.add(message)) {
      log.warn(message);
    }
  }

  private static boolean onWorkerOfParallelWrapper() {
    // Its workers are plain threads of a pool; what it gives them is its handler of exceptions. By
    // name, since the plugin does not depend on deeplearning4j-parallel-wrapper.
    return Thread.currentThread()
        .getUncaughtExceptionHandler()
        .getClass()
        .getName()
        .startsWith("org.deeplearning4j.parallelism.");
  }

  // ---------------------------------------------------------------- the averaged weights

  /**
   * Puts the averaged weights into the network until the returned {@link Swap} is closed. No second
   * set of weights is needed where shadow and network are of the same data type. Training meanwhile
   * is refused.
   *
   * <pre>{@code
   * try (Swap swap = ema.swap(net)) {
   *   net.evaluate(validation);
   * }
   * }</pre>
   *
   * @param network the network that this listener averages
   * @return closes the swap; closing puts the raw weights back, bit for bit
   * @throws IllegalStateException if there is no average yet, of another network, or swapped
   *     already
   */
  public Swap swap(Model network) {
    requireBound(network);
    requireNoOtherSwapped();
    return average.swap(Networks.params(network));
  }

  /**
   * A second network whose parameters are the shadow itself: no copy is made, and it follows every
   * update. Use it between updates, on the training thread; do not train, close or clone it. It is
   * of the shadow's data type. Parameters that a {@link ParameterSelection} leaves out have the
   * values that the network had when {@link #shadow} or this method was called last.
   *
   * @param network the network that this listener averages
   * @return the live averaged network
   * @throws IllegalStateException if there is no average yet, of another network, while swapped, or
   *     with a shadow on the host
   */
  public MultiLayerNetwork networkView(MultiLayerNetwork network) {
    requireLive(network);
    return Networks.over(network, shadow());
  }

  /**
   * A second network whose parameters are the shadow itself; see {@link
   * #networkView(MultiLayerNetwork)}.
   *
   * @param network the network that this listener averages
   * @return the live averaged network
   * @throws IllegalStateException if there is no average yet, of another network, while swapped, or
   *     with a shadow on the host
   */
  public ComputationGraph networkView(ComputationGraph network) {
    requireLive(network);
    return Networks.over(network, shadow());
  }

  private void requireLive(Model network) {
    requireBound(network);
    if (config.shadowOnHost()) {
      throw new IllegalStateException(
          "A shadow on the host is no memory that a network can live on: take network(...), or swap");
    }
  }

  /**
   * An independent network with the averaged weights, to keep, save, serve or train on: of the
   * network's data type, with its iteration and epoch counts, without listeners and updater state.
   * Warns once if more than a tenth of the average is still the initial weights.
   *
   * @param network the network that this listener averages
   * @return the averaged network
   * @throws IllegalStateException if there is no average yet, of another network, or while swapped
   */
  public MultiLayerNetwork network(MultiLayerNetwork network) {
    requireBound(network);
    adviseOnce();
    return Networks.copy(network, shadow());
  }

  /**
   * An independent network with the averaged weights; see {@link #network(MultiLayerNetwork)}.
   *
   * @param network the network that this listener averages
   * @return the averaged network
   * @throws IllegalStateException if there is no average yet, of another network, or while swapped
   */
  public ComputationGraph network(ComputationGraph network) {
    requireBound(network);
    adviseOnce();
    return Networks.copy(network, shadow());
  }

  private void adviseOnce() {
    if (!advised) {
      Optional<String> advice = DecayAdvice.about(average.config(), average.counters());
      advice.ifPresent(log::warn);
      advised = advice.isPresent();
    }
  }

  /**
   * Wraps another listener so that it runs with the averaged weights in the network: an
   * EvaluativeListener then evaluates them, a CheckpointListener saves them. Register the wrapped
   * listener after this one. What belongs to a forward or backward pass is passed on unchanged, and
   * so is everything before the average has started. Replicas and clones, which share listeners but
   * are not averaged, are not shown to it.
   *
   * @param listener any listener
   * @return the wrapped listener, to be registered in its place
   */
  public TrainingListener during(TrainingListener listener) {
    return new SwappedListener(this, Objects.requireNonNull(listener, "listener"));
  }

  /**
   * The average itself.
   *
   * @return shared with this listener
   * @throws IllegalStateException if there is none yet
   */
  public ParameterAverage average() {
    return requireStarted();
  }

  /**
   * The averaged parameters: the array itself, in the order of {@link Model#params()}. It changes
   * with every update; take {@code dup()} to keep it, and do not write to it. Parameters that a
   * {@link ParameterSelection} leaves out have the network's present values.
   *
   * @return a vector of {@link ParameterAverage#shadowType}
   * @throws IllegalStateException if there is no average yet, or while swapped
   */
  public INDArray shadow() {
    requireStarted().refreshLeftOut(Networks.params(model));
    return average.shadow();
  }

  // ---------------------------------------------------------------- what it did so far

  /**
   * Whether this listener has a network, and so an average.
   *
   * @return false until attached or trained with
   */
  public boolean isStarted() {
    return average != null;
  }

  /**
   * Whether averaged weights stand in the network just now: those of this listener, or of another
   * member of its {@link ModelEmaGroup}.
   *
   * @return true while a {@link Swap} is open
   */
  public boolean isSwapped() {
    return group != null ? group.isSwapped() : average != null && average.isSwapped();
  }

  /**
   * Updates that moved the shadow.
   *
   * @return from 0
   */
  public long updateCount() {
    return average == null ? 0 : average.updateCount();
  }

  /**
   * Whether this listener averages a network.
   *
   * @param network any
   * @return false also as long as this listener has no network
   */
  public boolean averages(Model network) {
    return network != null && network == model;
  }

  /**
   * Where in a fit the network is: which counters of Deeplearning4j are one behind. Ask from a
   * listener that is registered after this one, or outside a fit.
   *
   * @return the moment
   * @throws IllegalStateException if there is no average yet
   */
  public Moment moment() {
    requireStarted();
    if (updating) {
      return Moment.UPDATING;
    }
    if (iterationDone == Networks.iterationCount(model)) {
      return Moment.ITERATION_DONE;
    }
    return epochEnded == Networks.epochCount(model) ? Moment.EPOCH_END : Moment.BETWEEN_FITS;
  }

  /**
   * The decay of the last update.
   *
   * @return in [0, 1], or NaN before the first update
   */
  public double decay() {
    return average == null ? Double.NaN : average.decay();
  }

  /**
   * The share of the initial weights that is still in the shadow; see {@link
   * ParameterAverage#initialShare}.
   *
   * @return in [0, 1]; 1 before the first update
   */
  public double initialShare() {
    return average == null ? 1 : average.initialShare();
  }

  /**
   * Updates left out because the weights were not finite.
   *
   * @return from 0
   */
  public long skippedUpdates() {
    return average == null ? 0 : average.skippedUpdates();
  }

  /**
   * The configuration.
   *
   * @return as given to the constructor or builder
   */
  public AveragingConfig config() {
    return config;
  }

  @Override
  public String toString() {
    return average == null
        ? "ModelEmaListener[" + config + "]"
        : "ModelEmaListener[" + average + "]";
  }

  /** Builds a {@link ModelEmaListener}. Each setter checks its value at once. */
  public static final class Builder {

    private final AveragingConfig.Builder config = AveragingConfig.builder();
    private ParameterSelection selection = ParameterSelection.averageAll();

    private Builder() {}

    /**
     * Which parameters are averaged, copied or left out.
     *
     * @param selection all are averaged by default
     * @return this
     */
    public Builder parameters(ParameterSelection selection) {
      this.selection = Objects.requireNonNull(selection, "selection");
      return this;
    }

    /**
     * A constant decay; see {@link AveragingConfig.Builder#decay}.
     *
     * @param decay in [0, 1]
     * @return this
     */
    public Builder decay(double decay) {
      config.decay(decay);
      return this;
    }

    /**
     * A decay schedule; see {@link AveragingConfig.Builder#schedule}.
     *
     * @param schedule for example {@code DecaySchedule.inversePower(0.9999)}
     * @return this
     */
    public Builder schedule(DecaySchedule schedule) {
      config.schedule(schedule);
      return this;
    }

    /**
     * The precision of the shadow; see {@link AveragingConfig.Builder#shadowType}.
     *
     * @param type FLOAT or DOUBLE; by default DOUBLE for a DOUBLE network, else FLOAT
     * @return this
     */
    public Builder shadowType(DataType type) {
      config.shadowType(type);
      return this;
    }

    /**
     * Updates at every k-th step only; see {@link AveragingConfig.Builder#updateEvery}.
     *
     * @param steps at least 1, the default
     * @return this
     */
    public Builder updateEvery(int steps) {
      config.updateEvery(steps);
      return this;
    }

    /**
     * Whether the decay accounts for {@link #updateEvery}; see {@link
     * AveragingConfig.Builder#correctDecayForInterval}.
     *
     * @param correct true by default
     * @return this
     */
    public Builder correctDecayForInterval(boolean correct) {
      config.correctDecayForInterval(correct);
      return this;
    }

    /**
     * Steps before averaging begins; see {@link AveragingConfig.Builder#startAfter}.
     *
     * @param steps at least 0, the default
     * @return this
     */
    public Builder startAfter(long steps) {
      config.startAfter(steps);
      return this;
    }

    /**
     * What to do about non-finite weights; see {@link AveragingConfig.Builder#onNonFinite}.
     *
     * @param policy {@link NonFinitePolicy#SKIP} by default
     * @return this
     */
    public Builder onNonFinite(NonFinitePolicy policy) {
      config.onNonFinite(policy);
      return this;
    }

    /**
     * Whether the shadow lies in host memory rather than on the device; see {@link
     * AveragingConfig.Builder#shadowOnHost}.
     *
     * @param onHost false by default
     * @return this
     */
    public Builder shadowOnHost(boolean onHost) {
      config.shadowOnHost(onHost);
      return this;
    }

    /**
     * Whether updates of a shadow on the host are made in the background; see {@link
     * AveragingConfig.Builder#inBackground}.
     *
     * @param background false by default
     * @return this
     */
    public Builder inBackground(boolean background) {
      config.inBackground(background);
      return this;
    }

    /**
     * Builds the listener.
     *
     * @return the listener
     * @throws IllegalStateException if neither a decay nor a schedule was given, or {@code
     *     inBackground} without {@code shadowOnHost}
     */
    public ModelEmaListener build() {
      return new ModelEmaListener(config.build(), selection);
    }
  }
}
