// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Means of the parameters over any part of a training run, chosen when it is over, from snapshots
 * of one plain mean over all of it. A window begins and ends at snapshots.
 *
 * <p>With {@code M(n)} the mean of the parameters after updates 1 to n, that over {@code after + 1}
 * to {@code to} is {@code (to * M(to) - after * M(after)) / (to - after)}: over every update, not
 * over the snapshots. The subtraction enlarges rounding by {@code to / (to - after)}, so the means
 * are kept in DOUBLE. Variances, as of batch norm, are those of the window as well; where a
 * difference is not above 0 by rounding, the smallest one among the snapshots takes its place.
 *
 * <p>Immutable; safe for use by several threads. It holds no values: they are read again each time.
 */
public final class Windows {

  /** A learning rate that falls in a straight line: {@code 1 - share}. */
  public static final DoubleUnaryOperator LINEAR = share -> 1 - share;

  /** A learning rate that falls along half a cosine: {@code (1 + cos(pi * share)) / 2}. */
  public static final DoubleUnaryOperator COSINE = share -> (1 + Math.cos(Math.PI * share)) / 2;

  /** A learning rate that falls fast first: {@code 1 - sqrt(share)}. */
  public static final DoubleUnaryOperator ONE_MINUS_SQRT = share -> 1 - Math.sqrt(share);

  private final List<Snapshot> snapshots;

  private Windows(List<Snapshot> snapshots) {
    this.snapshots = List.copyOf(snapshots);
  }

  /**
   * A part of a training run.
   *
   * @param after the update that it begins after, from 0
   * @param to its last update
   */
  public record Window(long after, long to) {

    /**
     * Checks the order.
     *
     * @throws IllegalArgumentException if it is empty or begins below 0
     */
    public Window {
      if (after < 0 || to <= after) {
        throw new IllegalArgumentException(
            "A window must begin at update 0 or later and end after that, but was from %d to %d"
                .formatted(after, to));
      }
    }
  }

  /**
   * Finds the snapshots in a directory. Other files there are left alone.
   *
   * @param directory as given to what wrote them
   * @return the windows that there are
   * @throws IOException if there is no snapshot, one is damaged, or they are not of plain means of
   *     one training run
   */
  public static Windows read(Path directory) throws IOException {
    List<Snapshot> snapshots = PostHocEma.listOfOneRun(directory);
    for (Snapshot snapshot : snapshots) {
      if (!snapshot.isOfPlainMean()) {
        throw new IOException(
            "%s is not of a plain mean: read it by PostHocEma.read".formatted(snapshot.file()));
      }
    }
    return new Windows(snapshots);
  }

  /**
   * Where windows can begin and end.
   *
   * @return 0, and the updates of the snapshots, rising
   */
  public long[] updates() {
    long[] updates = new long[snapshots.size() + 1];
    for (int i = 0; i < snapshots.size(); i++) {
      updates[i + 1] = snapshots.get(i).update();
    }
    return updates;
  }

  /**
   * The number of parameters.
   *
   * @return above 0
   */
  public long length() {
    return snapshots.get(0).length();
  }

  /**
   * All windows that end at the last snapshot.
   *
   * @return from the longest to the shortest
   */
  public List<Window> toTheEnd() {
    long[] updates = updates();
    long last = updates[updates.length - 1];
    return Arrays.stream(updates, 0, updates.length - 1)
        .mapToObj(after -> new Window(after, last))
        .toList();
  }

  /**
   * The latest part of the run so far: what LAWA (Kaddour 2022, arXiv 2209.14981) takes the mean of
   * the latest checkpoints for, but over every update in it.
   *
   * @param intervals from snapshot to snapshot, at least 1; if there are not so many yet, all
   * @return a window that ends at the last snapshot
   * @throws IllegalArgumentException if {@code intervals} is below 1
   */
  public Window latest(int intervals) {
    if (intervals < 1) {
      throw new IllegalArgumentException(
          "A window must have at least 1 interval between snapshots, but was to have " + intervals);
    }
    long[] updates = updates();
    int last = updates.length - 1;
    return new Window(updates[Math.max(0, last - intervals)], updates[last]);
  }

