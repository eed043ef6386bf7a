// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import static org.deeplearning4j.nn.workspace.ArrayType.BP_WORKING_MEM;
import static org.deeplearning4j.nn.workspace.ArrayType.FF_WORKING_MEM;

import io.github.ema4j.onednn.internal.host.Floats;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A convolution as a product of matrices: its weights times the {@linkplain Patches patches} of its
 * input. That is faster than oneDNN in two cases:
 *
 * <ul>
 *   <li>Output is small and weights are many: oneDNN copies weights and their gradients into
 *       layouts of its own and back at each step, which takes longer than to multiply them.
 *   <li>The gradient of the input is not wanted: ND4J's operation for oneDNN always computes it,
 *       and that of pictures of few channels is the slowest of all.
 * </ul>
 *
 * <p>Matrices of activations have a row per channel and in it the windows of all images.
 */
final class PatchConvolution {

  /** Windows whose patches are multiplied at once where there are many. */
  private static final int WINDOWS_AT_ONCE = 4096;

  private final Windows windows;
  private final LayerWorkspaceMgr workspaces;

  PatchConvolution(Windows windows, LayerWorkspaceMgr workspaces) {
    this.windows = windows;
    this.workspaces = workspaces;
  }

  /** Whether output is small enough, compared with weights. */
  static boolean isFaster(Windows windows, INDArray x, INDArray weights) {
    return x.size(0) * windows.count() <= weights.size(0) / 2;
  }

  /** Computes z from x, weights, and a bias or null. */
  void forward(INDArray x, INDArray weights, INDArray bias, INDArray z) {
    int images = (int) x.size(0);
    INDArray patches = patches(x, 0, images, FF_WORKING_MEM);
    INDArray product = matrix(weights.size(0), images, FF_WORKING_MEM);
    Nd4j.gemm(flat(weights), patches, product, false, true, 1, 0);
    spread(Floats.of(product), bias == null ? null : Floats.copy(bias), images, Floats.of(z));
  }

  /** Computes the gradients of x, weights, and a bias or null from that of z. */
  void backward(
      INDArray x, INDArray weights, INDArray dz, INDArray dx, INDArray dWeights, INDArray dBias) {
    int images = (int) x.size(0);
    INDArray gradient = matrix(weights.size(0), images, BP_WORKING_MEM);
    float[] sums = new float[(int) weights.size(0)];
    collect(Floats.of(dz), 0, images, images, Floats.of(gradient), sums);
    INDArray patches = patches(x, 0, images, BP_WORKING_MEM);
    Nd4j.gemm(gradient, patches, flat(dWeights), false, false, 1, 0);
    putBias(sums, dBias);

    Nd4j.gemm(gradient, flat(weights), patches, true, false, 1, 0);
    Patches back = new Patches(windows, (int) x.size(1));
    Floats from = Floats.of(patches);
    Floats to = Floats.of(dx);
    for (int image = 0; image < images; image++) {
      back.putBack(from, image, to);
    }
  }

  /** Computes the gradients of weights, and a bias or null, alone. */
  void backward(INDArray x, INDArray dz, INDArray dWeights, INDArray dBias) {
    int images = (int) x.size(0);
    int atOnce = Math.min(images, Math.max(1, WINDOWS_AT_ONCE / windows.count()));
    int channels = (int) dz.size(1);
    INDArray gradient = matrix(channels, atOnce, BP_WORKING_MEM);
    INDArray patches = null;
    INDArray flatGradient = flat(dWeights);
    float[] sums = new float[channels];
    for (int image = 0; image < images; image += atOnce) {
      int now = Math.min(atOnce, images - image);
      collect(Floats.of(dz), image, now, atOnce, Floats.of(gradient), sums);
      if (patches == null) {
        patches = patches(x, image, now, BP_WORKING_MEM);
      } else {
        take(x, image, now, patches);
      }
      Nd4j.gemm(gradient, patches, flatGradient, false, false, 1, image == 0 ? 0 : 1);
    }
    putBias(sums, dBias);
  }

  private INDArray patches(INDArray x, int image, int images, ArrayType memory) {
    long size = x.size(1) * windows.kernel()[0] * windows.kernel()[1];
    long[] shape = {(long) images * windows.count(), size};
    INDArray patches = workspaces.createUninitialized(memory, DataType.FLOAT, shape, 'c');
    take(x, image, images, patches);
    return patches;
  }

  private void take(INDArray x, int image, int images, INDArray patches) {
    Patches rows = new Patches(windows, (int) x.size(1));
    Floats from = Floats.of(x);
    Floats to = Floats.of(patches);
    for (int i = 0; i < images; i++) {
      rows.take(from, image + i, to, i);
    }
  }

  private INDArray matrix(long channels, int images, ArrayType memory) {
    long[] shape = {channels, (long) images * windows.count()};
    return workspaces.createUninitialized(memory, DataType.FLOAT, shape, 'c');
  }

  private static INDArray flat(INDArray weights) {
    return weights.reshape('c', weights.size(0), weights.length() / weights.size(0));
  }

  /** From rows of channels to {@code [image, channel, window]}, adding a bias unless null. */
  private void spread(Floats matrix, float[] bias, int images, Floats z) {
    int count = windows.count();
    int channels = z.length() / (images * count);
    float[] row = new float[images * count];
    for (int channel = 0; channel < channels; channel++) {
      matrix.read(channel * row.length, row, row.length);
      if (bias != null) {
        for (int i = 0; i < row.length; i++) {
          row[i] += bias[channel];
        }
      }
      for (int image = 0; image < images; image++) {
        z.write((image * channels + channel) * count, row, image * count, count);
      }
    }
  }

  /**
   * From {@code [image, channel, window]} to rows of channels, adding up each channel.
   *
   * @param images to take
   * @param room images that a row has room for; zeros follow those taken
   */
  private void collect(Floats dz, int image, int images, int room, Floats matrix, float[] sums) {
    int count = windows.count();
    int channels = sums.length;
    float[] row = new float[room * count];
    for (int channel = 0; channel < channels; channel++) {
      for (int i = 0; i < images; i++) {
        dz.read(((image + i) * channels + channel) * count, row, i * count, count);
      }
      matrix.write(channel * row.length, row, row.length);
      double sum = 0;
      for (float value : row) {
        sum += value;
      }
      sums[channel] += (float) sum;
    }
  }

  private static void putBias(float[] sums, INDArray dBias) {
    if (dBias != null) {
      Floats.of(dBias).write(0, sums, sums.length);
    }
  }
}
