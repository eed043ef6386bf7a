// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import io.github.ema4j.onednn.internal.host.Floats;
import java.util.Arrays;

/**
 * The windows on pictures of several channels as rows of a matrix: a row has the elements of one
 * window, {@code [channel, row, column]}, with zeros beyond the edge; the rows of a picture follow
 * each other as its windows do, {@code [row, column]}.
 */
final class Patches {

  private final Windows windows;
  private final int channels;
  private final float[] picture;

  /** The rows of one row of windows. */
  private final float[] rows;

  Patches(Windows windows, int channels) {
    this.windows = windows;
    this.channels = channels;
    picture = new float[channels * windows.plane()];
    rows = new float[windows.columns() * size()];
  }

  /** Elements of a row. */
  int size() {
    return channels * windows.kernel()[0] * windows.kernel()[1];
  }

  /** Writes the rows of one image to the place of the image {@code to}. */
  void take(Floats x, int image, Floats matrix, int to) {
    x.read(image * picture.length, picture, picture.length);
    for (int row = 0; row < windows.rows(); row++) {
      takeRow(row);
      matrix.write((to * windows.rows() + row) * rows.length, rows, rows.length);
    }
  }

  private void takeRow(int row) {
    int kernelHeight = windows.kernel()[0];
    int kernelWidth = windows.kernel()[1];
    int stepRight = windows.dilation()[1];
    int to = 0;
    for (int column = 0; column < windows.columns(); column++) {
      int left = column * windows.stride()[1] - windows.padding()[1];
      for (int channel = 0; channel < channels; channel++) {
        for (int kh = 0; kh < kernelHeight; kh++, to += kernelWidth) {
          int h = rowOf(row, kh);
          if (h < 0 || h >= windows.height()) {
            Arrays.fill(rows, to, to + kernelWidth, 0);
            continue;
          }
          int from = channel * windows.plane() + h * windows.width();
          for (int kw = 0; kw < kernelWidth; kw++) {
            int w = left + kw * stepRight;
            rows[to + kw] = w < 0 || w >= windows.width() ? 0 : picture[from + w];
          }
        }
      }
    }
  }

  /** Writes an image each of whose elements is the sum of what its windows' rows have for it. */
  void putBack(Floats matrix, int image, Floats x) {
    Arrays.fill(picture, 0);
    for (int row = 0; row < windows.rows(); row++) {
      matrix.read((image * windows.rows() + row) * rows.length, rows, rows.length);
      putBackRow(row);
    }
    x.write(image * picture.length, picture, picture.length);
  }

  private void putBackRow(int row) {
    int kernelHeight = windows.kernel()[0];
    int kernelWidth = windows.kernel()[1];
    int stepRight = windows.dilation()[1];
    int from = 0;
    for (int column = 0; column < windows.columns(); column++) {
      int left = column * windows.stride()[1] - windows.padding()[1];
      for (int channel = 0; channel < channels; channel++) {
        for (int kh = 0; kh < kernelHeight; kh++, from += kernelWidth) {
          int h = rowOf(row, kh);
          if (h < 0 || h >= windows.height()) {
            continue;
          }
          int to = channel * windows.plane() + h * windows.width();
          for (int kw = 0; kw < kernelWidth; kw++) {
            int w = left + kw * stepRight;
            if (w >= 0 && w < windows.width()) {
              picture[to + w] += rows[from + kw];
            }
          }
        }
      }
    }
  }

  private int rowOf(int row, int kh) {
    return row * windows.stride()[0] - windows.padding()[0] + kh * windows.dilation()[0];
  }
}
