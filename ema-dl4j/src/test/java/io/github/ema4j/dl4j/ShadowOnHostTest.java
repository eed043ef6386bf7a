// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.DataSet;

/** A listener whose shadow lies in host memory does what any other does. */
class ShadowOnHostTest {

  private static final DataSet POINTS = Data.points(1, 24);

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void averageEvaluationAndTrainingAreThoseOfAnOrdinaryShadow(boolean inBackground) {
    MultiLayerNetwork usual = Nets.mlp();
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener expected = new ModelEmaListener(0.9);
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder()
                .decay(0.9)
                .shadowOnHost(true)
                .inBackground(inBackground)
                .build());
    EmaEvaluator evaluator =
        new EmaEvaluator(ema, new ListDataSetIterator<>(POINTS.asList(), 8), new Evaluation());
    usual.setListeners(expected);
    network.setListeners(ema, evaluator.everyIterations(1));

    usual.fit(Batches.of(POINTS, 8), 5);
    network.fit(Batches.of(POINTS, 8), 5);

    assertEquals(15, ema.updateCount());
    assertEquals(Bits.of(expected.shadow()), Bits.of(ema.shadow()));
    assertEquals(Bits.of(usual.params()), Bits.of(network.params()));
    assertEquals(
        expected.averagedNetwork(usual).evaluate(Batches.of(POINTS, 8)).accuracy(),
        evaluator.averaged(network).get(Evaluation.class).accuracy());
    try (Swap ignored = ema.swap(network)) {
      assertEquals(Bits.of(expected.shadow()), Bits.of(network.params()));
    }
    assertEquals(Bits.of(usual.params()), Bits.of(network.params()));
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> ema.averagedView(network));
    assertTrue(e.getMessage().contains("averagedNetwork(...)"), e.getMessage());
  }

  @Test
  void elementsThatAreLeftOutAreThoseOfTheNetwork() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder().decay(0.9).shadowOnHost(true).build(),
            ParameterSelection.averageAll()
                .with("biases", Treatment.EXCLUDE, p -> p.key().equals("b")));
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8), 2);
    for (NetworkParameter p : NetworkParameter.of(network)) {
      if (p.key().equals("b")) {
        for (long i = p.from(); i < p.to(); i++) {
          assertEquals(network.params().getFloat(i), ema.shadow().getFloat(i));
        }
      }
    }
  }
}
