// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.learning.config.Adam;

class DifferenceTest {

  private static MultiLayerConfiguration configuration(double learningRate) {
    return new NeuralNetConfiguration.Builder()
        .seed(1) // by default it is the time
        .updater(new Adam(learningRate))
        .list()
        .layer(new OutputLayer.Builder().nIn(8).nOut(2).build())
        .build();
  }

  @Test
  void aDifferenceIsToldByWhereItIs() {
    assertEquals(
        Optional.of("confs[0].layer.iUpdater.learningRate was 0.01 and is 0.02"),
        Difference.between(configuration(0.01), configuration(0.02), (of, field) -> false));
    assertEquals(
        Optional.empty(),
        Difference.between(configuration(0.01), configuration(0.01).clone(), (of, field) -> false));
    assertEquals(
        Optional.empty(),
        Difference.between(
            configuration(0.01),
            configuration(0.02),
            (of, field) -> of == Adam.class && field.getName().equals("learningRate")));
  }

  /** To {@code L2Vertex.equals}, all are the same. */
  @Test
  void fieldsThatEqualsLeavesOutCount() {
    assertEquals(
        Optional.of("eps was 0.1 and is 0.2"),
        Difference.between(new L2Vertex(0.1), new L2Vertex(0.2), (of, field) -> false));
  }
}
