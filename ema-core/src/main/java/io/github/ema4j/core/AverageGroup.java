// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.internal.kernel.AveragingKernel;
import io.github.ema4j.core.internal.kernel.Chunks;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Several averages of the same parameters, updated in one pass over them: cheaper than one after
 * the other, and with the same result bit for bit.
 *
 * <pre>{@code
 * AverageGroup group = AverageGroup.of(fast, slow);
 * // after every optimizer step:
 * group.update(params);
 * }</pre>
 *
 * <p>Each average keeps its own schedule, cadence, policy and shadow type, and may still be read,
 * swapped or set by itself. An average belongs to one group at most, and is then updated by it
 * only. Thread-safe as {@link ParameterAverage} is.
 */
public final class AverageGroup {

  private final ParameterAverage[] averages;
  private final Chunks averagedAsTheyAre;
  private final Chunks covered;

  // Null if no average has an array as shadow. That of the first which has one.
  private final AveragingKernel kernel;

  // The averages with an array as shadow, by index; others are updated by themselves.
  private final int[] together;
  private final ArrayShadow[] shadows;
  private final INDArray[] arrays;

  // These three are of the update being made.
  private final double[] next; // the decay that each average asked for, or NOT_DUE
  private final double[] decays; // what the kernel does with each array
  private final boolean[] finite; // whether what each average saw was finite

  // Shared by all averages of the group. Runs at once unless all of them are overlapped.
  private final Background pending;

  private AverageGroup(ParameterAverage[] averages) {
    this.averages = averages;
    averagedAsTheyAre = averages[0].coverage().averagedAsTheyAre().chunks();
    covered = averages[0].coverage().covered().chunks();
    together =
        IntStream.range(0, averages.length)
            .filter(i -> averages[i].implementation() instanceof ArrayShadow)
            .toArray();
    shadows =
        Arrays.stream(together)
            .mapToObj(i -> (ArrayShadow) averages[i].implementation())
            .toArray(ArrayShadow[]::new);
    arrays = Arrays.stream(shadows).map(ArrayShadow::values).toArray(INDArray[]::new);
    kernel = shadows.length == 0 ? null : shadows[0].kernel();
    next = new double[averages.length];
    decays = new double[together.length];
    finite = new boolean[averages.length];
    pending =
        Arrays.stream(averages).allMatch(ParameterAverage::overlaps)
            ? Background.daemon("ema4j-overlapped")
            : Background.none();
    for (ParameterAverage average : averages) {
      average.shareUpdates(pending);
    }
  }

  /**
   * Groups averages.
   *
   * @param averages one or more, of parameters of the same length and type
   * @return the group
   * @throws IllegalArgumentException if there is none, if one is given twice, if they are of
   *     parameters of different length or type, or count in different units
   */
  public static AverageGroup of(ParameterAverage... averages) {
    if (averages.length == 0) {
      throw new IllegalArgumentException("A group needs at least one average");
    }
    ParameterAverage first = averages[0];
    for (ParameterAverage average : averages) {
      if (average.length() != first.length() || average.paramsType() != first.paramsType()) {
        throw new IllegalArgumentException(
            "The averages of a group must be of the same parameters, but are of %d %s and of %d %s"
                .formatted(
                    first.length(), first.paramsType(), average.length(), average.paramsType()));
      }
      if (average.config().unit() != first.config().unit()) {
        throw new IllegalArgumentException(
            "The averages of a group must count the same, but count %s and %s"
                .formatted(first.config().unit(), average.config().unit()));
      }
      if (!average.coverage().equals(first.coverage())) {
        throw new IllegalArgumentException(
            "The averages of a group must cover the same elements, but cover %s and %s"
                .formatted(first.coverage(), average.coverage()));
      }
    }
    Set.of(averages); // throws if one is there twice
    return new AverageGroup(averages.clone());
  }

  /**
   * Does for each average what its own {@link ParameterAverage#update} would do.
   *
   * @param params the parameters after one optimizer step, of the length and type given to the
   *     averages; only read
   * @return true if one average or more was updated
   * @throws IllegalArgumentException if length or type differ; nothing has changed then
   * @throws IllegalStateException while one is swapped; nothing has changed then
   * @throws NonFiniteParametersException if the parameters are not finite and the policy of one is
   *     {@link NonFinitePolicy#THROW}; those of the others have been updated or skipped then
   */
  public boolean update(INDArray params) {
    averages[0].counter().requireCountOfSteps();
    return update(params, 1);
  }

  /**
   * Does for each average what its own {@link ParameterAverage#update(INDArray, long)} would do.
   *
   * @param params the parameters after the last of these steps; only read
   * @param steps optimizer steps, or examples, since the last call, at least 1; they may differ
   *     from call to call
   * @return true if one average or more was updated
   * @throws IllegalArgumentException if length or type differ, or {@code steps} is below 1; nothing
   *     has changed then
   * @throws IllegalStateException while one is swapped, if {@code steps} is above 1 and so is the
   *     {@link AveragingConfig#updateEvery} of one, or if one begins with an epoch; nothing has
   *     changed then
   * @throws NonFiniteParametersException as {@link #update(INDArray)}
   */
  public boolean update(INDArray params, long steps) {
    for (ParameterAverage average : averages) {
      average.counter().requireNoEpochs();
    }
    return update(params, steps, 0);
  }

