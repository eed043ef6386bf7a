// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What an evaluation replaces in a network itself is there again afterwards. */
class KeptStateTest {

  private final INDArray sequences = Data.sequences(1, 4, false).getFeatures();
  private final INDArray others = Data.sequences(2, 3, false).getFeatures();

  private static BaseRecurrentLayer<?> recurrent(MultiLayerNetwork network) {
    return (BaseRecurrentLayer<?>) network.getLayer(0);
  }

  private static Map<String, Bits> bits(Map<String, INDArray> arrays) {
    return arrays.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, e -> Bits.of(e.getValue())));
  }

  @Test
  void recurrentLayersGoOnFromWhereTheyWere() {
    MultiLayerNetwork network = Nets.lstm(BackpropType.TruncatedBPTT);
    network.rnnTimeStep(sequences);
    recurrent(network).rnnSetTBPTTState(recurrent(network).rnnGetPreviousState());
    Map<String, Bits> before = bits(recurrent(network).rnnGetPreviousState());
    try (KeptState kept = KeptState.of(network)) {
      network.rnnClearPreviousState();
      assertEquals(Map.of(), recurrent(network).rnnGetPreviousState());
      network.rnnTimeStep(others);
      assertNotEquals(before, bits(recurrent(network).rnnGetPreviousState()));
    }
    assertEquals(before, bits(recurrent(network).rnnGetPreviousState()));
    assertEquals(before, bits(recurrent(network).rnnGetTBPTTState()));
  }

  @Test
  void inputsMasksScoreAndWorkspaceModeOfLayersAreBack() {
    MultiLayerNetwork network = Nets.mlp();
    INDArray input = Data.points(1, 5).getFeatures();
    INDArray next = Data.points(2, 3).getFeatures();
    INDArray mask = Nd4j.ones(5, 1);
    network.setInput(input);
    network.getLayer(0).setInput(input, LayerWorkspaceMgr.noWorkspaces());
    network.getLayer(1).setMaskArray(mask);
    network.setScore(1.5);
    WorkspaceMode mode = network.getLayerWiseConfigurations().getTrainingWorkspaceMode();
    assertNotEquals(WorkspaceMode.NONE, mode);
    INDArray ofLayer = network.getLayer(0).input();
    try (KeptState kept = KeptState.of(network)) {
      network.setInput(next);
      network.getLayer(0).setInput(next, LayerWorkspaceMgr.noWorkspaces());
      network.getLayer(1).setMaskArray(null);
      network.setScore(9);
      network.getLayerWiseConfigurations().setTrainingWorkspaceMode(WorkspaceMode.NONE);
    }
    assertSame(input, network.getInput());
    assertSame(ofLayer, network.getLayer(0).input());
    assertSame(mask, network.getLayer(1).getMaskArray());
    assertEquals(1.5, network.score());
    assertEquals(mode, network.getLayerWiseConfigurations().getTrainingWorkspaceMode());
  }

  @Test
  void inputsScoreAndWorkspaceModeOfAGraphAreBack() {
    ComputationGraph graph = Nets.lstmGraph(BackpropType.Standard);
    graph.setInputs(sequences);
    graph.setScore(1.5);
    WorkspaceMode mode = graph.getConfiguration().getTrainingWorkspaceMode();
    try (KeptState kept = KeptState.of(graph)) {
      graph.getInputs()[0] = others; // in the array that the graph holds
      graph.setScore(9);
      graph.getConfiguration().setTrainingWorkspaceMode(WorkspaceMode.NONE);
    }
    assertSame(sequences, graph.getInputs()[0]);
    assertEquals(1.5, graph.score());
    assertEquals(mode, graph.getConfiguration().getTrainingWorkspaceMode());
  }

  @Test
  void randomNumbersGoOnAsTheyWould() {
    MultiLayerNetwork network = Nets.mlp();
    Nd4j.getRandom().setSeed(3);
    Bits expected;
    try (KeptState kept = KeptState.of(network)) {
      expected = Bits.of(Nd4j.rand(DataType.FLOAT, 20));
    }
    assertEquals(expected, Bits.of(Nd4j.rand(DataType.FLOAT, 20)));
  }
}
