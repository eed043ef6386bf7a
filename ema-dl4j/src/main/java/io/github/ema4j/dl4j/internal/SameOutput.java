// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * The last proof that a {@link Replica} asks for, where data is at hand: equal weights give equal
 * predictions. A layer of a user's own may keep what no configuration and no parameter tells.
 */
public final class SameOutput {

  /**
   * The largest difference, relative to the largest output, that rounding accounts for: a network
   * may be accelerated and its replica not.
   */
  private static final double ROUNDING = 1e-3;

  private static final double ROUNDING_OF_16_BITS = 5e-2;

  private SameOutput() {}

  /**
   * Refuses a replica that predicts otherwise. The state of the first network is left as it is.
   *
   * @param network the network
   * @param replica over the very parameters of the network
   * @param batch features and masks that fit the network
   * @throws UncopyableNetworkException if any output differs by more than rounding does
   */
  public static void require(Model network, Model replica, MultiDataSet batch) {
    INDArray[] expected;
    try (KeptState kept = KeptState.of(network)) {
      expected = outputs(network, batch);
    }
    INDArray[] found;
    try (KeptRandom kept = KeptRandom.now()) {
      found = outputs(replica, batch);
    }
    for (int i = 0; i < expected.length; i++) {
      double difference = largest(expected[i].sub(found[i]));
      if (difference > rounding(expected[i]) * largest(expected[i])) {
        throw new UncopyableNetworkException(
            "with equal weights its output %d is other by %s than that of a rebuilt network, for the same input: a layer keeps something beside its configuration and its parameters"
                .formatted(i, (float) difference));
      }
    }
  }

  private static INDArray[] outputs(Model network, MultiDataSet batch) {
    if (network instanceof MultiLayerNetwork layers) {
      return new INDArray[] {
        layers.output(
            batch.getFeatures(0), false, batch.getFeaturesMaskArray(0), batch.getLabelsMaskArray(0))
      };
    }
    return ((ComputationGraph) network)
        .output(
            false, batch.getFeatures(), batch.getFeaturesMaskArrays(), batch.getLabelsMaskArrays());
  }

  private static double rounding(INDArray output) {
    return output.dataType().width() < Float.BYTES ? ROUNDING_OF_16_BITS : ROUNDING;
  }

  private static double largest(INDArray array) {
    return array.amaxNumber().doubleValue();
  }
}
