// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Both classes of network are asked the same things. */
class NetworksTest {

  /** As a user may have one, for a method of his own. */
  private static final class Own extends MultiLayerNetwork {
    Own(MultiLayerNetwork like) {
      super(like.getLayerWiseConfigurations());
      init();
    }
  }

  @Test
  void aSubclassIsANetworkOfItsClassAndHasNoCopy() {
    Own own = new Own(Nets.mlp());
    assertTrue(Networks.isNetwork(own));
    assertEquals(MultiLayerNetwork.class, Networks.type(own));
    assertEquals(ComputationGraph.class, Networks.type(Nets.graph()));
    UncopyableNetworkException e =
        assertThrows(
            UncopyableNetworkException.class, () -> Networks.copy(own, own.params().dup()));
    assertTrue(e.getMessage().contains(Own.class.getName()), e.getMessage());
  }

  @Test
  void aLayerIsNoNetworkAndHasNoParametersToAverage() {
    Model layer = Nets.mlp().getLayer(0);
    assertFalse(Networks.isNetwork(layer));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Networks.params(layer));
    assertTrue(e.getMessage().contains("DenseLayer"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Networks.params(null));
  }

  @Test
  void parametersAreTheNetworksOwnMemoryOnceItIsInitialised() {
    MultiLayerNetwork network = Nets.notInitialised(b -> b);
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> Networks.params(network));
    assertTrue(e.getMessage().contains("init()"), e.getMessage());
    network.init();
    assertSame(network.params(), Networks.params(network));
  }

  @Test
  void aCopyHasTheCountsAndTheValuesGivenAndSharesNoMemory() {
    MultiLayerNetwork layers = Nets.mlp();
    layers.setIterationCount(7);
    layers.setEpochCount(3);
    ComputationGraph graph = Nets.graph();
    graph.getConfiguration().setIterationCount(8);
    graph.getConfiguration().setEpochCount(4);
    layers.setListeners(new ScoreIterationListener());
    for (Model network : List.of(layers, graph)) {
      INDArray values = network.params().castTo(DataType.DOUBLE).addi(0.5);
      Bits raw = Bits.of(network.params());
      Model copy = Networks.copy(network, values);
      assertSame(network.getClass(), copy.getClass());
      assertEquals(DataType.FLOAT, copy.params().dataType());
      assertEquals(Bits.of(values.castTo(DataType.FLOAT)), Bits.of(copy.params()));
      assertEquals(Networks.iterationCount(network), Networks.iterationCount(copy));
      assertEquals(Networks.epochCount(network), Networks.epochCount(copy));
      assertEquals(List.of(), List.copyOf(Networks.listeners(copy)));
      copy.params().addi(1);
      values.addi(1);
      assertEquals(raw, Bits.of(network.params()));
      assertNotEquals(Bits.of(values.castTo(DataType.FLOAT)), Bits.of(network.params()));
    }
    assertEquals(7, Networks.iterationCount(layers));
    assertEquals(8, Networks.iterationCount(graph));
    assertEquals(3, Networks.epochCount(layers));
    assertEquals(4, Networks.epochCount(graph));
  }

  @Test
  void constraintsAreFoundInsideWrappersToo() {
    assertTrue(Networks.hasConstraints(Nets.constrainedMlp()));
    assertTrue(Networks.hasConstraints(Nets.constrainedGraph()));
    assertTrue(Networks.hasConstraints(Nets.constrainedBidirectional()));
    assertTrue(Networks.hasConstraints(Nets.constrainedLastTimeStep()));
    assertFalse(Networks.hasConstraints(Nets.mlp()));
    assertFalse(Networks.hasConstraints(Nets.graph()));
  }

  @Test
  void theWayToTrainIsThatOfTheConfiguration() {
    assertTrue(Networks.isTruncatedInTime(Nets.lstm(BackpropType.TruncatedBPTT)));
    assertFalse(Networks.isTruncatedInTime(Nets.lstm(BackpropType.Standard)));
    assertTrue(Networks.isTruncatedInTime(Nets.lstmGraph(BackpropType.TruncatedBPTT)));
    assertFalse(Networks.isTruncatedInTime(Nets.lstmGraph(BackpropType.Standard)));
    assertTrue(Networks.searchesAlongLine(Nets.mlpBy(OptimizationAlgorithm.LBFGS)));
    assertFalse(Networks.searchesAlongLine(Nets.mlp()));
    assertTrue(
        Networks.searchesAlongLine(
            Nets.graph(b -> b.optimizationAlgo(OptimizationAlgorithm.CONJUGATE_GRADIENT))));
    assertFalse(Networks.searchesAlongLine(Nets.graph()));
  }

  @Test
  void withoutListenersThereIsAnEmptyList() {
    assertEquals(List.of(), List.copyOf(Networks.listeners(Nets.notInitialised(b -> b))));
    ScoreIterationListener listener = new ScoreIterationListener();
    assertEquals(
        List.of(listener), List.copyOf(Networks.listeners(Nets.listening(Nets.graph(), listener))));
  }
}
