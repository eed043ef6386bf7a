// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import static org.deeplearning4j.nn.params.DefaultParamInitializer.BIAS_KEY;
import static org.deeplearning4j.nn.params.DefaultParamInitializer.WEIGHT_KEY;

import io.github.ema4j.onednn.internal.host.Floats;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A dense layer that multiplies in the order of its weights, which OpenBLAS does twice as fast as
 * in that of Deeplearning4j's output, and computes its output once per step.
 */
final class LeanDenseLayer extends DenseLayer {

  private final boolean identity;
  private final RectifiedOutput rectified;

  /**
   * A layer.
   *
   * @param rectifier null if the activation function is no rectifier
   */
  LeanDenseLayer(
      NeuralNetConfiguration conf, DataType type, boolean identity, Rectifier rectifier) {
    super(conf, type);
    this.identity = identity;
    rectified = rectifier == null ? null : new RectifiedOutput(rectifier);
  }

  @Override
  protected Pair<INDArray, INDArray> preOutputWithPreNorm(
      boolean training, boolean forBackprop, LayerWorkspaceMgr workspaces) {
    assertInputSet(forBackprop);
    applyDropOutIfNecessary(training, workspaces);
    INDArray weights = getParamWithNoise(WEIGHT_KEY, training, workspaces);
    if (!canTake(weights)) {
      return super.preOutputWithPreNorm(training, forBackprop, workspaces);
    }
    long[] shape = {input.size(0), weights.size(1)};
    INDArray z = workspaces.createUninitialized(ArrayType.ACTIVATIONS, DataType.FLOAT, shape, 'c');
    INDArray x = input.castTo(DataType.FLOAT);
    Nd4j.gemm(weights, x, z.transpose(), true, true, 1, 0);
    if (hasBias()) {
      addBias(z, Floats.copy(getParamWithNoise(BIAS_KEY, training, workspaces)));
    }
    return new Pair<>(z, z);
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    if (rectified == null || maskArray != null) {
      return super.activate(training, workspaces);
    }
    INDArray z = preOutput(training, workspaces);
    return rectified.rectify(z, input, training, workspaces);
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    boolean known = identity || (rectified != null && rectified.isOf(input));
    if (!known || maskArray != null || epsilon.dataType() != DataType.FLOAT) {
      return super.backpropGradient(epsilon, workspaces);
    }
    assertInputSet(true);
    INDArray dz = identity ? epsilon : rectified.gradient(epsilon, workspaces);
    Gradient gradient = new DefaultGradient();
    if (hasBias()) {
      INDArray dBias = gradientViews.get(BIAS_KEY);
      dz.sum(dBias, 0);
      gradient.setGradientFor(BIAS_KEY, dBias);
    }
    INDArray weights = getParamWithNoise(WEIGHT_KEY, true, workspaces);
    INDArray dWeights = gradientViews.get(WEIGHT_KEY);
    Nd4j.gemm(input.castTo(DataType.FLOAT), dz, dWeights, true, false, 1, 0);
    gradient.setGradientFor(WEIGHT_KEY, dWeights);
    long[] shape = {weights.size(0), dz.size(0)};
    INDArray dx =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, shape, 'f');
    Nd4j.gemm(weights, dz, dx, false, true, 1, 0);
    weightNoiseParams.clear();
    return new Pair<>(gradient, backpropDropOutIfPresent(dx.transpose()));
  }

  /** Whatever cannot be taken is computed by Deeplearning4j, which says what is wrong with it. */
  private boolean canTake(INDArray weights) {
    return maskArray == null
        && input.rank() == 2
        && input.size(1) == weights.size(0)
        && Floats.reaches(input.size(0) * weights.size(1));
  }

  private static void addBias(INDArray z, float[] bias) {
    Floats elements = Floats.of(z);
    float[] row = new float[bias.length];
    for (int at = 0; at < elements.length(); at += row.length) {
      elements.read(at, row, row.length);
      add(row, bias);
      elements.write(at, row, row.length);
    }
  }

  private static void add(float[] to, float[] values) {
    for (int i = 0; i < to.length; i++) {
      to[i] += values[i];
    }
  }
}
