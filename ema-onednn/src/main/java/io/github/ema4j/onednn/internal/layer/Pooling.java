// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import static io.github.ema4j.onednn.internal.host.Scratch.BLOCK;

import io.github.ema4j.onednn.internal.host.Floats;
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

  /** Where in its plane each window has its greatest element. */
  private final int[] places;

  /** Rows and columns of undilated windows that have two or three of both; else 0. */
  private final int square;

  /** Columns of windows, from here to the end, whose windows lie within the picture. */
  private final int firstWhole;

  private final int endWhole;

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
    places = new int[results.length];
    square = squareOf(windows);
    int column = 0;
    while (column < windows.columns() && !isWhole(column)) {
      column++;
    }
    firstWhole = column;
    while (column < windows.columns() && isWhole(column)) {
      column++;
    }
    endWhole = column;
  }

  private static int squareOf(Windows windows) {
    int[] kernel = windows.kernel();
    boolean dense = windows.dilation()[0] == 1 && windows.dilation()[1] == 1;
    boolean small = kernel[0] == 2 || kernel[0] == 3;
    return dense && small && kernel[0] == kernel[1] ? kernel[0] : 0;
  }

  private boolean isWhole(int column) {
    return endColumns[column] - firstColumns[column] == square;
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
      addZero(pictures, n * windows.plane());
      for (int i = 0; i < n; i++) {
        max(i * windows.plane(), i * windows.count());
      }
      System.arraycopy(places, 0, greatest, plane * windows.count(), n * windows.count());
      if (y != null) {
        y.write(plane * windows.count(), results, n * windows.count());
      }
    }
  }

  private void max(int picture, int result) {
    for (int row = 0; row < windows.rows(); row++, result += windows.columns()) {
      int firstRow = windows.firstRow(row);
      int endRow = windows.endRow(row);
      boolean whole = endRow - firstRow == square;
      int from = whole ? firstWhole : 0;
      int to = whole ? endWhole : 0;
      int line = firstRow * windows.width();
      maxOfAny(picture, firstRow, endRow, 0, from, result);
      if (square == 2) {
        maxOf4(picture, line, from, to, result);
      } else if (square == 3) {
        maxOf9(picture, line, from, to, result);
      }
      maxOfAny(picture, firstRow, endRow, to, windows.columns(), result);
    }
  }

  // All look for the greatest value first and then for its place, without a branch, which the
  // processor would guess wrongly half of the time.

  /** Windows of any size, and those that are cut off at an edge. */
  private void maxOfAny(
      int picture, int firstRow, int endRow, int fromColumn, int toColumn, int result) {
    float[] x = pictures;
    int width = windows.width();
    int down = windows.dilation()[0];
    int right = windows.dilation()[1];
    int lastRow = lastOf(firstRow, endRow, down);
    for (int column = fromColumn; column < toColumn; column++) {
      int first = firstColumns[column];
      int last = lastOf(first, endColumns[column], right);
      float best = Float.NEGATIVE_INFINITY;
      for (int h = firstRow; h <= lastRow; h += down) {
        for (int w = first; w <= last; w += right) {
          best = Math.max(best, x[picture + h * width + w]);
        }
      }
      int at = firstRow * width + first;
      for (int h = lastRow; h >= firstRow; h -= down) {
        for (int w = last; w >= first; w -= right) {
          int here = h * width + w;
          at = here ^ ((here ^ at) & onesUnlessSame(x[picture + here], best));
        }
      }
      results[result + column] = best;
      places[result + column] = at;
    }
  }

  private static int lastOf(int first, int end, int step) {
    return first + (end - first - 1) / step * step;
  }

  private void maxOf4(int picture, int line, int fromColumn, int toColumn, int result) {
    float[] x = pictures;
    int width = windows.width();
    int step = windows.stride()[1];
    int a = picture + line + fromColumn * step - windows.padding()[1];
    for (int column = fromColumn; column < toColumn; column++, a += step) {
      int b = a + width;
      float inA = Math.max(x[a], x[a + 1]);
      float best = Math.max(inA, Math.max(x[b], x[b + 1]));
      int row = a + (onesUnlessSame(inA, best) & width);
      results[result + column] = best;
      places[result + column] = row + (onesUnlessSame(x[row], best) & 1) - picture;
    }
  }

  private void maxOf9(int picture, int line, int fromColumn, int toColumn, int result) {
    float[] x = pictures;
    int width = windows.width();
    int step = windows.stride()[1];
    int a = picture + line + fromColumn * step - windows.padding()[1];
    for (int column = fromColumn; column < toColumn; column++, a += step) {
      int b = a + width;
      int c = b + width;
      float inA = Math.max(Math.max(x[a], x[a + 1]), x[a + 2]);
      float inB = Math.max(Math.max(x[b], x[b + 1]), x[b + 2]);
      float inC = Math.max(Math.max(x[c], x[c + 1]), x[c + 2]);
      float best = Math.max(Math.max(inA, inB), inC);
      int notA = onesUnlessSame(inA, best);
      int row = a + (notA & width) + (notA & onesUnlessSame(inB, best) & width);
      int notFirst = onesUnlessSame(x[row], best);
      int notSecond = onesUnlessSame(x[row + 1], best);
      results[result + column] = best;
      places[result + column] = row + (notFirst & 1) + (notFirst & notSecond & 1) - picture;
    }
  }

  /** 0 if two numbers are the same bits, or else -1. */
  private static int onesUnlessSame(float one, float other) {
    int difference = Float.floatToRawIntBits(one) ^ Float.floatToRawIntBits(other);
    return (difference | -difference) >> 31;
  }

  /** Of the zeros, only the positive one stays, so that equal numbers are the same bits. */
  private static void addZero(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] += 0f;
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
