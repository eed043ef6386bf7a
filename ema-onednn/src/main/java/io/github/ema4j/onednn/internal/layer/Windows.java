// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.util.ConvolutionUtils;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How windows lie on a picture: row {@code oh} of them begins at row {@code oh · stride - padding},
 * and the elements of a window are {@code dilation} apart.
 *
 * @param height of the picture
 * @param width of the picture
 * @param kernel rows and columns of a window
 * @param stride down and to the right
 * @param padding above and to the left
 * @param dilation down and to the right
 * @param rows of windows
 * @param columns of windows
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
record Windows(
    int height,
    int width,
    int[] kernel,
    int[] stride,
    int[] padding,
    int[] dilation,
    int rows,
    int columns) {

  /**
   * The windows of a layer on its input.
   *
   * @param x {@code [n, c, height, width]}
   * @param padding as configured; mode SAME has its own
   * @throws org.deeplearning4j.exception.DL4JInvalidConfigException if they do not fit
   */
  static Windows of(
      INDArray x, int[] kernel, int[] stride, int[] padding, int[] dilation, ConvolutionMode mode) {
    boolean same = mode == ConvolutionMode.Same;
    int[] in = {(int) x.size(2), (int) x.size(3)};
    int[] out =
        ConvolutionUtils.getOutputSize(
            x, kernel, stride, same ? null : padding, mode, dilation, CNN2DFormat.NCHW);
    int[] before =
        same
            ? ConvolutionUtils.getSameModeTopLeftPadding(out, in, kernel, stride, dilation)
            : padding;
    return new Windows(in[0], in[1], kernel, stride, before, dilation, out[0], out[1]);
  }

  /** Elements of a picture. */
  int plane() {
    return height * width;
  }

  /** The number of windows. */
  int count() {
    return rows * columns;
  }

  /** The first row of a window's rows that lies within the picture. */
  int firstRow(int row) {
    return firstInside(row * stride[0] - padding[0], dilation[0]);
  }

  /** The first row beyond those of a window that lie within the picture. */
  int endRow(int row) {
    return endInside(row * stride[0] - padding[0], kernel[0], dilation[0], height);
  }

  /** The first column of a window's columns that lies within the picture. */
  int firstColumn(int column) {
    return firstInside(column * stride[1] - padding[1], dilation[1]);
  }

  /** The first column beyond those of a window that lie within the picture. */
  int endColumn(int column) {
    return endInside(column * stride[1] - padding[1], kernel[1], dilation[1], width);
  }

  private static int firstInside(int start, int dilation) {
    return start >= 0 ? start : start + (-start + dilation - 1) / dilation * dilation;
  }

  private static int endInside(int start, int kernel, int dilation, int size) {
    return Math.min(start + (kernel - 1) * dilation + 1, size);
  }
}
