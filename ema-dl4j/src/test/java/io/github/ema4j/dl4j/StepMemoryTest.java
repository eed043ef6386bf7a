// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;

/** A network whose memory was cleared takes the first step of its life, from where it is. */
class StepMemoryTest {

  private final DataSet points = Data.points(1, 12);

  /** That of AdaGrad and RmsProp begins with small numbers, that of the others with zeros. */
  @Test
  void theStateOfTheUpdaterIsThatBeforeTheFirstStep() {
    for (IUpdater updater :
        List.of(
            new Adam(0.02),
            new AMSGrad(0.02),
            new AdaGrad(0.1),
            new RmsProp(0.02),
            new Nesterovs(0.05, 0.9))) {
      MultiLayerNetwork network = Nets.mlp(b -> b.updater(updater));
      Bits first = Bits.of(network.getUpdater().getStateViewArray());
      network.fit(points);
      assertNotEquals(first, Bits.of(network.getUpdater().getStateViewArray()));
      StepMemory.clear(network);
      assertEquals(first, Bits.of(network.getUpdater().getStateViewArray()), updater.toString());
    }
  }

  @Test
  void theNextStepIsThatOfANetworkWithoutAPast() {
    ComputationGraph network = Nets.graph(b -> b.updater(new Nesterovs(0.05, 0.9)).seed(7));
    ComputationGraph fresh = network.clone();
    for (ComputationGraph graph : List.of(network, fresh)) {
      graph.getLayer("second").conf().getLayer().setIDropout(null);
    }
    network.fit(points);
    network.fit(points);
    fresh.params().assign(network.params());
    StepMemory.clear(network);
    network.fit(points);
    fresh.fit(points);
    assertEquals(Bits.of(fresh.params()), Bits.of(network.params()));
  }

  @Test
  void recurrentLayersHaveSeenNothing() {
    MultiLayerNetwork layers = Nets.lstm(BackpropType.TruncatedBPTT);
    ComputationGraph graph = Nets.lstmGraph(BackpropType.TruncatedBPTT);
    layers.rnnTimeStep(Data.sequences(1, 2, false).getFeatures());
    graph.rnnTimeStep(Data.sequences(1, 2, false).getFeatures());
    BaseRecurrentLayer<?> ofLayers = (BaseRecurrentLayer<?>) layers.getLayer(0);
    BaseRecurrentLayer<?> ofGraph = (BaseRecurrentLayer<?>) graph.getLayer("lstm");
    assertNotEquals(Map.of(), ofLayers.rnnGetPreviousState());
    assertNotEquals(Map.of(), ofGraph.rnnGetPreviousState());
    StepMemory.clear(layers);
    StepMemory.clear(graph);
    assertEquals(Map.of(), ofLayers.rnnGetPreviousState());
    assertEquals(Map.of(), ofGraph.rnnGetPreviousState());
  }

  @Test
  void aNetworkThatHasNoUpdaterYetIsLeftAlone() {
    MultiLayerNetwork network = Nets.mlp();
    Bits before = Bits.of(network.params());
    StepMemory.clear(network);
    assertEquals(before, Bits.of(network.params()));
    network.fit(points);
  }
}
