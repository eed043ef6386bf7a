// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Accelerated convolutions against Deeplearning4j's own, in double precision. */
@WithOneDnn
class ConvolutionGridTest {

  private static final int[][] KERNELS = {
    {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {7, 7}, {1, 3}, {3, 2}
  };
  private static final int[][] STRIDES = {{1, 1}, {2, 2}, {3, 3}, {2, 1}};
  private static final int[][] CHANNELS = {{1, 1}, {1, 5}, {3, 16}, {17, 4}, {16, 32}, {2, 3}};
  private static final int[][] SIZES = {{8, 8}, {9, 7}, {7, 12}, {16, 16}};

  @Test
  void everyShapeGivesOutputAndGradientsOfDeeplearning4j() {
    int n = 0;
    for (int[] kernel : KERNELS) {
      for (int[] stride : STRIDES) {
        for (int padding = 0; padding <= 3; padding++) {
          boolean same = padding == 3;
          if (same
              ? kernel[0] < stride[0] || kernel[1] < stride[1]
              : padding >= Math.min(kernel[0], kernel[1])) {
            continue;
          }
          for (boolean bias : new boolean[] {true, false}) {
            int[] channels = CHANNELS[n % CHANNELS.length];
            int[] size = SIZES[n / 2 % SIZES.length];
            Strides xStrides = Strides.nth(n);
            Strides dyStrides = Strides.nth(n / 5);
            ConvolutionMode mode = same ? ConvolutionMode.Same : ConvolutionMode.Truncate;
            ConvolutionLayer layer =
                new ConvolutionLayer.Builder(kernel)
                    .stride(stride)
                    .padding(same ? 0 : padding, same ? 0 : padding)
                    .nOut(channels[1])
                    .hasBias(bias)
                    .build();
            String name =
                String.format(
                    "kernel %d x %d, stride %d x %d, padding %s, %s, channels %d to %d,"
                        + " size %d x %d, %s, %s",
                    kernel[0],
                    kernel[1],
                    stride[0],
                    stride[1],
                    same ? "same" : padding,
                    bias ? "bias" : "no bias",
                    channels[0],
                    channels[1],
                    size[0],
                    size[1],
                    xStrides,
                    dyStrides);
            InputType type = InputType.convolutional(size[0], size[1], channels[0]);
            LayerTwin twin = LayerTwin.of(name, layer, mode, type).accelerated();
            for (int batch : new int[] {3, 1, 4}) {
              twin.compare(
                  Nd4j.randn(DataType.FLOAT, batch, channels[0], size[0], size[1]),
                  xStrides,
                  dyStrides);
            }
            n++;
          }
        }
      }
    }
  }

  @Test
  void everyActivationFunctionFollowsTheConvolution() {
    for (Activation activation :
        new Activation[] {
          Activation.RELU,
          Activation.RELU6,
          Activation.LEAKYRELU,
          Activation.TANH,
          Activation.SIGMOID,
          Activation.ELU,
          Activation.SWISH
        }) {
      ConvolutionLayer layer =
          new ConvolutionLayer.Builder(3, 3).nOut(8).activation(activation).build();
      LayerTwin twin =
          LayerTwin.of(
                  activation.name(),
                  layer,
                  ConvolutionMode.Truncate,
                  InputType.convolutional(9, 9, 4))
              .accelerated();
      for (Strides strides : Strides.values()) {
        twin.compare(Nd4j.randn(DataType.FLOAT, 5, 4, 9, 9), strides, strides);
      }
    }
  }

  /** Where output is small and weights are many, patches are multiplied. */
  @Test
  void outputsOfFewElementsAndManyChannelsAreThoseOfDeeplearning4j() {
    int n = 0;
    for (int size : new int[] {1, 2, 3, 5}) {
      for (int kernel : new int[] {1, 2, 3}) {
        for (int stride : new int[] {1, 2}) {
          for (boolean bias : new boolean[] {true, false}) {
            boolean same = kernel >= stride && n % 2 == 0;
            if (!same && kernel > size) {
              continue;
            }
            ConvolutionLayer layer =
                new ConvolutionLayer.Builder(kernel, kernel)
                    .stride(stride, stride)
                    .nOut(150)
                    .hasBias(bias)
                    .build();
            String name =
                String.format(
                    "size %d, kernel %d, stride %d, %s, bias %b", size, kernel, stride, same, bias);
            LayerTwin twin =
                LayerTwin.of(
                        name,
                        layer,
                        same ? ConvolutionMode.Same : ConvolutionMode.Truncate,
                        InputType.convolutional(size, size, 40))
                    .accelerated();
            for (int batch : new int[] {3, 1, 7}) {
              twin.compare(
                  Nd4j.randn(DataType.FLOAT, batch, 40, size, size),
                  Strides.nth(n),
                  Strides.nth(n / 5));
              n++;
            }
          }
        }
      }
    }
  }

  /**
   * The gradient of a weight is a sum over all windows of a batch, which oneDNN adds up in single
   * precision: its error grows with the root of their number. Large enough for all its algorithms.
   */
  @Test
  void errorsOfLargeBatchesGrowNoFasterThanTheRootOfTheirWindows() {
    for (int[] shape : new int[][] {{64, 16, 32, 14}, {32, 64, 64, 8}, {64, 20, 48, 12}}) {
      ConvolutionLayer layer =
          new ConvolutionLayer.Builder(3, 3).padding(1, 1).nOut(shape[2]).build();
      LayerTwin twin =
          LayerTwin.of(
                  java.util.Arrays.toString(shape),
                  layer,
                  ConvolutionMode.Truncate,
                  InputType.convolutional(shape[3], shape[3], shape[1]))
              .accelerated();
      double windows = shape[0] * shape[3] * shape[3];
      twin.within(LayerTwin.LIMIT * Math.max(1, Math.sqrt(windows / 1000)))
          .compare(
              Nd4j.randn(DataType.FLOAT, shape[0], shape[1], shape[3], shape[3]),
              Strides.C,
              Strides.C);
    }
  }

  @Test
  void inputOfAnotherDataTypeIsConverted() {
    LayerTwin twin =
        LayerTwin.of(
                "bytes",
                new ConvolutionLayer.Builder(3, 3).nOut(4).activation(Activation.RELU).build(),
                ConvolutionMode.Truncate,
                InputType.convolutional(9, 9, 3))
            .accelerated();
    for (DataType type : new DataType[] {DataType.UBYTE, DataType.INT, DataType.DOUBLE}) {
      twin.compare(
          Nd4j.rand(DataType.FLOAT, 5, 3, 9, 9).muli(9).castTo(type), Strides.C, Strides.C);
    }
  }
}
