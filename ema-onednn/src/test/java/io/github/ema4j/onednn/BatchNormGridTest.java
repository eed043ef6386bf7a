// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Batch norm in Java against Deeplearning4j's own, in double precision. */
@Tag("every-native")
class BatchNormGridTest {

  /** Channels, height, width: single elements, small planes, and those larger than a block. */
  private static final int[][] SHAPES = {
    {1, 1, 1}, {7, 1, 1}, {3, 5, 4}, {64, 8, 8}, {960, 2, 2}, {5, 33, 31}, {2, 80, 90}
  };

  @Test
  void everyShapeGivesOutputAndGradientsOfDeeplearning4j() {
    int n = 0;
    for (boolean logarithm : new boolean[] {true, false}) {
      for (int[] shape : SHAPES) {
        BatchNormalization layer =
            new BatchNormalization.Builder().useLogStd(logarithm).decay(0.9).build();
        LayerTwin twin =
            LayerTwin.of(
                    shape[0] + " x " + shape[1] + " x " + shape[2] + ", logarithm " + logarithm,
                    layer,
                    ConvolutionMode.Truncate,
                    InputType.convolutional(shape[1], shape[2], shape[0]))
                .accelerated();
        for (int batch : new int[] {6, 5, 40}) {
          INDArray x = Nd4j.randn(DataType.FLOAT, batch, shape[0], shape[1], shape[2]);
          twin.compare(x, Strides.nth(n), Strides.nth(n / 5));
          n++;
        }
      }
    }
  }

  @Test
  void outputsOfDenseLayersAreNormalised() {
    for (int features : new int[] {1, 30, 5000}) {
      LayerTwin twin =
          LayerTwin.of(
                  "features " + features,
                  new BatchNormalization(),
                  ConvolutionMode.Truncate,
                  InputType.feedForward(features))
              .accelerated();
      for (int batch : new int[] {6, 5, 40}) {
        twin.compare(Nd4j.randn(DataType.FLOAT, batch, features), Strides.F, Strides.C);
      }
    }
  }

  @Test
  void meansMuchLargerThanDeviationsCostNoDigits() {
    LayerTwin twin =
        LayerTwin.of(
                "far from zero",
                new BatchNormalization(),
                ConvolutionMode.Truncate,
                InputType.convolutional(9, 8, 6))
            .accelerated();
    INDArray x = Nd4j.randn(DataType.FLOAT, 20, 6, 9, 8);
    twin.compare(x.add(1000), Strides.C, Strides.C);
    twin.compare(x.mul(1e-3).addi(10), Strides.C, Strides.C);
  }
}
