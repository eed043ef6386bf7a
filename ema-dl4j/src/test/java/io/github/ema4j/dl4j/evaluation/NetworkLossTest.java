// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.MultiBatches;
import io.github.ema4j.testing.dl4j.Nets;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.DataSet;

class NetworkLossTest {

  private static final DataSet TRAINING = Data.points(1, 24);
  private static final DataSet VALIDATION = Data.points(2, 10);

  @Test
  void theLossOfRawAndAveragedWeightsIsThatOfAllExamples() {
    MultiLayerNetwork network = Nets.mlp(b -> b.l2(0.1));
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(ema);
    network.fit(Batches.of(TRAINING, 8), 3);
    EmaEvaluator evaluator =
        new EmaEvaluator(ema, Batches.of(VALIDATION, 4), new Evaluation(), new NetworkLoss());

    Comparison comparison = evaluator.compare(network);

    double raw = comparison.raw(NetworkLoss.class).loss();
    double averaged = comparison.averaged(NetworkLoss.class).loss();
    assertEquals(network.score(VALIDATION, false), raw, 1e-5);
    assertEquals(ema.averagedNetwork(network).score(VALIDATION, false), averaged, 1e-5);
    assertNotEquals(raw, averaged);
    assertEquals(10, comparison.raw(Evaluation.class).getNumRowCounter());
  }

  @Test
  void ofAGraphToo() {
    ComputationGraph graph = Nets.graph();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    graph.addListeners(ema);
    graph.fit(Batches.of(TRAINING, 8), 3);
    EmaEvaluator evaluator =
        new EmaEvaluator(ema, MultiBatches.of(VALIDATION, 4), new NetworkLoss());

    assertEquals(
        graph.score(VALIDATION.toMultiDataSet(), false),
        evaluator.raw(graph).get(NetworkLoss.class).loss(),
        1e-5);
  }

  /** And not 0, which would look like a perfect loss. */
  @Test
  void anAveragedNetworkHasNoScoreOfItsOwn() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(ema);
    network.fit(TRAINING);

    assertTrue(Double.isNaN(ema.averagedNetwork(network).score()));
    assertTrue(Double.isNaN(ema.averagedView(network).score()));
  }

  @Test
  void aSecondPassNeedsReset() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    EmaEvaluator evaluator =
        new EmaEvaluator(ema, MultiBatches.once(VALIDATION.toMultiDataSet()), new NetworkLoss());

    assertThrows(IllegalStateException.class, () -> evaluator.raw(network));
  }
}
