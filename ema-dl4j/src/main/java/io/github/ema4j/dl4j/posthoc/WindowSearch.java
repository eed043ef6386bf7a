// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import io.github.ema4j.core.posthoc.Windows;
import io.github.ema4j.core.posthoc.Windows.Window;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Finds the best part of a training run to average over when it is done: takes the exact mean over
 * each of several windows, scores a network that carries it, and compares.
 *
 * <pre>{@code
 * PostHocEmaListener means = PostHocEmaListener.ofWindows(directory, 300);
 * net.addListeners(means);
 * net.fit(trainingData, epochs);
 * means.snapshot(); // the end of training
 *
 * Windows windows = Windows.read(directory);
 * WindowSearch<MultiLayerNetwork> search =
 *     WindowSearch.maximizing(net, n -> n.evaluate(validation).accuracy());
 * Window best = search.over(windows, windows.toTheEnd()).best().window();
 * MultiLayerNetwork averaged = search.network(windows, best);
 * }</pre>
 *
 * <p>Score on validation data, and report the best network's result on other data. The network
 * given is not changed; scoring uses a copy of it.
 *
 * @param <M> the class of network
 */
public final class WindowSearch<M extends Model> {

  private final M network;
  private final ToDoubleFunction<? super M> score;
  private final double sign;

  private WindowSearch(M network, ToDoubleFunction<? super M> score, double sign) {
    Networks.params(network);
    this.network = network;
    this.score = Objects.requireNonNull(score, "score");
    this.sign = sign;
  }

  /**
   * A search for the largest score.
   *
   * @param network a network such as the snapshots are of; gives the configuration
   * @param score for example accuracy; must give the same for the same weights
   * @param <M> the class of network
   * @return the search
   */
  public static <M extends Model> WindowSearch<M> maximizing(
      M network, ToDoubleFunction<? super M> score) {
    return new WindowSearch<>(network, score, 1);
  }

  /**
   * A search for the smallest score.
   *
   * @param network a network such as the snapshots are of; gives the configuration
   * @param score for example a loss; must give the same for the same weights
   * @param <M> the class of network
   * @return the search
   */
  public static <M extends Model> WindowSearch<M> minimizing(
      M network, ToDoubleFunction<? super M> score) {
    return new WindowSearch<>(network, score, -1);
  }

  /**
   * One window and how its mean did.
   *
   * @param window the part of the run
   * @param score what the score function gave
   */
  public record Candidate(Window window, double score) {}

  /**
   * All windows and how they did.
   *
   * @param table in the order searched
   * @param best the best of them; of equal ones the first
   */
  public record Result(List<Candidate> table, Candidate best) {}

  /**
   * Scores the means over windows.
   *
   * @param windows the snapshots
   * @param which one or more, such as {@link Windows#toTheEnd} or {@link Windows#all}
   * @return the scores
   * @throws IOException if a snapshot is missing or damaged
   * @throws IllegalArgumentException if the snapshots are of another network, there is none where a
   *     window begins or ends, or no window is given
   * @throws IllegalStateException if no score is a number
   */
  public Result over(Windows windows, List<Window> which) throws IOException {
    if (which.isEmpty()) {
      throw new IllegalArgumentException("A search takes one window or more, but got none");
    }
    List<Candidate> table = new ArrayList<>();
    for (Window window : which) {
      table.add(new Candidate(window, score.applyAsDouble(network(windows, window))));
    }
    Candidate best =
        table.stream()
            .filter(candidate -> !Double.isNaN(candidate.score()))
            .min(Comparator.comparingDouble(candidate -> -sign * candidate.score()))
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "The score was NaN for each of the " + table.size() + " windows"));
    return new Result(List.copyOf(table), best);
  }

  /**
   * A network with the mean over a window.
   *
   * @param windows the snapshots
   * @param window the part of the run
   * @return a new network, without listeners and updater state
   * @throws IOException if a snapshot is missing or damaged
   * @throws IllegalArgumentException if the snapshots are of another network, or there is none
   *     where the window begins or ends
   */
  public M network(Windows windows, Window window) throws IOException {
    return network(windows, windows.mean(window));
  }

  /**
   * A network as if the learning rate had fallen during a window; see {@link Windows#annealed}.
   *
   * @param windows the snapshots
   * @param window the part of the run
   * @param rate the learning rate as a share of that at the beginning
   * @return a new network, without listeners and updater state
   * @throws IOException if a snapshot is missing or damaged
   * @throws IllegalArgumentException as {@link Windows#annealed}, or if the snapshots are of
   *     another network
   */
  public M annealed(Windows windows, Window window, DoubleUnaryOperator rate) throws IOException {
    return network(windows, windows.annealed(window, rate));
  }

  private M network(Windows windows, INDArray mean) {
    long expected = Networks.params(network).length();
    if (windows.length() != expected) {
      throw new IllegalArgumentException(
          "The snapshots are of a network of %d parameters, but this one has %d"
              .formatted(windows.length(), expected));
    }
    try (mean) {
      return Networks.copy(network, mean);
    }
  }
}
