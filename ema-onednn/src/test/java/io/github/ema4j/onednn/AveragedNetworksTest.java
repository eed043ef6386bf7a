// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.ModelEmaListener;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** Averaged weights give the same bits wherever they are: in the network, in a view or a copy. */
@Tag("every-native")
class AveragedNetworksTest {

  @ParameterizedTest
  @EnumSource
  void viewSwapAndCopyPredictTheSameBits(TestNetworks kind) {
    Model network = kind.create();
    TestNetworks.accelerate(network);
    ModelEmaListener ema = new ModelEmaListener(0.5).start(network);
    network.addListeners(ema);
    for (DataSet batch : TestNetworks.batches(4)) {
      TestNetworks.fit(network, batch);
    }
    INDArray x = TestNetworks.batch(7, 9).getFeatures();
    float[] swapped;
    try (Swap swap = ema.swap(network)) {
      swapped = predict(network, x);
    }
    if (network instanceof ComputationGraph graph) {
      ComputationGraph view = ema.averagedView(graph);
      ComputationGraph copy = ema.averagedNetwork(graph);
      OneDnn.accelerateInference(view);
      OneDnn.accelerateInference(copy);
      assertArrayEquals(swapped, predict(view, x));
      assertArrayEquals(swapped, predict(copy, x));
    } else {
      MultiLayerNetwork view = ema.averagedView((MultiLayerNetwork) network);
      MultiLayerNetwork copy = ema.averagedNetwork((MultiLayerNetwork) network);
      OneDnn.accelerateInference(view);
      OneDnn.accelerateInference(copy);
      assertArrayEquals(swapped, predict(view, x));
      assertArrayEquals(swapped, predict(copy, x));
    }
  }

  private static float[] predict(Model network, INDArray x) {
    return TestNetworks.output(network, x).dup().data().asFloat();
  }
}
