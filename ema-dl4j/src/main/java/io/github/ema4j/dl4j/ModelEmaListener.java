// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.DecayAdvice;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.Replica;
import io.github.ema4j.dl4j.internal.SwappedNetworks;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
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
 * MultiLayerNetwork averaged = ema.averagedNetwork(net); // evaluate, save, serve
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
 * is still 82 % initial weights ({@link #initialShare}). Without a decay, {@link
 * #ModelEmaListener()}, the reach grows with the run and fits any length.
 *
 * <p>A listener belongs to one network: the first that it sees in training, or the one given to
 * {@link #start}. The shadow starts as a copy of the weights before the first update. Where layers
 * have constraints, the average is of constrained weights, and starts from the initial weights as
 * the constraints leave them, which Deeplearning4j does not do with the weights that it trains. So
 * what constrained weights and all their means have, the average has too: it is never negative
 * where weights are not, and within a maximum norm up to rounding. A smallest or a unit norm is not
 * kept: the mean of unit vectors is shorter. All ways to fit are supported; pretraining of single
 * layers is not averaged. With a {@code ParallelWrapper}, do not register the listener: {@code
 * ParallelEma.attach(wrapper, ema)} averages what its workers agree on.
 *
 * <p>An average that is not up to date, because the network has trained on without its listener, is
 * handed out by nothing: the exception says which line is missing. Who wants it all the same calls
 * {@link #declareCurrent}.
 *
 * <p>With {@link NonFinitePolicy#RESTORE}, and only then, training is influenced, when it is lost
 * otherwise: after a step with weights that are not finite the network goes on with the averaged
 * ones, and its updater with no memory of earlier steps. What follows the average sees the network
 * as it goes on; {@link #restores} has risen.
 *
 * <p>Not thread-safe: use it on the thread that trains, or while no training runs. Counters may be
 * read from anywhere, and {@link #averagedNetwork} be called. Not serializable, on purpose: a
 * network saved by Deeplearning4j does not carry it.
 */
public final class ModelEmaListener extends AveragingListener {

  private static final Logger log = LoggerFactory.getLogger(ModelEmaListener.class);

  private final AveragingConfig config;
  private final ParameterSelection selection;

  // A group that this listener is in updates the average in its place, and shares its network.
  private volatile Optional<ModelEmaGroup> group = Optional.empty();

  private volatile ParameterAverage average; // null until started
  private boolean advised;

  /**
   * Averages after every optimizer step, over a share of the run so far that fits any length:
   * {@link DecaySchedule#powerFunction}{@code (0.05)}. At any time half of the weight lies on the
   * last 4 % of the steps so far, and 95 % on the last 15 %. It is the default of {@code train},
   * too.
   */
  public ModelEmaListener() {
    this(DecaySchedule.powerFunction(0.05));
  }

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
   * Averages some of the parameters after every optimizer step with a constant decay.
   *
   * @param decay in [0, 1], typically 0.99 to 0.9999
   * @param selection which parameters are averaged, copied or left out
   * @throws IllegalArgumentException if the decay is not in [0, 1]
   */
  public ModelEmaListener(double decay, ParameterSelection selection) {
    this(AveragingConfig.of(decay), selection);
  }

  /**
   * Averages after every optimizer step.
   *
   * @param schedule the decay of each update, such as {@code DecaySchedule.inversePower(0.9999)}
   */
  public ModelEmaListener(DecaySchedule schedule) {
    this(AveragingConfig.of(schedule));
  }

  /**
   * Averages some of the parameters after every optimizer step.
   *
   * @param schedule the decay of each update
   * @param selection which parameters are averaged, copied or left out
   */
  public ModelEmaListener(DecaySchedule schedule, ParameterSelection selection) {
    this(AveragingConfig.of(schedule), selection);
  }

  /**
   * Averages as configured.
   *
   * @param config schedule, cadence, precision: {@link AveragingConfig#builder}
   */
  public ModelEmaListener(AveragingConfig config) {
    this(config, ParameterSelection.averageAll());
  }

  /**
   * Averages some of the parameters, as configured.
   *
   * @param config schedule, cadence, precision: {@link AveragingConfig#builder}
   * @param selection which parameters are averaged, copied or left out
   */
  public ModelEmaListener(AveragingConfig config, ParameterSelection selection) {
    this.config = Objects.requireNonNull(config, "config");
    this.selection = Objects.requireNonNull(selection, "selection");
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
    FollowedNetwork.requireSuited(network, average.config());
    ModelEmaListener listener = new ModelEmaListener(average.config());
    listener.begin(network, average);
    return listener;
  }

  // ---------------------------------------------------------------- training

  @Override
  void startFromPresentWeights() {
    if (average.stepCount() == 0) {
      average.set(followed().startingWeights());
    }
  }

  @Override
  boolean move(INDArray params, long steps, long epochs) {
    return average.update(params, steps, epochs);
  }

  @Override
  void beginMove(INDArray params, long steps, long epochs) {
    average.beginUpdate(params, steps, epochs);
  }

  @Override
  void settle() {
    average.awaitUpdate();
  }

  /** Puts the average into the network, if its weights were not finite and are to be restored. */
  boolean restoreIfDue() {
    if (!average.isRestoreDue()) {
      return false;
    }
    followed().restoreFrom(average);
    return true;
  }

  // ---------------------------------------------------------------- by hand

  @Override
  public ModelEmaListener start(Model network) {
    Networks.params(network); // refuses what cannot be averaged
    if (average != null) {
      followed().require(network);
    } else if (group.isPresent()) {
      group.get().start(network);
    } else {
      begin(network, averageOf(network));
    }
    return this;
  }

  /** The average of a network, or a new one that is not kept yet. */
  ParameterAverage averageOf(Model network) {
    if (average != null) {
      followed().require(network);
      return average;
    }
    FollowedNetwork.requireSuited(network, config);
    return new ParameterAverage(
        config, followed().startingWeights(network), selection.coverageOf(network));
  }

  /** Keeps an average of a network from now on, unless it is kept already. */
  void begin(Model network, ParameterAverage begun) {
    followed().bind(network, begun.stepCount() > 0);
    if (average == null) {
      average = begun;
      log.info(
          "Averaging {} parameters of a {} after {} updates: {}",
          begun.length(),
          network.getClass().getSimpleName(),
          begun.updateCount(),
          config);
    }
  }

  @Override
  public void restart(Model network) {
    if (average == null) {
      start(network);
      return;
    }
    followed().require(network);
    followed().requireNotSwapped("Averaged weights are swapped into the network");
    average.set(followed().startingWeights());
    followed().restarted();
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
   * @throws IllegalStateException if there is no average yet, or one of another network or not up
   *     to date; if averaged weights are swapped in already, of this average or another; while
   *     another thread trains
   */
  public Swap swap(Model network) {
    followed().require(network);
    ParameterAverage current = average();
    followed().requireNoFitElsewhere();
    return SwappedNetworks.swap(network, current, followed().params());
  }

  /**
   * An independent network with the averaged weights, to keep, save, serve or train on: of the
   * network's data type, with its iteration and epoch counts, without listeners and updater state.
   * Warns once if more than a hundredth of the average is still the initial weights.
   *
   * @param network the network that this listener averages
   * @param <M> MultiLayerNetwork or ComputationGraph
   * @return the averaged network
   * @throws IllegalStateException if there is no average yet, or one of another network or not up
   *     to date, or while swapped
   */
  public <M extends Model> M averagedNetwork(M network) {
    followed().require(network);
    adviseOnce();
    synchronized (average()) { // another thread may train
      return Networks.copy(network, shadow());
    }
  }

  private void adviseOnce() {
    if (!advised) {
      Optional<String> advice = DecayAdvice.about(config, average().counters());
      advice.ifPresent(log::warn);
      advised = advice.isPresent();
    }
  }

  /**
   * A second network whose parameters are the shadow itself: no copy is made, and it follows every
   * update. Use it between updates, on the training thread; do not train, close or clone it. It is
   * of the shadow's data type. Parameters that a {@link ParameterSelection} leaves out have the
   * values that the network had when {@link #shadow} or this method was called last. It may be read
   * at any time, and so updates are not {@link AveragingConfig#overlapped} from then on.
   *
   * @param network the network that this listener averages
   * @param <M> MultiLayerNetwork or ComputationGraph
   * @return the live averaged network
   * @throws IllegalStateException if there is no average yet, of another network, while swapped, or
   *     with a shadow on the host
   */
  public <M extends Model> M averagedView(M network) {
    followed().require(network);
    if (config.shadowOnHost()) {
      throw new IllegalStateException(
          "A shadow on the host is no memory that a network can live on: take averagedNetwork(...),"
              + " or swap");
    }
    Networks.requireNoSubclass(network);
    followed().viewIsHandedOut();
    return Replica.over(network, shadow());
  }

  /**
   * The averaged parameters: the array itself, in the order of {@link Model#params()}. It changes
   * with every update; take {@code dup()} to keep it, and do not write to it. Parameters that a
   * {@link ParameterSelection} leaves out have the network's present values. Where updates are
   * {@link AveragingConfig#overlapped}, call this anew before each use, which waits for the last of
   * them.
   *
   * @return a vector of {@link ParameterAverage#shadowType}
   * @throws IllegalStateException if there is no average yet, or while swapped
   */
  public INDArray shadow() {
    followed().requireNetwork();
    followed().requireNotSwapped("Averaged weights are swapped into the network");
    ParameterAverage current = average();
    current.refreshLeftOut(followed().params());
    return current.shadow();
  }

  /**
   * The average itself.
   *
   * @return shared with this listener
   * @throws IllegalStateException if there is none yet, or the network has trained on without it
   */
  public ParameterAverage average() {
    followed().requireCurrent();
    if (average.stepCount() == 0 && !average.isSwapped()) {
      followed().requireStartOf(average.shadow());
    }
    return average;
  }

  // ---------------------------------------------------------------- alone or in a group

  @Override
  public List<ModelEmaListener> members() {
    return List.of(this);
  }

  /** Leaves the updates to a group from now on, and the network and its followers too. */
  void join(ModelEmaGroup joined) {
    follow(joined.followed());
    group = Optional.of(joined);
  }

  /**
   * Whether the updates of this listener are left to a {@link ModelEmaGroup}.
   *
   * @return true for a member of a group
   */
  public boolean isInGroup() {
    return group.isPresent();
  }

  @Override
  void requireDriven() {
    if (group.isPresent()) {
      throw new IllegalStateException(
          "This ModelEmaListener is a member of a ModelEmaGroup, which updates it: register and"
              + " update the group only");
    }
  }

  @Override
  public boolean isSwapped() {
    return followed().isSwapped()
        || group.map(AveragingListener::holdsRaw).orElseGet(this::holdsRaw);
  }

  @Override
  boolean holdsRaw() {
    return average != null && average.isSwapped();
  }

  // ---------------------------------------------------------------- what follows

  @Override
  public ModelEmaListener andThen(TrainingListener... followers) {
    followed().add(List.of(followers));
    return this;
  }

  @Override
  public TrainingListener during(TrainingListener listener) {
    return new SwappedListener(this, Objects.requireNonNull(listener, "listener"));
  }

  // ---------------------------------------------------------------- what it did so far

  @Override
  public boolean isStarted() {
    return average != null;
  }

  /**
   * Optimizer steps that it was told of, whether or not they moved the shadow; or examples, where
   * these are its {@link AveragingConfig#unit}.
   *
   * @return from 0
   */
  public long stepCount() {
    return average == null ? 0 : average.stepCount();
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
   * Times that the averaged weights were put into the network because its own were not finite; see
   * {@link NonFinitePolicy#RESTORE}.
   *
   * @return from 0
   */
  public long restores() {
    return average == null ? 0 : average.restores();
  }

  /**
   * The configuration.
   *
   * @return as given to the constructor
   */
  public AveragingConfig config() {
    return config;
  }

  @Override
  public String toString() {
    return "ModelEmaListener[" + (average == null ? config : average) + "]";
  }
}
