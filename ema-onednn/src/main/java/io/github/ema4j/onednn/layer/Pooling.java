// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.layer;

import static io.github.ema4j.onednn.host.Scratch.BLOCK;

import io.github.ema4j.onednn.host.Floats;
import java.util.Arrays;

/** Pooling of planes that follow each other in memory, and its gradients. */
final class Pooling {

  private final Windows windows;
  private final int planes;

  /** Planes that fit into a block together, with the windows' results. */
  private final int atOnce;

  private final float[] pictures;
  private final float[] results;
  private final int[] firstColumns;
  private final int[] endColumns;

  /**
   * Pooling of some planes.
   *
   * @param windows on each plane
   * @param planes how many, of all images and channels
   */
  Pooling(Windows windows, int planes) {
    this.windows = windows;
    this.planes = planes;
    atOnce = Math.max(1, BLOCK / Math.max(windows.plane(), windows.count()));
    pictures = new float[atOnce * windows.plane()];
    results = new float[atOnce * windows.count()];
    firstColumns = new int[windows.columns()];
    endColumns = new int[windows.columns()];
    Arrays.setAll(firstColumns, windows::firstColumn);
    Arrays.setAll(endColumns, windows::endColumn);
  }

  /** The number of windows on all planes. */
  int count() {
    return planes * windows.count();
  }

  /**
   * The greatest element of each window; of equal ones it is the first, row by row.
   *
   * @param y takes them, or null if only their places are asked for
   * @param greatest takes where in its plane it lies, for each window
   */
  void max(Floats x, Floats y, int[] greatest) {
    for (int plane = 0; plane < planes; plane += atOnce) {
      int n = Math.min(atOnce, planes - plane);
      x.read(plane * windows.plane(), pictures, n * windows.plane());
      for (int i = 0; i < n; i++) {
        max(i * windows.plane(), i * windows.count(), (plane + i) * windows.count(), greatest);
      }
      if (y != null) {
        y.write(plane * windows.count(), results, n * windows.count());
      }
    }
  }

  private void max(int picture, int result, int window, int[] greatest) {
    for (int row = 0; row < windows.rows(); row++) {
      int firstRow = windows.firstRow(row);
      int endRow = windows.endRow(row);
      for (int column = 0; column < windows.columns(); column++) {
        int endColumn = endColumns[column];
        int at = picture + firstRow * windows.width() + firstColumns[column];
        float best = pictures[at];
        for (int h = firstRow; h < endRow; h += windows.dilation()[0]) {
          int line = picture + h * windows.width();
          for (int w = firstColumns[column]; w < endColumn; w += windows.dilation()[1]) {
            float value = pictures[line + w];
            if (value > best || Float.isNaN(value)) {
              best = value;
              at = line + w;
            }
          }
        }
        results[result++] = best;
        greatest[window++] = at - picture;
      }
    }
  }

  /** The gradient of the planes, given that of the windows' greatest elements. */
  void maxGradient(int[] greatest, Floats dy, Floats dx) {
    for (int plane = 0; plane < planes; plane += atOnce) {
      int n = Math.min(atOnce, planes - plane);
      int count = windows.count();
      dy.read(plane * count, results, n * count);
      Arrays.fill(pictures, 0);
      for (int i = 0; i < n; i++) {
        for (int window = 0; window < count; window++) {
          int at = greatest[(plane + i) * count + window];
          pictures[i * windows.plane() + at] += results[i * count + window];
        }
      }
      dx.write(plane * windows.plane(), pictures, n * windows.plane());
    }
  }

  /**
   * The mean of each window.
   *
   * @param countPadding whether elements beyond the edge count as zeros, or not at all
   */
  void average(Floats x, Floats y, boolean countPadding) {
    for (int plane = 0; plane < planes; plane += atOnce) {
      int n = Math.min(atOnce, planes - plane);
      x.read(plane * windows.plane(), pictures, n * windows.plane());
      for (int i = 0; i < n; i++) {
        average(i * windows.plane(), i * windows.count(), countPadding);
      }
      y.write(plane * windows.count(), results, n * windows.count());
    }
  }

  private void average(int picture, int result, boolean countPadding) {
    for (int row = 0; row < windows.rows(); row++) {
      int firstRow = windows.firstRow(row);
      int endRow = windows.endRow(row);
      for (int column = 0; column < windows.columns(); column++) {
        float sum = 0;
        for (int h = firstRow; h < endRow; h += windows.dilation()[0]) {
          int line = picture + h * windows.width();
          for (int w = firstColumns[column]; w < endColumns[column]; w += windows.dilation()[1]) {
            sum += pictures[line + w];
          }
        }
        results[result++] = sum / divisor(firstRow, endRow, column, countPadding);
      }
    }
  }

  /** The gradient of the planes, given that of the windows' means. */
  void averageGradient(Floats dy, Floats dx, boolean countPadding) {
    for (int plane = 0; plane < planes; plane += atOnce) {
      int n = Math.min(atOnce, planes - plane);
      dy.read(plane * windows.count(), results, n * windows.count());
      Arrays.fill(pictures, 0);
      for (int i = 0; i < n; i++) {
        averageGradient(i * windows.plane(), i * windows.count(), countPadding);
      }
      dx.write(plane * windows.plane(), pictures, n * windows.plane());
    }
  }

  private void averageGradient(int picture, int result, boolean countPadding) {
    for (int row = 0; row < windows.rows(); row++) {
      int firstRow = windows.firstRow(row);
      int endRow = windows.endRow(row);
      for (int column = 0; column < windows.columns(); column++) {
        float share = results[result++] / divisor(firstRow, endRow, column, countPadding);
        for (int h = firstRow; h < endRow; h += windows.dilation()[0]) {
          int line = picture + h * windows.width();
          for (int w = firstColumns[column]; w < endColumns[column]; w += windows.dilation()[1]) {
            pictures[line + w] += share;
          }
        }
      }
    }
  }

  private int divisor(int firstRow, int endRow, int column, boolean countPadding) {
    if (countPadding) {
      return windows.kernel()[0] * windows.kernel()[1];
    }
    return steps(endRow - firstRow, windows.dilation()[0])
        * steps(endColumns[column] - firstColumns[column], windows.dilation()[1]);
  }

  private static int steps(int distance, int step) {
    return (distance + step - 1) / step;
  }
}
