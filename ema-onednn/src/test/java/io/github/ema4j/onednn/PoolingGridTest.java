// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Pooling in Java against Deeplearning4j's own, in double precision. */
class PoolingGridTest {

  private static final int[][] KERNELS = {{1, 1}, {2, 2}, {3, 3}, {5, 4}, {1, 3}};
  private static final int[][] STRIDES = {{1, 1}, {2, 2}, {3, 3}, {2, 1}};
  private static final int[][] SIZES = {{8, 8}, {9, 7}, {7, 12}};

  @Test
  void everyShapeGivesOutputAndGradientsOfDeeplearning4j() {
    int n = 0;
    for (PoolingType type : new PoolingType[] {PoolingType.MAX, PoolingType.AVG}) {
      for (boolean countPadding : new boolean[] {false, true}) {
        for (int[] kernel : KERNELS) {
          for (int[] stride : STRIDES) {
            for (int dilation = 1; dilation <= 2; dilation++) {
              for (int padding = 0; padding <= 3; padding++) {
                if (fits(kernel, stride, dilation, padding)) {
                  int[] size = SIZES[n % SIZES.length];
                  compare(type, countPadding, kernel, stride, dilation, padding, size, n++);
                }
              }
            }
          }
        }
      }
    }
  }

  private static boolean fits(int[] kernel, int[] stride, int dilation, int padding) {
    boolean same = padding == 3;
    return same
        ? kernel[0] >= stride[0] && kernel[1] >= stride[1]
        : padding <= (Math.min(kernel[0], kernel[1]) - 1) * dilation
            && (kernel[0] - 1) * dilation < 7 + padding;
  }

  private static void compare(
      PoolingType type,
      boolean countPadding,
      int[] kernel,
      int[] stride,
      int dilation,
      int padding,
      int[] size,
      int n) {
    boolean same = padding == 3;
    Strides xStrides = Strides.nth(n);
    Strides dyStrides = Strides.nth(n / 5);
    SubsamplingLayer layer =
        new SubsamplingLayer.Builder(type)
            .kernelSize(kernel)
            .stride(stride)
            .padding(same ? 0 : padding, same ? 0 : padding)
            .dilation(dilation, dilation)
            .avgPoolIncludePadInDivisor(countPadding)
            .build();
    String name =
        String.format(
            "%s%s, kernel %d x %d, stride %d x %d, dilation %d, padding %s, size %d x %d, %s, %s",
            type,
            countPadding ? " counting padding" : "",
            kernel[0],
            kernel[1],
            stride[0],
            stride[1],
            dilation,
            same ? "same" : padding,
            size[0],
            size[1],
            xStrides,
            dyStrides);
    LayerTwin twin =
        LayerTwin.of(
                name,
                layer,
                same ? ConvolutionMode.Same : ConvolutionMode.Truncate,
                InputType.convolutional(size[0], size[1], 5))
            .accelerated();
    for (int batch : new int[] {3, 1, 4}) {
      INDArray x = Nd4j.randn(DataType.FLOAT, batch, 5, size[0], size[1]);
      twin.compare(x, xStrides, dyStrides);
    }
  }

  @Test
  void ofEqualElementsTheFirstIsTheGreatest() {
    SubsamplingLayer layer =
        new SubsamplingLayer.Builder(PoolingType.MAX).kernelSize(3, 3).stride(2, 2).build();
    LayerTwin twin =
        LayerTwin.of("ties", layer, ConvolutionMode.Truncate, InputType.convolutional(9, 9, 4))
            .accelerated();
    INDArray few = Nd4j.randn(DataType.FLOAT, 6, 4, 9, 9);
    twin.compare(org.nd4j.linalg.ops.transforms.Transforms.round(few), Strides.C, Strides.C);
    twin.compare(Nd4j.zeros(DataType.FLOAT, 6, 4, 9, 9), Strides.C, Strides.C);
  }

  @Test
  void planesLargerThanABlockArePooled() {
    SubsamplingLayer layer =
        new SubsamplingLayer.Builder(PoolingType.MAX).kernelSize(3, 3).stride(2, 2).build();
    LayerTwin twin =
        LayerTwin.of("large", layer, ConvolutionMode.Same, InputType.convolutional(90, 70, 2))
            .accelerated();
    twin.compare(Nd4j.randn(DataType.FLOAT, 2, 2, 90, 70), Strides.C, Strides.F);
  }
}
