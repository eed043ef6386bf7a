// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import static org.deeplearning4j.nn.params.ConvolutionParamInitializer.BIAS_KEY;
import static org.deeplearning4j.nn.params.ConvolutionParamInitializer.WEIGHT_KEY;

import io.github.ema4j.onednn.internal.host.Floats;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.common.util.ArrayUtil;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A convolution of {@code [n, c, h, w]} by ND4J's operations {@code conv2d} and {@code conv2d_bp},
 * which a native with oneDNN computes by oneDNN, where Deeplearning4j's own takes apart the input
 * into patches.
 */
final class OneDnnConvolutionLayer extends ConvolutionLayer {

  private final Convolution convolution;

  /**
   * Whether nothing below this layer learns, so that training does not use the input's gradient.
   */
  private final boolean lowest;

  /** Null if the activation function is no rectifier. */
  private final RectifiedOutput rectified;

  OneDnnConvolutionLayer(NeuralNetConfiguration conf, DataType type, boolean lowest) {
    super(conf, type);
    this.lowest = lowest;
    convolution = new Convolution();
    rectified = Rectifier.of(layerConf().getActivationFn()).map(RectifiedOutput::new).orElse(null);
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    if (rectified == null) {
      return super.activate(training, workspaces);
    }
    applyDropOutIfNecessary(training, workspaces);
    INDArray z = preOutput(training, false, workspaces).getFirst();
    return Floats.reaches(z) && Floats.dense(z) == z
        ? rectified.rectify(z, input, training, workspaces)
        : layerConf().getActivationFn().getActivation(z, training);
  }

  @Override
  protected Pair<INDArray, INDArray> preOutput(
      boolean training, boolean forBackprop, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    validateInputRank();
    INDArray weights = getParamWithNoise(WEIGHT_KEY, training, workspaces);
    validateInputDepth(weights.size(1));
    INDArray x = denseInput();
    Windows windows = windows(x);
    long[] shape = {x.size(0), weights.size(0), windows.rows(), windows.columns()};
    if (!canTake(x, shape)) {
      return super.preOutput(training, forBackprop, workspaces);
    }
    INDArray bias = hasBias() ? getParamWithNoise(BIAS_KEY, training, workspaces) : null;
    INDArray z = workspaces.createUninitialized(ArrayType.ACTIVATIONS, DataType.FLOAT, shape, 'c');
    if (PatchConvolution.isFaster(windows, x, weights)) {
      new PatchConvolution(windows, workspaces).forward(x, weights, bias, z);
    } else {
      convolution.forward(x, weights, bias, windows, isSame(), z);
    }
    return new Pair<>(z, null);
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray x = denseInput();
    if (!canTake(x, epsilon.shape())) {
      return super.backpropGradient(epsilon, workspaces);
    }
    INDArray weights = getParamWithNoise(WEIGHT_KEY, true, workspaces);
    INDArray bias = hasBias() ? getParamWithNoise(BIAS_KEY, true, workspaces) : null;
    INDArray dz = Floats.dense(dz(epsilon.castTo(DataType.FLOAT), workspaces));
    INDArray dWeights = gradientViews.get(WEIGHT_KEY);
    INDArray dBias = hasBias() ? gradientViews.get(BIAS_KEY) : null;
    Windows windows = windows(x);
    INDArray dx;
    if (lowest && TrainingStep.isCalling()) {
      dx = workspaces.create(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, x.shape(), 'c');
      new PatchConvolution(windows, workspaces).backward(x, dz, dWeights, dBias);
    } else {
      dx =
          workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, x.shape(), 'c');
      if (PatchConvolution.isFaster(windows, x, weights)) {
        new PatchConvolution(windows, workspaces).backward(x, weights, dz, dx, dWeights, dBias);
      } else {
        convolution.backward(x, weights, bias, dz, windows, isSame(), dx, dWeights, dBias);
      }
    }

    Gradient gradient = new DefaultGradient();
    if (hasBias()) {
      gradient.setGradientFor(BIAS_KEY, dBias);
    }
    gradient.setGradientFor(WEIGHT_KEY, dWeights, 'c');
    weightNoiseParams.clear();
    return new Pair<>(gradient, backpropDropOutIfPresent(dx));
  }

  /** The gradient before the activation function. */
  private INDArray dz(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    IActivation function = layerConf().getActivationFn();
    if (function.getClass() == ActivationIdentity.class) {
      return epsilon;
    }
    if (rectified != null && rectified.isOf(input)) {
      return rectified.gradient(epsilon, workspaces);
    }
    INDArray z = preOutput(true, true, workspaces).getFirst();
    return function.backprop(z, epsilon).getFirst();
  }

  private INDArray denseInput() {
    return Floats.dense(input.castTo(DataType.FLOAT));
  }

  /** More elements than Java reaches are left to Deeplearning4j. */
  private static boolean canTake(INDArray x, long[] shapeOfOutput) {
    return Floats.reaches(x) && Floats.reaches(ArrayUtil.prodLong(shapeOfOutput));
  }

  private boolean isSame() {
    return convolutionMode == ConvolutionMode.Same;
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