  /**
   * All windows.
   *
   * @return by their end, then from the longest to the shortest
   */
  public List<Window> all() {
    long[] updates = updates();
    List<Window> windows = new ArrayList<>();
    for (int to = 1; to < updates.length; to++) {
      for (int after = 0; after < to; after++) {
        windows.add(new Window(updates[after], updates[to]));
      }
    }
    return windows;
  }

  /**
   * The mean of the parameters after each update of a window.
   *
   * @param window begins and ends at one of {@link #updates}
   * @return a new DOUBLE vector
   * @throws IllegalArgumentException if there is no snapshot where it begins or ends
   * @throws IOException if a snapshot is missing by now, or damaged
   */
  public INDArray mean(Window window) throws IOException {
    double steps = window.to() - window.after();
    double[] coefficients = new double[indexOf(window.to()) + 1];
    coefficients[indexOf(window.to())] = window.to() / steps;
    coefficients[indexOf(window.after())] = -window.after() / steps;
    return sum(coefficients);
  }

  /**
   * What the parameters at the end of a window would be if the learning rate had fallen during it,
   * as if the gradients had been the same (WSM, arXiv 2507.17634): each step counts by the share
   * that the rate would have had. It is a weighted mean of the means between the snapshots in the
   * window, so the more of these there are, the finer the rate falls. {@link #LINEAR} is the plain
   * mean, whatever their number.
   *
   * @param window begins and ends at one of {@link #updates}
   * @param rate the learning rate as a share of that at the beginning, by the share of the window
   *     that has passed: 1 at 0, and never rising; asked where snapshots are. Whatever is left of
   *     it at the end is cut off there
   * @return a new DOUBLE vector
   * @throws IllegalArgumentException if there is no snapshot where the window begins or ends, or
   *     the rate is not such a function
   * @throws IOException if a snapshot is missing by now, or damaged
   */
  public INDArray annealed(Window window, DoubleUnaryOperator rate) throws IOException {
    int first = indexOf(window.after());
    int last = indexOf(window.to());
    double[] coefficients = new double[last + 1];
    double before = rate.applyAsDouble(0);
    if (before != 1) {
      throw new IllegalArgumentException(
          "The learning rate must be 1 where the window begins, but was " + before);
    }
    long[] updates = updates();
    for (int block = first + 1; block <= last; block++) {
      double share = (double) (updates[block] - window.after()) / (window.to() - window.after());
      double after = block == last ? 0 : rate.applyAsDouble(share);
      if (!(after >= 0 && after <= before)) {
        throw new IllegalArgumentException(
            "The learning rate must fall from 1 and not below 0, but was %s after %s at %s of the window"
                .formatted(after, before, share));
      }
      double ofEach = (before - after) / (updates[block] - updates[block - 1]);
      coefficients[block] += ofEach * updates[block];
      coefficients[block - 1] -= ofEach * updates[block - 1];
      before = after;
    }
    return sum(coefficients);
  }

  /** Each mean times its coefficient; the first is that of no update, and 0. */
  private INDArray sum(double[] coefficients) throws IOException {
    Snapshot any = snapshots.get(0);
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        WeightedSum sum = new WeightedSum(any.length(), any.variances())) {
      for (int i = 1; i < coefficients.length; i++) {
        if (coefficients[i] != 0) {
          sum.add(snapshots.get(i - 1), coefficients[i]);
        }
      }
      return sum.as(any.type());
    }
  }

  private int indexOf(long update) {
    int index = Arrays.binarySearch(updates(), update);
    if (index < 0) {
      throw new IllegalArgumentException(
          "There is no snapshot of update %d, at which the window begins or ends; there are %s"
              .formatted(update, Arrays.toString(updates())));
    }
    return index;
  }
}