  /**
   * Does for each average what its own {@link ParameterAverage#update(INDArray, long, long)} would
   * do.
   *
   * @param params the parameters after the last of these steps; only read
   * @param steps optimizer steps, or examples, since the last call, at least 1
   * @param epochs completed before these steps, at least 0
   * @return true if one average or more was updated
   * @throws IllegalArgumentException as {@link #update(INDArray, long)}
   * @throws IllegalStateException while one is swapped, or if {@code steps} is above 1 and so is
   *     the {@link AveragingConfig#updateEvery} of one; nothing has changed then
   * @throws NonFiniteParametersException as {@link #update(INDArray)}
   */
  public boolean update(INDArray params, long steps, long epochs) {
    for (ParameterAverage average : averages) {
      average.requireUpdateOf(steps);
    }
    return lockedUpdate(params, steps, epochs, false, 0);
  }

  /**
   * Does for each average what its own {@link ParameterAverage#beginUpdate} would do: on one other
   * thread for all of them, if all are {@link AveragingConfig#overlapped}, otherwise on this one.
   *
   * @param params as for {@link ParameterAverage#beginUpdate}
   * @throws IllegalArgumentException if length or type differ; nothing has changed then
   * @throws IllegalStateException while one is swapped, or if the last update failed on its thread
   * @throws NonFiniteParametersException as {@link #update(INDArray)}
   */
  public void beginUpdate(INDArray params) {
    for (ParameterAverage average : averages) {
      average.counter().requireCountOfSteps();
      average.counter().requireNoEpochs();
    }
    beginUpdate(params, 1, 0);
  }

  /**
   * Does for each average what its own {@link ParameterAverage#beginUpdate(INDArray, long, long)}
   * would do, on one other thread.
   *
   * @param params as for {@link ParameterAverage#beginUpdate}
   * @param steps or examples, as for {@link #update(INDArray, long, long)}
   * @param epochs completed before these steps, at least 0
   * @throws IllegalArgumentException if length, type or numbers do not fit; nothing has changed
   *     then
   * @throws IllegalStateException while one is swapped, or if the last update failed on its thread
   * @throws NonFiniteParametersException as {@link #update(INDArray)}
   */
  public void beginUpdate(INDArray params, long steps, long epochs) {
    for (ParameterAverage average : averages) {
      average.requireUpdateOf(steps);
    }
    lockedUpdate(params, steps, epochs, true, 0);
  }

  /**
   * Waits until the update that {@link #beginUpdate} began is complete, if one goes on.
   *
   * @throws IllegalStateException as {@link ParameterAverage#awaitUpdate}
   */
  public void awaitUpdate() {
    averages[0].awaitUpdate();
  }

  /** The number of averages is not known, and a synchronized block is needed for each. */
  private boolean lockedUpdate(
      INDArray params, long steps, long epochs, boolean overlapped, int locked) {
    if (locked < averages.length) {
      synchronized (averages[locked]) {
        return lockedUpdate(params, steps, epochs, overlapped, locked + 1);
      }
    }
    pending.await(); // the update before has its decays where this one will
    for (int i = 0; i < averages.length; i++) {
      next[i] = averages[i].nextDecay(params, steps, epochs);
    }
    if (overlapped) {
      pending.run(() -> updateAll(params, steps));
      return false; // not known yet
    }
    return updateAll(params, steps);
  }

  private boolean updateAll(INDArray params, long steps) {
    for (int i = 0; i < averages.length; i++) {
      boolean alone = !(averages[i].implementation() instanceof ArrayShadow);
      finite[i] = !alone || averages[i].move(params, next[i]);
    }
    moveTogether(params);
    return countAll(steps);
  }

  private void moveTogether(INDArray params) {
    boolean due = false;
    boolean checkFirst = false;
    for (int i = 0; i < together.length; i++) {
      double decay = next[together[i]];
      boolean isDue = StepCounter.isDue(decay);
      decays[i] = isDue ? decay : 1; // 1 leaves it as it is
      due |= isDue;
      checkFirst |= isDue && averages[together[i]].isAllOrNothing();
    }
    if (!due) {
      return;
    }
    boolean allFinite = !checkFirst || kernel.isFinite(params, covered);
    for (int i = 0; i < together.length; i++) {
      if (!allFinite && averages[together[i]].isAllOrNothing()) {
        decays[i] = 1;
      }
    }
    allFinite &= kernel.lerp(params, arrays, decays, averagedAsTheyAre);
    for (int i = 0; i < together.length; i++) {
      if (StepCounter.isDue(next[together[i]])) {
        boolean changes = allFinite || !averages[together[i]].isAllOrNothing();
        allFinite &= !changes || shadows[i].moveRest(params, decays[i]);
      }
    }
    for (int i : together) {
      finite[i] = allFinite;
    }
  }

  private boolean countAll(long steps) {
    boolean updated = false;
    NonFiniteParametersException failure = null;
    for (int i = 0; i < averages.length; i++) {
      try {
        updated |= averages[i].count(next[i], steps, finite[i]);
      } catch (NonFiniteParametersException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return updated;
  }
}
