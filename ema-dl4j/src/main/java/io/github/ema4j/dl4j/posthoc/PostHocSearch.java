// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import io.github.ema4j.core.posthoc.PostHocEma;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.deeplearning4j.earlystopping.scorecalc.ScoreCalculator;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Finds the best length of the average after training: reconstructs an average of each of several
 * widths, scores a network that carries it, and compares.
 *
 * <pre>{@code
 * PostHocSearch<MultiLayerNetwork> search =
 *     PostHocSearch.maximizing(net, n -> n.evaluate(validation).accuracy());
 * PostHocSearch.Result result = search.over(PostHocEma.read(directory));
 * result.table().forEach(System.out::println);
 * MultiLayerNetwork best = search.network(postHoc, result.best().sigmaRel());
 * }</pre>
 *
 * <p>Score on validation data, and report the best network's result on other data: the best of many
 * scores is too good on the data it was chosen by. The network given is not changed; scoring uses a
 * copy of it.
 *
 * @param <M> the class of network
 */
public final class PostHocSearch<M extends Model> {

  private final M network;
  private final ToDoubleFunction<? super M> score;
  private final boolean minimize;

  private PostHocSearch(M network, ToDoubleFunction<? super M> score, boolean minimize) {
    Networks.params(network);
    this.network = network;
    this.score = Objects.requireNonNull(score, "score");
    this.minimize = minimize;
  }

  /**
   * A search for the largest score.
   *
   * @param network a network such as the snapshots are of; gives the configuration
   * @param score for example accuracy; must give the same for the same weights
   * @param <M> the class of network
   * @return the search
   */
  public static <M extends Model> PostHocSearch<M> maximizing(
      M network, ToDoubleFunction<? super M> score) {
    return new PostHocSearch<>(network, score, false);
  }

  /**
   * A search for the smallest score.
   *
   * @param network a network such as the snapshots are of; gives the configuration
   * @param score for example a loss; must give the same for the same weights
   * @param <M> the class of network
   * @return the search
   */
  public static <M extends Model> PostHocSearch<M> minimizing(
      M network, ToDoubleFunction<? super M> score) {
    return new PostHocSearch<>(network, score, true);
  }

  /**
   * A search with a score of early stopping, in the direction that it says.
   *
   * @param network a network such as the snapshots are of; gives the configuration
   * @param calculator for example a DataSetLossCalculator
   * @param <M> the class of network
   * @return the search
   */
  public static <M extends Model> PostHocSearch<M> with(
      M network, ScoreCalculator<? super M> calculator) {
    return new PostHocSearch<>(network, calculator::calculateScore, calculator.minimizeScore());
  }

  /**
   * One average and how it did.
   *
   * @param sigmaRel relative width of its profile
   * @param score what the score function gave
   * @param profileError how far its profile is from the wanted one, see {@link
   *     PostHocEma#profileError}: above 0.1 the score is of something else than the width says
   */
  public record Candidate(double sigmaRel, double score, double profileError) {}

  /**
   * All averages and how they did.
   *
   * @param table by width, in the order searched
   * @param best the best of them; of equal ones the first
   */
  public record Result(List<Candidate> table, Candidate best) {}

  /**
   * Scores the widths 0.01, 0.02 to 0.25 at the last snapshots.
   *
   * @param postHoc the snapshots
   * @return the scores
   * @throws IOException if a snapshot is missing or damaged
   * @throws IllegalArgumentException if the snapshots are of another network
   */
  public Result over(PostHocEma postHoc) throws IOException {
    return over(postHoc, IntStream.rangeClosed(1, 25).mapToDouble(i -> i / 100.0).toArray());
  }

  /**
   * Scores given widths at the last snapshots.
   *
   * @param postHoc the snapshots
   * @param sigmaRels one or more relative widths, each above 0 and below 0.28867513
   * @return the scores
   * @throws IOException if a snapshot is missing or damaged
   * @throws IllegalArgumentException if the snapshots are of another network, a width is out of
   *     range or there is none
   * @throws IllegalStateException if no score is a number
   */
  public Result over(PostHocEma postHoc, double... sigmaRels) throws IOException {
    if (sigmaRels.length == 0) {
      throw new IllegalArgumentException("sigmaRels must name one width or more, but is empty");
    }
    // Before any work: widths out of range.
    double[] errors =
        DoubleStream.of(sigmaRels)
            .map(sigmaRel -> postHoc.profileError(sigmaRel, postHoc.lastUpdate()))
            .toArray();
    List<Candidate> table = new ArrayList<>();
    for (int i = 0; i < sigmaRels.length; i++) {
      double value = score.applyAsDouble(network(postHoc, sigmaRels[i]));
      table.add(new Candidate(sigmaRels[i], value, errors[i]));
    }
    Comparator<Candidate> byScore = Comparator.comparingDouble(Candidate::score);
    Candidate best =
        table.stream()
            .filter(candidate -> !Double.isNaN(candidate.score()))
            .min(minimize ? byScore : byScore.reversed())
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "The score was NaN for each of the " + table.size() + " averages"));
    return new Result(List.copyOf(table), best);
  }

  /**
   * A network with the average of a given width at the last snapshots.
   *
   * @param postHoc the snapshots
   * @param sigmaRel relative width, above 0 and below 0.28867513
   * @return a new network, without listeners and updater state
   * @throws IOException if a snapshot is missing or damaged
   * @throws IllegalArgumentException if the snapshots are of another network or {@code sigmaRel} is
   *     out of range
   */
  public M network(PostHocEma postHoc, double sigmaRel) throws IOException {
    long expected = Networks.params(network).length();
    long found = postHoc.snapshots().get(0).length();
    if (found != expected) {
      throw new IllegalArgumentException(
          "The snapshots are of a network of %d parameters, but this one has %d"
              .formatted(found, expected));
    }
    try (INDArray average = postHoc.reconstruct(sigmaRel)) {
      return Networks.copy(network, average);
    }
  }
}
