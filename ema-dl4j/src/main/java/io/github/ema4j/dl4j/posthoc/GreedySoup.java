// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Greedy soup (Wortsman et al. 2022, arXiv 2203.05482): the mean of those of several sets of
 * weights that do each other good. They are scored one by one and tried from the best to the worst;
 * each stays in if the mean with it is not worse than the best mean so far.
 *
 * <pre>{@code
 * GreedySoup.Result<MultiLayerNetwork> soup =
 *     GreedySoup.maximizing(net, n -> n.evaluate(validation).accuracy()).of(weights);
 * soup.network().save(file);
 * }</pre>
 *
 * <p>It is for runs of which only checkpoints are left, and for runs of different settings from the
 * same start. An average that was kept during the run is usually better than a soup of its epochs.
 * With batch norm, the score function should fit the statistics to the weights first ({@code
 * BatchNormStatistics.recalibrate}); the network in the result is the one that it has scored, with
 * what it has changed. Choose on validation data, and report on other: the best of many scores is
 * too good.
 *
 * @param <M> the class of network
 */
public final class GreedySoup<M extends Model> {

  private static final AveragingConfig MEAN =
      AveragingConfig.builder()
          .schedule(DecaySchedule.uniform())
          .onNonFinite(NonFinitePolicy.THROW)
          .build();

  private final M network;
  private final ToDoubleFunction<? super M> score;
  private final double sign;

  private GreedySoup(M network, ToDoubleFunction<? super M> score, double sign) {
    Networks.params(network);
    this.network = network;
    this.score = Objects.requireNonNull(score, "score");
    this.sign = sign;
  }

  /**
   * A soup of the largest score.
   *
   * @param network gives the configuration; is not changed
   * @param score for example accuracy; may recalibrate what it is given
   * @param <M> the class of network
   * @return the search
   */
  public static <M extends Model> GreedySoup<M> maximizing(
      M network, ToDoubleFunction<? super M> score) {
    return new GreedySoup<>(network, score, 1);
  }

  /**
   * A soup of the smallest score.
   *
   * @param network gives the configuration; is not changed
   * @param score for example a loss; may recalibrate what it is given
   * @param <M> the class of network
   * @return the search
   */
  public static <M extends Model> GreedySoup<M> minimizing(
      M network, ToDoubleFunction<? super M> score) {
    return new GreedySoup<>(network, score, -1);
  }

  /**
   * One attempt to put a set of weights in.
   *
   * @param candidate its index in the list that was given
   * @param alone its own score
   * @param together the score of the mean with it, and with those that were in before
   * @param in whether it stayed in
   */
  public record Trial(int candidate, double alone, double together, boolean in) {}

  /**
   * The soup and how it came about.
   *
   * @param trials from the best candidate to the worst; of equal ones the earlier first
   * @param score of the soup
   * @param network with the weights of the soup, as it was scored
   * @param <M> the class of network
   */
  public record Result<M>(List<Trial> trials, double score, M network) {

    /**
     * The sets of weights that are in.
     *
     * @return their indices in the list that was given, from the best on
     */
    public List<Integer> chosen() {
      return trials.stream().filter(Trial::in).map(Trial::candidate).toList();
    }
  }

  private record Scored<M>(M network, double score) {}

  /**
   * Makes the soup. Variances of batch norm are averaged as variances.
   *
   * @param candidates one or more vectors of as many parameters as the network has; not changed
   * @return the soup
   * @throws IllegalArgumentException if there is none, or one is of another length
   * @throws io.github.ema4j.core.NonFiniteParametersException if one has a value that is not finite
   * @throws IllegalStateException if no score is a number
   */
  public Result<M> of(List<INDArray> candidates) {
    requireFit(candidates);
    double[] alone =
        candidates.stream().mapToDouble(each -> scored(List.of(each)).score()).toArray();
    List<Integer> order =
        IntStream.range(0, alone.length)
            .filter(i -> !Double.isNaN(alone[i]))
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -sign * alone[i]))
            .toList();
    if (order.isEmpty()) {
      throw new IllegalStateException(
          "The score was NaN for each of the " + alone.length + " sets of weights");
    }
    List<Trial> trials = new ArrayList<>();
    List<INDArray> in = new ArrayList<>();
    Scored<M> best = null;
    for (int candidate : order) {
      List<INDArray> with = new ArrayList<>(in);
      with.add(candidates.get(candidate));
      Scored<M> tried = scored(with);
      boolean stays = best == null || sign * tried.score() >= sign * best.score();
      trials.add(new Trial(candidate, alone[candidate], tried.score(), stays));
      if (stays) {
        in = with;
        best = tried;
      }
    }
    return new Result<>(List.copyOf(trials), best.score(), best.network());
  }

  private void requireFit(List<INDArray> candidates) {
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException("A soup takes one set of weights or more, but got none");
    }
    long length = Networks.params(network).length();
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.get(i).length() != length) {
        throw new IllegalArgumentException(
            "The network has %d parameters, but set of weights %d has %d"
                .formatted(length, i, candidates.get(i).length()));
      }
    }
  }

  private Scored<M> scored(List<INDArray> weights) {
    INDArray own = Networks.params(network);
    ParameterAverage mean =
        new ParameterAverage(
            MEAN,
            weights.get(0).reshape(own.shape()),
            ParameterSelection.averageAll().coverageOf(network));
    weights.forEach(each -> mean.update(each.reshape(own.shape())));
    M candidate = Networks.copy(network, mean.shadow());
    return new Scored<>(candidate, score.applyAsDouble(candidate));
  }
}
