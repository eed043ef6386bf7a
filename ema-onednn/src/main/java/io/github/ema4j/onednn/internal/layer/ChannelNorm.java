// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import static io.github.ema4j.onednn.internal.host.Scratch.BLOCK;

import io.github.ema4j.onednn.internal.host.Floats;
import io.github.ema4j.onednn.internal.host.Scratch;
import java.util.Arrays;

/**
 * Batch normalisation of arrays {@code [n, c, h, w]} or {@code [n, c]}, per channel: {@code y = (x
 * - mean) · gamma / sqrt(variance + epsilon) + beta} and its gradients (S. Ioffe and C. Szegedy, <a
 * href="https://arxiv.org/abs/1502.03167">Batch Normalization</a>, 2015, section 3).
 *
 * <p>Works on one group of channels after the other, as many as fit into a block, so that several
 * passes over a group find it in the cache. Sums run over the images, element by element, which the
 * compiler vectorises whatever the size of a channel; every few images they go into sums of double
 * precision. The mean is subtracted before anything is multiplied, and an element before the mean
 * is known: means that are much larger than deviations cost no digits.
 */
final class ChannelNorm {

  /** Images whose elements are added in single precision. */
  private static final int SINGLE = 16;

  private final int images;
  private final int channels;
  private final int plane;

  ChannelNorm(long[] shape) {
    images = Math.toIntExact(shape[0]);
    channels = Math.toIntExact(shape[1]);
    plane = shape.length == 2 ? 1 : Math.toIntExact(shape[2] * shape[3]);
  }

  /** Mean and variance (with divisor n) of a batch, per channel. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Moments(double[] mean, double[] variance) {}

  /** Normalises a batch by its own moments, and returns them. */
  Moments normalizeBatch(Floats x, float[] gamma, float[] beta, double epsilon, Floats y) {
    Moments moments = new Moments(new double[channels], new double[channels]);
    for (Group group = new Group(); group.isLeft(); group.next()) {
      group.mean(x, moments.mean);
      group.variance(x, moments.mean, moments.variance);
      group.normalize(x, moments, gamma, beta, epsilon, y);
    }
    return moments;
  }

  /** Normalises by given moments. */
  void normalize(Floats x, Moments moments, float[] gamma, float[] beta, double epsilon, Floats y) {
    for (Group group = new Group(); group.isLeft(); group.next()) {
      group.normalize(x, moments, gamma, beta, epsilon, y);
    }
  }

  /**
   * The gradients of what {@link #normalizeBatch} computed.
   *
   * @param dy gradient of the output
   * @param dx takes the gradient of the input
   * @param dGamma takes the gradient of gamma
   * @param dBeta takes the gradient of beta
   */
  void gradients(
      Floats x,
      Floats dy,
      Moments moments,
      float[] gamma,
      double epsilon,
      Floats dx,
      float[] dGamma,
      float[] dBeta) {
    for (Group group = new Group(); group.isLeft(); group.next()) {
      group.gradients(x, dy, moments, gamma, epsilon, dx, dGamma, dBeta);
    }
  }

  /** Some channels that follow each other: all that fit into a block, or one in several pieces. */
  private final class Group {
    private final float[][] blocks = Scratch.blocks();
    private final int most = Math.max(1, BLOCK / plane);
    private final double count = (double) images * plane;
    private int first;
    private int size = Math.min(most, channels);

    boolean isLeft() {
      return first < channels;
    }

    void next() {
      first += size;
      size = Math.min(most, channels - first);
    }

    private int length() {
      return size * plane;
    }

    private int at(int image, int offset) {
      return (image * channels + first) * plane + offset;
    }

    private int pieceAt(int offset) {
      return Math.min(BLOCK, length() - offset);
    }

    void mean(Floats x, double[] mean) {
      float[] in = blocks[0];
      float[] sums = blocks[1];
      float[] pivots = blocks[2];
      float[] pivot = new float[1];
      for (int k = first; k < first + size; k++) {
        x.read(k * plane, pivot, 1);
        fill(pivots, k, pivot[0]);
      }
      Arrays.fill(mean, first, first + size, 0);
      for (int offset = 0; offset < length(); offset += BLOCK) {
        int piece = pieceAt(offset);
        for (int image = 0; image < images; image++) {
          x.read(at(image, offset), in, piece);
          if (image % SINGLE == 0) {
            Arrays.fill(sums, 0, piece, 0);
          }
          addDifferences(sums, in, pivots, piece);
          if (image % SINGLE == SINGLE - 1 || image == images - 1) {
            collect(sums, piece, mean);
          }
        }
      }
      for (int k = first; k < first + size; k++) {
        mean[k] = pivots[(k - first) * plane] + mean[k] / count;
      }
    }

    void variance(Floats x, double[] mean, double[] variance) {
      float[] in = blocks[0];
      float[] sums = blocks[1];
      float[] means = spread(mean, blocks[2]);
      Arrays.fill(variance, first, first + size, 0);
      for (int offset = 0; offset < length(); offset += BLOCK) {
        int piece = pieceAt(offset);
        for (int image = 0; image < images; image++) {
          x.read(at(image, offset), in, piece);
          if (image % SINGLE == 0) {
            Arrays.fill(sums, 0, piece, 0);
          }
          addSquares(sums, in, means, piece);
          if (image % SINGLE == SINGLE - 1 || image == images - 1) {
            collect(sums, piece, variance);
          }
        }
      }
      for (int k = first; k < first + size; k++) {
        variance[k] = Math.max(0, variance[k] / count - square(lost(mean[k])));
      }
    }

