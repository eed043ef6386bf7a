// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.kernel.AveragingKernel;
import io.github.ema4j.core.kernel.Kernels;
import io.github.ema4j.core.kernel.Ranges;
import java.util.Arrays;
import java.util.Set;
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
  private final INDArray[] shadows;
  private final AveragingKernel kernel;
  private final Ranges ranges;
  private final Ranges covered;

  // Of the update being made: what each average asked for, and what the kernel is to do.
  private final double[] next;
  private final double[] decays;

  private AverageGroup(ParameterAverage[] averages) {
    this.averages = averages;
    shadows = Arrays.stream(averages).map(ParameterAverage::memory).toArray(INDArray[]::new);
    kernel = Kernels.forArrays(shadows);
    ranges = averages[0].coverage().averaged();
    covered = averages[0].coverage().covered();
    next = new double[averages.length];
    decays = new double[averages.length];
  }

  /**
   * Groups averages.
   *
   * @param averages one or more, of parameters of the same length and type
   * @return the group
   * @throws IllegalArgumentException if there is none, if one is given twice, or if they are of
   *     parameters of different length or type
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
    return lockedUpdate(params, 0);
  }

  /** The number of averages is not known, and a synchronized block is needed for each. */
  private boolean lockedUpdate(INDArray params, int locked) {
    if (locked == averages.length) {
      return updateAll(params);
    }
    synchronized (averages[locked]) {
      return lockedUpdate(params, locked + 1);
    }
  }

  private boolean updateAll(INDArray params) {
    boolean due = false;
    boolean checkFirst = false;
    for (int i = 0; i < averages.length; i++) {
      next[i] = averages[i].next(params);
      if (Double.isNaN(next[i])) {
        decays[i] = 1; // stays as it is
      } else {
        decays[i] = next[i];
        due = true;
        checkFirst |= averages[i].throwsOnNonFinite();
      }
    }
    boolean finite = true;
    if (checkFirst && !kernel.isFinite(params, covered)) {
      finite = false;
      for (int i = 0; i < averages.length; i++) {
        if (averages[i].throwsOnNonFinite()) {
          decays[i] = 1;
        }
      }
    }
    if (due) {
      finite &= kernel.lerp(params, shadows, decays, ranges);
      for (int i = 0; i < averages.length; i++) {
        if (!Double.isNaN(next[i])) {
          finite &= averages[i].copyCopied(params, finite);
        }
      }
    }
    return countAll(finite);
  }

  private boolean countAll(boolean finite) {
    boolean updated = false;
    NonFiniteParametersException failure = null;
    for (int i = 0; i < averages.length; i++) {
      try {
        updated |= averages[i].count(next[i], finite);
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
