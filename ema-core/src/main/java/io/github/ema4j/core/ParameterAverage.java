// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.internal.kernel.AveragingKernel;
import io.github.ema4j.core.internal.kernel.Kernels;
import java.util.Objects;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An exponential moving average of a parameter vector.
 *
 * <pre>{@code
 * ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.999), params);
 * // after every optimizer step:
 * average.update(params);
 * }</pre>
 *
 * <p>The shadow starts as a copy of the parameters given to the constructor and moves towards the
 * parameters at each update: {@code shadow -= (1 - decay) * (shadow - params)}, which is {@code
 * decay * shadow + (1 - decay) * params} without its rounding bias (Polyak and Juditsky 1992;
 * {@code ModelEma} in timm; {@code ExponentialMovingAverage} in TensorFlow). The weight {@code 1 -
 * decay} is computed in double and rounded once to the shadow's type. The result has the same bits
 * whatever the number of threads. Elements that hold a variance as a logarithm are averaged as
 * variances, in double; see {@link Coverage#log10Deviations}.
 *
 * <p>All methods are synchronized: counters may be read from any thread. The arrays are not
 * guarded: nobody else may write to the parameters during a call, and the array that {@link
 * #shadow} returns changes with every update.
 */
public final class ParameterAverage {

  private static final Logger log = LoggerFactory.getLogger(ParameterAverage.class);

  private final AveragingConfig config;
  private final Coverage coverage;
  private final Shadow shadow;

  private final ParameterLayout layout;
  private final StepCounter counter;
  private Swap swap;

  // The update that goes on, if one does. It uses shadow and counter without this average's lock,
  // and so whoever has the lock waits for it before he uses them: see settledShadow.
  private Background pending;

  /**
   * Starts an average at these parameters.
   *
   * @param config how to average
   * @param start the parameters before the first update that the average sees: a dense vector of
   *     FLOAT, DOUBLE, HALF or BFLOAT16; copied
   * @throws IllegalArgumentException if {@code start} is empty, of another type or not dense, or
   *     DOUBLE where a FLOAT shadow was asked for
   * @throws NonFiniteParametersException if {@code start} holds NaN or infinite values
   */
  public ParameterAverage(AveragingConfig config, INDArray start) {
    this(config, start, Coverage.all(ParameterLayout.lengthOf(start)));
  }

  /**
   * Starts an average that covers a part of these parameters.
   *
   * @param config how to average
   * @param start as for {@link #ParameterAverage(AveragingConfig, INDArray)}
   * @param coverage which elements are averaged, copied or left out
   * @throws IllegalArgumentException also if the coverage is of a vector of another length, or
   *     leaves elements out where the policy is {@link NonFinitePolicy#RESTORE}
   * @throws NonFiniteParametersException if {@code start} holds NaN or infinite values
   */
  public ParameterAverage(AveragingConfig config, INDArray start, Coverage coverage) {
    this(config, start, coverage, kernels(config));
  }

  private static Function<INDArray, AveragingKernel> kernels(AveragingConfig config) {
    return config.overlapped() ? Kernels::ofOneThread : Kernels::forArrays;
  }

  /** With another kernel than the arrays would get. */
  ParameterAverage(
      AveragingConfig config,
      INDArray start,
      Coverage coverage,
      Function<INDArray, AveragingKernel> kernels) {
    this(config, start, coverage, AverageCounters.START, kernels);
    if (!shadow.set(start)) {
      throw new NonFiniteParametersException(
          "The parameters to start the average from hold NaN or infinite values");
    }
  }

  private ParameterAverage(
      AveragingConfig config,
      INDArray start,
      Coverage coverage,
      AverageCounters counters,
      Function<INDArray, AveragingKernel> kernels) {
    this.config = Objects.requireNonNull(config, "config");
    this.coverage = Objects.requireNonNull(coverage, "coverage");
    if (ParameterLayout.lengthOf(start) != coverage.length()) {
      throw new IllegalArgumentException(
          "The coverage is of a vector of %d elements, but there are %d parameters"
              .formatted(coverage.length(), start.length()));
    }
    if (config.onNonFinite() == NonFinitePolicy.RESTORE && coverage.leftOut().count() > 0) {
      throw new IllegalArgumentException(
          "Parameters cannot be restored from an average that leaves %d of %d out: average or copy all, or use another NonFinitePolicy than RESTORE"
              .formatted(coverage.leftOut().count(), coverage.length()));
    }
    layout = ParameterLayout.of(start);
    DataType shadowType =
        config
            .shadowType()
            .orElse(layout.type() == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT);
    if (layout.type() == DataType.DOUBLE && shadowType == DataType.FLOAT) {
      throw new IllegalArgumentException(
          "A FLOAT shadow cannot hold DOUBLE parameters: leave shadowType at its default or say"
              + " DOUBLE");
    }
    shadow =
        config.shadowOnHost()
            ? new HostShadow(shadowType, start, coverage, background())
            : new ArrayShadow(shadowType, start, coverage, kernels.apply(start));
    counter = new StepCounter(config, counters);
    pending = overlaps() ? Background.daemon("ema4j-overlapped") : Background.none();
  }

  private Background background() {
    return config.inBackground() ? Background.daemon("ema4j-average") : Background.none();
  }

  /**
   * Goes on with an average that was stopped, as if it had not been.
   *
   * @param config how it averaged
   * @param counters what {@link #counters} returned when it stopped
   * @param shadow what {@link #shadow} returned then; copied
   * @param variances what {@link #variances} returned then; copied
   * @param params the parameters to go on with, of the length and type that the average is of; only
   *     looked at, and not checked to be finite
   * @param coverage what {@link #coverage} returned then
   * @return the average
   * @throws IllegalArgumentException if {@code shadow} is not of the length of the parameters and
   *     the type that the configuration asks for, or {@code variances} are not those of the log10
   *     deviations in {@code shadow}
   * @throws NonFiniteParametersException if the shadow holds NaN or infinite values
   */
  public static ParameterAverage resume(
      AveragingConfig config,
      AverageCounters counters,
      INDArray shadow,
      double[] variances,
      INDArray params,
      Coverage coverage) {
    ParameterAverage average =
        new ParameterAverage(config, params, coverage, counters, kernels(config));
    average.takeOver(shadow, variances);
    return average;
  }

  /**
   * Takes over the state of an average that began as this one and went on elsewhere, as on the
   * workers of a cluster.
   *
   * @param counters how far that average has come
   * @param shadow its values; copied
   * @param variances its {@link #variances}; copied
   * @throws IllegalArgumentException if {@code shadow} is of another length or type than this
   *     average's, or {@code variances} are not those of the log10 deviations in it
   * @throws IllegalStateException while swapped
   * @throws NonFiniteParametersException if the shadow holds NaN or infinite values
   */
  public synchronized void set(AverageCounters counters, INDArray shadow, double[] variances) {
    requireNotSwapped("set");
    Objects.requireNonNull(counters, "counters");
    takeOver(shadow, variances);
    settledCounter().goOnFrom(counters);
  }

  private void takeOver(INDArray values, double[] variances) {
    if (values.length() != length() || values.dataType() != shadowType()) {
      throw new IllegalArgumentException(
          "An average of these parameters holds %d %s values, but was given %d %s"
              .formatted(length(), shadowType(), values.length(), values.dataType()));
    }
    if (variances.length != coverage.log10Deviations().count()) {
      throw new IllegalArgumentException(
          "An average of these parameters holds %d variances, but was given %d"
              .formatted(coverage.log10Deviations().count(), variances.length));
    }
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        INDArray copy = layout.copyOf(values)) {
      requireOneAverage(copy, variances);
      if (!settledShadow().restore(copy, variances)) {
        throw new NonFiniteParametersException(
            "The averaged values to go on with hold NaN or infinite values");
      }
    }
  }

  /** The values hold the logarithms of the variances, in fewer digits. */
  private void requireOneAverage(INDArray values, double[] variances) {
    double[] logs = new double[variances.length];
    Kernels.forArrays(values).read(values, coverage.log10Deviations().chunks(), logs);
    for (int i = 0; i < logs.length; i++) {
      if (!(Math.abs(variances[i] / Variances.ofLog10Deviation(logs[i]) - 1) < 0.001)) {
        throw new IllegalArgumentException(
            "The averaged values hold a deviation of 10^%s, but the averaged variance there is %s: they are not of one average"
                .formatted(logs[i], variances[i]));
      }
    }
  }

  /**
   * Takes in the parameters after one optimizer step. During the first {@link
   * AveragingConfig#startAfter} steps the shadow becomes a copy of them; after that every {@link
   * AveragingConfig#updateEvery}-th step moves the shadow towards them.
   *
   * <p>Parameters that are not finite never enter the shadow; see {@link NonFinitePolicy} for what
   * becomes of the others.
   *
   * @param params the parameters now, of the length and type given to the constructor; only read
   * @return true if this was an update; false if this step was not due or was skipped
   * @throws IllegalArgumentException if length or type differ
   * @throws IllegalStateException while swapped; or where the number of examples or of epochs is
   *     needed, which the other methods take
   * @throws NonFiniteParametersException if the parameters are not finite and the policy is {@link
   *     NonFinitePolicy#THROW}; where it is {@link NonFinitePolicy#RESTORE}, call {@link
   *     #restoreInto} if {@link #isRestoreDue}
   */
  public synchronized boolean update(INDArray params) {
    counter.requireCountOfSteps();
    return update(params, 1);
  }

  /**
   * Takes in the parameters after several optimizer steps of which only these, the last, are seen:
   * where workers train apart and are averaged at the end of a round. This is one update, with the
   * decays of all these steps: {@code decay^steps} for a constant one. So the average reaches back
   * over as many steps as if it had seen each.
   *
   * <p>Steps within {@link AveragingConfig#startAfter} are not averaged over: of an interval that
   * passes its end, the update has the decays of the steps beyond it. Without {@link
   * AveragingConfig#correctDecayForInterval} the update has the decay of one.
   *
   * <p>Where examples are the {@link AveragingConfig#unit}, this takes in the parameters after one
   * step or several over as many examples.
   *
   * @param params as for {@link #update(INDArray)}
   * @param steps optimizer steps, or examples, since the last call, at least 1; they may differ
   *     from call to call
   * @return true if this was an update; false if it was not due or was skipped
   * @throws IllegalArgumentException if length or type differ, or {@code steps} is below 1
   * @throws IllegalStateException while swapped; if {@code steps} is above 1 and so is {@link
   *     AveragingConfig#updateEvery}, which then has nothing to count; or if averaging begins with
   *     an epoch
   * @throws NonFiniteParametersException as {@link #update(INDArray)}
   */
  public synchronized boolean update(INDArray params, long steps) {
    counter.requireNoEpochs();
    return update(params, steps, 0);
  }

  /**
   * Takes in the parameters as {@link #update(INDArray, long)} does, where averaging may begin with
   * an epoch.
   *
   * @param params as for {@link #update(INDArray)}
   * @param steps optimizer steps, or examples, since the last call, at least 1
   * @param epochs completed before these steps, at least 0; see {@link
   *     AveragingConfig#startAfterEpochs}
   * @return true if this was an update; false if it was not due or was skipped
   * @throws IllegalArgumentException if length or type differ, or {@code steps} is below 1
   * @throws IllegalStateException while swapped, or if {@code steps} is above 1 and so is {@link
   *     AveragingConfig#updateEvery}
   * @throws NonFiniteParametersException as {@link #update(INDArray)}
   */
  public synchronized boolean update(INDArray params, long steps, long epochs) {
    requireUpdateOf(steps);
    double decay = nextDecay(params, steps, epochs);
    return count(decay, steps, move(params, decay));
  }

  /**
   * Does what {@link #update(INDArray)} does, on another thread where the average is {@link
   * AveragingConfig#overlapped}, and returns without waiting for it. Until {@link #awaitUpdate} or
   * any other method but {@code isSwapped} has returned, the parameters must not be written, moved
   * or closed, and an array that {@link #shadow} returned before is neither old nor new.
   *
   * @param params as for {@link #update(INDArray)}
   * @throws IllegalArgumentException if length or type differ
   * @throws IllegalStateException while swapped, or if the last update failed on its thread
   * @throws NonFiniteParametersException as {@link #update(INDArray)}, which {@link
   *     NonFinitePolicy#THROW} makes of this
   */
  public synchronized void beginUpdate(INDArray params) {
    counter.requireCountOfSteps();
    counter.requireNoEpochs();
    beginUpdate(params, 1, 0);
  }

  /**
   * Begins an update as {@link #beginUpdate(INDArray)} does, in the unit of the average.
   *
   * @param params as for {@link #beginUpdate(INDArray)}
   * @param steps or examples, as for {@link #update(INDArray, long, long)}
   * @param epochs completed before these steps, at least 0
   * @throws IllegalArgumentException if length, type or numbers do not fit; nothing has changed
   *     then
   * @throws IllegalStateException while swapped, or if the last update failed on its thread
   * @throws NonFiniteParametersException as {@link #update(INDArray)}
   */
  public synchronized void beginUpdate(INDArray params, long steps, long epochs) {
    requireUpdateOf(steps);
    double decay = nextDecay(params, steps, epochs);
    pending.run(() -> count(decay, steps, move(params, decay)));
  }

  /**
   * Waits until the update that {@link #beginUpdate} began is complete, if one goes on.
   *
   * @throws IllegalStateException if it failed, and again at every call: the average is not valid
   *     then
   */
  public synchronized void awaitUpdate() {
    pending.await();
  }

  /** Whether updates may go on on another thread. */
  boolean overlaps() {
    return config.overlapped()
        && config.onNonFinite() == NonFinitePolicy.SKIP
        && shadow.movesOnAnyThread();
  }

  /** Waits for the updates of a group from now on, which are its own. */
  synchronized void shareUpdates(Background ofGroup) {
    pending.await();
    pending = ofGroup;
  }

  /** The shadow when no update goes on; for whoever has the lock. */
  private Shadow settledShadow() {
    pending.await();
    return shadow;
  }

  /** The counter when no update goes on; for whoever has the lock. */
  private StepCounter settledCounter() {
    pending.await();
    return counter;
  }

  // An AverageGroup takes the same three steps, the second for all of its averages at once.

  /** Refuses a number of steps that one update cannot stand for. */
  void requireUpdateOf(long steps) {
    counter.requireUpdateOf(steps);
  }

  StepCounter counter() {
    return counter;
  }

  /** The decay to apply after these steps, as {@link StepCounter#next} says it. */
  double nextDecay(INDArray params, long steps, long epochs) {
    requireNotSwapped("updated");
    layout.requireMatching(params);
    return settledCounter().next(steps, epochs);
  }

  /** Applies a decay, if an update is due; whether the parameters were finite. */
  boolean move(INDArray params, double decay) {
    return !StepCounter.isDue(decay) || shadow.moveTowards(params, decay, isAllOrNothing());
  }

  /** Counts these steps, once they were {@link #move made}; true for an update. */
  boolean count(double decay, long steps, boolean finite) {
    if (finite || !StepCounter.isDue(decay)) {
      return counter.count(decay, steps);
    }
    boolean firstOfSeveral = counter.skip(steps);
    if (throwsOnNonFinite()) {
      throw new NonFiniteParametersException(
          "The parameters after %s %d are not finite; the average has not changed (%d updates)"
              .formatted(config.unit().singular(), counter.steps(), counter.updates()));
    }
    if (firstOfSeveral && !counter.isRestoreDue()) { // which is told of itself
      log.warn(
          "The parameters after {} {} are not all finite: those keep their last good average, and the"
              + " update is not counted ({} updates)",
          config.unit().singular(),
          counter.steps(),
          counter.updates());
    }
    return false;
  }

  private boolean throwsOnNonFinite() {
    return config.onNonFinite() == NonFinitePolicy.THROW;
  }

  /** Whether parameters that are not all finite leave the shadow as it is. */
  boolean isAllOrNothing() {
    return config.onNonFinite() != NonFinitePolicy.SKIP;
  }

  /**
   * Whether the parameters of the last update were not finite, and are to be replaced by the
   * averaged values.
   *
   * @return true after such an update where the policy is {@link NonFinitePolicy#RESTORE}, until
   *     {@link #restoreInto} or the next update
   */
  public synchronized boolean isRestoreDue() {
    return settledCounter().isRestoreDue();
  }

  /**
   * Puts the averaged values into parameters for good, because they are not finite. What an
   * optimizer has gathered, such as momentum, is likely to be not finite either, and is for the
   * caller to clear.
   *
   * @param params of the length and type given to the constructor
   * @throws IllegalArgumentException if length or type differ
   * @throws IllegalStateException if it is not {@link #isRestoreDue due}, or while swapped
   * @throws NonFiniteParametersException if more than a hundredth of the average is still the
   *     initial parameters and there was no {@code startAfter}, or if the parameters were restored
   *     three times since they were finite; nothing has changed then
   */
  public synchronized void restoreInto(INDArray params) {
    requireNotSwapped("put into the parameters");
    layout.requireMatching(params);
    if (!counter.isRestoreDue()) {
      throw new IllegalStateException(
          "Parameters are restored after an update with values that are not finite, where the policy is RESTORE");
    }
    counter.requireRestorable();
    shadow.copyTo(params);
    counter.restored();
    log.warn(
        "The parameters after {} {} were not finite: they are the average of {} updates now"
            + " ({} restores)",
        config.unit().singular(),
        counter.steps(),
        counter.updates(),
        counter.restores());
  }

  /**
   * Starts afresh at these parameters: the shadow becomes a copy of them and all counters return to
   * their beginnings.
   *
   * @param params of the length and type given to the constructor; only read
   * @throws IllegalArgumentException if length or type differ
   * @throws IllegalStateException while swapped
   * @throws NonFiniteParametersException if the parameters are not finite; nothing has changed then
   */
  public synchronized void set(INDArray params) {
    requireNotSwapped("set");
    layout.requireMatching(params);
    if (!settledShadow().set(params)) {
      throw new NonFiniteParametersException(
          "The parameters to set the average to hold NaN or infinite values");
    }
    counter.restart();
  }

  /**
   * Puts the averaged values into {@code params} until the returned {@link Swap} is closed. No copy
   * is made where both have the same type: the contents of the two arrays change places. With
   * {@link AveragingConfig#shadowOnHost} the transfer buffer keeps the raw parameters.
   *
   * @param params of the length and type given to the constructor
   * @return closes the swap; closing puts parameters and shadow back, bit for bit
   * @throws IllegalArgumentException if length or type differ
   * @throws IllegalStateException if swapped already
   */
  public synchronized Swap swap(INDArray params) {
    requireNotSwapped("swapped again");
    layout.requireMatching(params);
    swap = new Swap(this, settledShadow(), params);
    return swap;
  }

  synchronized void ended(Swap ended) {
    if (swap == ended) {
      swap = null;
    }
  }

  /**
   * The averaged values: the array itself, in the length and shape given to the constructor, which
   * changes at every update. Take {@code dup()} to keep them. Do not write to it or close it.
   *
   * <p>Of an {@link AveragingConfig#overlapped} average, ask for it anew before each use, which
   * waits for the update that goes on.
   *
   * <p>With {@link AveragingConfig#shadowOnHost} a new array with a copy, at every call, after an
   * update in the background is complete.
   *
   * @return FLOAT or DOUBLE, see {@link #shadowType}
   * @throws IllegalStateException while swapped, when the array holds the raw parameters
   */
  public synchronized INDArray shadow() {
    requireNotSwapped("read");
    return settledShadow().values();
  }

  /**
   * The averaged variances that the shadow holds as log10 deviations, to more digits than there;
   * see {@link Coverage#log10Deviations}.
   *
   * @return a copy, in the order of the elements; empty where there are none
   */
  public synchronized double[] variances() {
    return settledShadow().variances();
  }

  /**
   * Takes over the elements that no update touches, so that {@link #shadow} is a whole set of
   * weights.
   *
   * @param params the parameters now
   * @throws IllegalArgumentException if length or type differ
   * @throws IllegalStateException while swapped
   */
  public synchronized void refreshLeftOut(INDArray params) {
    requireNotSwapped("read");
    layout.requireMatching(params);
    settledShadow().refreshLeftOut(params);
  }

  /**
   * Which elements are averaged, copied or left out.
   *
   * @return as given to the constructor
   */
  public Coverage coverage() {
    return coverage;
  }

  Shadow implementation() {
    return shadow;
  }

  /**
   * Whether the averaged values are in the parameters just now.
   *
   * @return true while a {@link Swap} is open
   */
  public synchronized boolean isSwapped() {
    return swap != null;
  }

  /**
   * The configuration.
   *
   * @return as given to the constructor
   */
  public AveragingConfig config() {
    return config;
  }

  /**
   * The data type of the shadow.
   *
   * @return FLOAT or DOUBLE
   */
  public DataType shadowType() {
    return shadow.type();
  }

  /**
   * The data type of the parameters that are averaged.
   *
   * @return FLOAT, DOUBLE, HALF or BFLOAT16
   */
  public DataType paramsType() {
    return layout.type();
  }

  /**
   * The number of parameters.
   *
   * @return elements of the shadow
   */
  public long length() {
    return coverage.length();
  }

  /**
   * All counts at once: with configuration and shadow, what {@link #resume} goes on with.
   *
   * @return as of now
   */
  public synchronized AverageCounters counters() {
    return settledCounter().counters();
  }

  /**
   * Optimizer steps, or examples, taken in by {@link #update}.
   *
   * @return from 0
   */
  public synchronized long stepCount() {
    return settledCounter().steps();
  }

  /**
   * Updates that moved the shadow.
   *
   * @return from 0; fewer than steps with {@code startAfter}, {@code updateEvery} or skips
   */
  public synchronized long updateCount() {
    return settledCounter().updates();
  }

  /**
   * The decay of the last update.
   *
   * @return in [0, 1], or NaN before the first update
   */
  public synchronized double decay() {
    return settledCounter().decay();
  }

  /**
   * The share of the initial weights that is still in the shadow: the product of all decays
   * applied. At 0.9999 it is 82 % after 2,000 updates: then the shadow is not an average of trained
   * weights yet.
   *
   * @return in [0, 1]; 1 before the first update
   */
  public synchronized double initialShare() {
    return settledCounter().initialShare();
  }

  /**
   * Updates not counted because parameters were not finite.
   *
   * @return from 0
   */
  public synchronized long skippedUpdates() {
    return settledCounter().skipped();
  }

  /**
   * Times that the averaged values were put into parameters that were not finite; see {@link
   * NonFinitePolicy#RESTORE}.
   *
   * @return from 0
   */
  public synchronized long restores() {
    return settledCounter().restores();
  }

  @Override
  public synchronized String toString() {
    return "ParameterAverage[%d %s, %d updates, decay %s, initial share %.4g, %s]"
        .formatted(
            length(),
            shadowType(),
            settledCounter().updates(),
            settledCounter().decay(),
            settledCounter().initialShare(),
            config);
  }

  private void requireNotSwapped(String what) {
    if (swap != null) {
      throw new IllegalStateException(
          "The average cannot be "
              + what
              + " while its values are swapped into the network: close the Swap first");
    }
  }
}
