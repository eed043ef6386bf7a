// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Dense layers against Deeplearning4j's own, in double precision. */
class DenseGridTest {

  @Test
  void everyShapeGivesOutputAndGradientsOfDeeplearning4j() {
    int n = 0;
    for (int[] size : new int[][] {{1, 1}, {1, 7}, {7, 1}, {5, 3}, {64, 33}, {300, 100}}) {
      for (boolean bias : new boolean[] {true, false}) {
        for (Activation activation :
            new Activation[] {
              Activation.IDENTITY, Activation.RELU, Activation.RELU6, Activation.SIGMOID
            }) {
          DenseLayer layer =
              new DenseLayer.Builder().nOut(size[1]).hasBias(bias).activation(activation).build();
          String name = size[0] + " to " + size[1] + ", bias " + bias + ", " + activation;
          LayerTwin twin =
              LayerTwin.of(name, layer, ConvolutionMode.Truncate, InputType.feedForward(size[0]))
                  .accelerated();
          for (int batch : new int[] {3, 1, 40}) {
            Strides[] all = Strides.values();
            twin.compare(Nd4j.randn(DataType.FLOAT, batch, size[0]), all[n % 5], all[n / 5 % 5]);
            n++;
          }
        }
      }
    }
  }
}