    void normalize(
        Floats x, Moments moments, float[] gamma, float[] beta, double epsilon, Floats y) {
      float[] in = blocks[0];
      float[] means = spread(moments.mean, blocks[2]);
      float[] scales = blocks[3];
      float[] shifts = blocks[4];
      for (int k = first; k < first + size; k++) {
        double scale = gamma[k] / Math.sqrt(moments.variance[k] + epsilon);
        fill(scales, k, scale);
        fill(shifts, k, beta[k] - lost(moments.mean[k]) * scale);
      }
      for (int image = 0; image < images; image++) {
        for (int offset = 0; offset < length(); offset += BLOCK) {
          int piece = pieceAt(offset);
          x.read(at(image, offset), in, piece);
          affine(in, means, scales, shifts, piece);
          y.write(at(image, offset), in, piece);
        }
      }
    }

    void gradients(
        Floats x,
        Floats dy,
        Moments moments,
        float[] gamma,
        double epsilon,
        Floats dx,
        float[] dGamma,
        float[] dBeta) {
      float[] in = blocks[0];
      float[] out = blocks[1];
      float[] means = spread(moments.mean, blocks[2]);
      float[] sums = blocks[3];
      float[] products = blocks[4];
      double[] sum = new double[channels];
      double[] product = new double[channels];
      for (int offset = 0; offset < length(); offset += BLOCK) {
        int piece = pieceAt(offset);
        for (int image = 0; image < images; image++) {
          x.read(at(image, offset), in, piece);
          dy.read(at(image, offset), out, piece);
          if (image % SINGLE == 0) {
            Arrays.fill(sums, 0, piece, 0);
            Arrays.fill(products, 0, piece, 0);
          }
          add(sums, out, piece);
          addProducts(products, in, means, out, piece);
          if (image % SINGLE == SINGLE - 1 || image == images - 1) {
            collect(sums, piece, sum);
            collect(products, piece, product);
          }
        }
      }
      float[] meanGradients = blocks[5];
      float[] slopes = blocks[6];
      float[] scales = blocks[7];
      for (int k = first; k < first + size; k++) {
        double lost = lost(moments.mean[k]);
        double inverse = 1 / Math.sqrt(moments.variance[k] + epsilon);
        double covariance = (product[k] - lost * sum[k]) / count;
        double slope = covariance * square(inverse);
        dGamma[k] = (float) (covariance * inverse * count);
        dBeta[k] = (float) sum[k];
        fill(meanGradients, k, sum[k] / count - lost * slope);
        fill(scales, k, gamma[k] * inverse);
        fill(slopes, k, gamma[k] * inverse * slope);
      }
      for (int image = 0; image < images; image++) {
        for (int offset = 0; offset < length(); offset += BLOCK) {
          int piece = pieceAt(offset);
          x.read(at(image, offset), in, piece);
          dy.read(at(image, offset), out, piece);
          gradient(out, in, means, meanGradients, scales, slopes, piece);
          dx.write(at(image, offset), out, piece);
        }
      }
    }

    /** Adds sums of elements to the sums of their channels. */
    private void collect(float[] sums, int piece, double[] to) {
      for (int from = 0, k = first; from < piece; from += plane, k++) {
        double sum = 0;
        for (int i = from; i < Math.min(from + plane, piece); i++) {
          sum += sums[i];
        }
        to[k] += sum;
      }
    }

    private float[] spread(double[] values, float[] to) {
      for (int k = first; k < first + size; k++) {
        fill(to, k, values[k]);
      }
      return to;
    }

    /** Gives all elements of a channel that a block holds one value. */
    private void fill(float[] block, int k, double value) {
      int from = (k - first) * plane;
      Arrays.fill(block, from, Math.min(from + plane, BLOCK), (float) value);
    }
  }

  /** What a mean loses when elements of single precision are compared with it. */
  private static double lost(double mean) {
    return mean - (float) mean;
  }

  private static double square(double x) {
    return x * x;
  }

  // Small methods of their own: each is one loop that the compiler vectorises.

  private static void add(float[] sums, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] += x[i];
    }
  }

  private static void addDifferences(float[] sums, float[] x, float[] pivot, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] += x[i] - pivot[i];
    }
  }

  private static void addSquares(float[] sums, float[] x, float[] mean, int n) {
    for (int i = 0; i < n; i++) {
      float d = x[i] - mean[i];
      sums[i] += d * d;
    }
  }

  private static void addProducts(float[] sums, float[] x, float[] mean, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] += (x[i] - mean[i]) * y[i];
    }
  }

  private static void affine(float[] x, float[] mean, float[] scale, float[] shift, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = (x[i] - mean[i]) * scale[i] + shift[i];
    }
  }

  private static void gradient(
      float[] dy, float[] x, float[] mean, float[] dMean, float[] scale, float[] slope, int n) {
    for (int i = 0; i < n; i++) {
      dy[i] = (dy[i] - dMean[i]) * scale[i] - (x[i] - mean[i]) * slope[i];
    }
  }
}
