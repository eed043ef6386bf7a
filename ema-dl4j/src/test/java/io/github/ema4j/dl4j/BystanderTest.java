// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.dl4j.Nets;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;

/** Models that a listener is called for, and what is said of them. */
class BystanderTest {

  private static void assertWarns(String said, Model model, Model averaged) {
    String warning = Bystander.warningAbout(model, averaged).orElseThrow();
    assertTrue(warning.contains(said), warning);
  }

  @Test
  void aLayerIsPretrainedWhetherOrNotAnAverageHasBegun() {
    MultiLayerNetwork network = Nets.autoEncoder();
    assertWarns("Pretraining of single layers", network.getLayer(0), null);
    assertWarns("Pretraining of single layers", network.getLayer(0), network);
  }

  @Test
  void theNetworkItselfAndOneThatMayBecomeItAreNoBystanders() {
    MultiLayerNetwork network = Nets.mlp();
    assertEquals(Optional.empty(), Bystander.warningAbout(network, network));
    assertEquals(Optional.empty(), Bystander.warningAbout(network, null));
    assertEquals(Optional.empty(), Bystander.warningAbout(Nets.mlp(), network));
  }

  /** The listeners of a clone are the same list, so it has those that come later too. */
  @Test
  void aCloneOfAGraphSharesTheListenersAndOneOfLayersDoesNot() {
    ComputationGraph graph = Nets.listening(Nets.graph(), new ModelEmaListener(0.9));
    assertWarns("A clone of a ComputationGraph", graph.clone(), graph);
    MultiLayerNetwork layers = Nets.listening(Nets.mlp(), new ModelEmaListener(0.9));
    assertEquals(Optional.empty(), Bystander.warningAbout(layers.clone(), layers));
  }
}
