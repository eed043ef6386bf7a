// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.posthoc.PostHocEma;
import io.github.ema4j.testing.Bits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.scorecalc.ClassificationScoreCalculator;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

@Tag("numbers")
class PostHocSearchTest {

  @TempDir static Path directory;

  private static MultiLayerNetwork network;
  private static PostHocEma postHoc;

  @BeforeAll
  static void train() throws IOException {
    network = Runs.network();
    network.addListeners(new PostHocEmaListener(directory, 10));
    Runs.fit(network, 10);
    postHoc = PostHocEma.read(directory);
  }

  private static DataSetIterator validation() {
    return new ListDataSetIterator<>(Runs.batches());
  }

  /** Distance of a network from the average of width 0.15. */
  private static double distance(MultiLayerNetwork candidate) {
    try {
      return candidate.params().reshape(candidate.numParams()).distance2(postHoc.reconstruct(0.15));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theSmallestScoreIsFound() throws IOException {
    PostHocSearch.Result result =
        PostHocSearch.minimizing(network, PostHocSearchTest::distance).over(postHoc);
    assertEquals(25, result.table().size());
    assertEquals(0.01, result.table().get(0).sigmaRel());
    assertEquals(0.25, result.table().get(24).sigmaRel());
    assertEquals(0.15, result.best().sigmaRel());
    assertEquals(0, result.best().score(), 1e-6);
    assertTrue(result.table().contains(result.best()));
  }

  @Test
  void theLargestScoreIsFound() throws IOException {
    PostHocSearch.Result result =
        PostHocSearch.maximizing(network, n -> -distance(n)).over(postHoc, 0.2, 0.15, 0.1);
    assertEquals(
        List.of(0.2, 0.15, 0.1),
        result.table().stream().map(PostHocSearch.Candidate::sigmaRel).toList());
    assertEquals(0.15, result.best().sigmaRel());
  }

  @Test
  void scoresOfEarlyStoppingKnowTheirDirection() throws IOException {
    PostHocSearch.Result loss =
        PostHocSearch.with(network, new DataSetLossCalculator(validation(), true)).over(postHoc);
    Comparator<PostHocSearch.Candidate> byScore =
        Comparator.comparingDouble(PostHocSearch.Candidate::score);
    assertEquals(loss.table().stream().min(byScore).get(), loss.best());

    PostHocSearch.Result accuracy =
        PostHocSearch.with(
                network,
                new ClassificationScoreCalculator(Evaluation.Metric.ACCURACY, validation()))
            .over(postHoc);
    assertEquals(accuracy.table().stream().max(byScore).get().score(), accuracy.best().score());
    assertTrue(accuracy.best().score() > 0.6);
  }

  @Test
  void scoresAreThoseOfTheReconstructedNetworks() throws IOException {
    PostHocSearch<MultiLayerNetwork> search =
        PostHocSearch.maximizing(network, n -> n.evaluate(validation()).accuracy());
    PostHocSearch.Result result = search.over(postHoc, 0.1);
    MultiLayerNetwork best = search.network(postHoc, 0.1);
    assertNotSame(network, best);
    INDArray expected = postHoc.reconstruct(0.1);
    assertEquals(Bits.of(expected), Bits.of(best.params()));
    assertEquals(best.evaluate(validation()).accuracy(), result.best().score());
    assertEquals(postHoc.profileError(0.1, postHoc.lastUpdate()), result.best().profileError());
  }

  @Test
  void theNetworkIsNotChanged() throws IOException {
    Bits before = Bits.of(network.params());
    PostHocSearch.maximizing(
            network,
            n -> {
              n.params().assign(0);
              return 1;
            })
        .over(postHoc, 0.1, 0.2);
    assertEquals(before, Bits.of(network.params()));
  }

  @Test
  void graphsAreSearchedToo(@TempDir Path other) throws IOException {
    ComputationGraph graph = Runs.graph();
    graph.addListeners(new PostHocEmaListener(other, 10));
    Runs.fit(graph, 3);
    PostHocSearch<ComputationGraph> search =
        PostHocSearch.maximizing(graph, g -> g.<Evaluation>evaluate(validation()).accuracy());
    PostHocEma snapshots = PostHocEma.read(other);
    PostHocSearch.Result result = search.over(snapshots, 0.1, 0.2);
    assertEquals(
        result.best().score(),
        search
            .network(snapshots, result.best().sigmaRel())
            .<Evaluation>evaluate(validation())
            .accuracy());
  }

  @Test
  void scoresThatAreNotNumbersNeverWin() throws IOException {
    PostHocSearch.Result result =
        PostHocSearch.minimizing(network, n -> distance(n) < 1e-6 ? 5 : Double.NaN)
            .over(postHoc, 0.1, 0.15, 0.2);
    assertEquals(0.15, result.best().sigmaRel());
    assertEquals(3, result.table().size());
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> PostHocSearch.minimizing(network, n -> Double.NaN).over(postHoc, 0.1));
    assertTrue(e.getMessage().contains("NaN"), e.getMessage());
  }

  @Test
  void badInputIsRefusedBeforeAnyScoring() {
    PostHocSearch<MultiLayerNetwork> search =
        PostHocSearch.maximizing(
            network,
            n -> {
              throw new AssertionError("scored");
            });
    assertThrows(IllegalArgumentException.class, () -> search.over(postHoc, new double[0]));
    assertThrows(IllegalArgumentException.class, () -> search.over(postHoc, 0.1, 0.29));
    PostHocSearch<ComputationGraph> other = PostHocSearch.maximizing(Runs.graph(), g -> 1);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> other.over(postHoc));
    assertTrue(e.getMessage().contains("parameters"), e.getMessage());
    assertThrows(
        IllegalStateException.class,
        () ->
            PostHocSearch.maximizing(
                new MultiLayerNetwork(network.getLayerWiseConfigurations()), n -> 1));
  }
}
