// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import io.github.ema4j.onednn.internal.host.Floats;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.convolution.subsampling.SubsamplingLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Max and average pooling of {@code [n, c, h, w]} in plain Java. The greatest element of each
 * window is remembered from the forward pass; of equal ones it is the first, row by row, as ND4J
 * has it. Dilated windows are right, which those of the native with oneDNN are not.
 */
final class JavaSubsamplingLayer extends SubsamplingLayer {

  /** Where in its plane each window of {@link #seen} has its greatest element. */
  private int[] greatest = {};

  /** The input that the last forward pass saw; null if it did not look for the greatest. */
  private INDArray seen;

  JavaSubsamplingLayer(NeuralNetConfiguration conf, DataType type) {
    super(conf, type);
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    seen = null;
    if (!canTake(input)) {
      return super.activate(training, workspaces);
    }
    INDArray x = Floats.dense(input.castTo(DataType.FLOAT));
    Windows windows = windows(x);
    long[] shape = {x.size(0), x.size(1), windows.rows(), windows.columns()};
    INDArray y = workspaces.createUninitialized(ArrayType.ACTIVATIONS, DataType.FLOAT, shape, 'c');
    Pooling pooling = pooling(x, windows);
    if (isMax()) {
      max(pooling, x, y);
    } else {
      pooling.average(Floats.of(x), Floats.of(y), layerConf().isAvgPoolIncludePadInDivisor());
    }
    return y;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    if (!canTake(input)) {
      return super.backpropGradient(epsilon, workspaces);
    }
    INDArray x = Floats.dense(input.castTo(DataType.FLOAT));
    Pooling pooling = pooling(x, windows(x));
    Floats dy = Floats.of(Floats.dense(epsilon.castTo(DataType.FLOAT)));
    INDArray dx =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, x.shape(), 'c');
    if (isMax()) {
      if (seen != input) {
        max(pooling, x, null);
      }
      pooling.maxGradient(greatest, dy, Floats.of(dx));
    } else {
      pooling.averageGradient(dy, Floats.of(dx), layerConf().isAvgPoolIncludePadInDivisor());
    }
    return new Pair<>(new DefaultGradient(), dx);
  }

  private void max(Pooling pooling, INDArray x, INDArray y) {
    if (greatest.length < pooling.count()) {
      greatest = new int[pooling.count()];
    }
    pooling.max(Floats.of(x), y == null ? null : Floats.of(y), greatest);
    seen = input;
  }

  private static Pooling pooling(INDArray x, Windows windows) {
    return new Pooling(windows, (int) (x.size(0) * x.size(1)));
  }

  private boolean isMax() {
    return layerConf().getPoolingType() == PoolingType.MAX;
  }

  /**
   * Whatever cannot be taken is computed by Deeplearning4j, which says what is wrong with it; but
   * not dilated windows, which it might get wrong.
   */
  private boolean canTake(INDArray x) {
    int[] dilation = layerConf().getDilation();
    return x.rank() == 4 && (Floats.reaches(x.length()) || dilation[0] > 1 || dilation[1] > 1);
  }

  private Windows windows(INDArray x) {
    return Windows.of(
        x,
        layerConf().getKernelSize(),
        layerConf().getStride(),
        layerConf().getPadding(),
        layerConf().getDilation(),
        convolutionMode);
  }
}
