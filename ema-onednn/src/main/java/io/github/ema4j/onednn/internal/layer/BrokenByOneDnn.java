// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import java.util.Arrays;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.layers.AbstractLayer;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Layers of Deeplearning4j that ND4J 1.0.0-M2.1 gets wrong as soon as its native library has
 * oneDNN, whether or not anything is accelerated: pooling ignores that its windows are dilated, and
 * other dilated operations fail with an error of oneDNN. Found by comparing all layers with
 * convolutions or pooling, with and without {@code allowHelpers}.
 */
public final class BrokenByOneDnn {

  private static final int[] NONE = {};

  private BrokenByOneDnn() {}

  /**
   * What is wrong with a layer, or with one inside it.
   *
   * @param layer as Deeplearning4j made it
   * @return what it is; empty if it is right
   */
  public static Optional<String> find(Layer layer) {
    if (layer instanceof BaseWrapperLayer wrapper) {
      return find(wrapper.getUnderlying());
    }
    if (layer instanceof AbstractLayer<?> one && one.getDataType() != DataType.FLOAT) {
      return Optional.empty();
    }
    int[] dilation = dilation(layer.conf().getLayer());
    return Arrays.stream(dilation).anyMatch(step -> step > 1)
        ? Optional.of(
            layer.conf().getLayer().getClass().getSimpleName()
                + ", dilation "
                + Arrays.toString(dilation))
        : Optional.empty();
  }

  private static int[] dilation(org.deeplearning4j.nn.conf.layers.Layer layer) {
    if (layer instanceof SubsamplingLayer pooling) {
      boolean own = pooling.getPoolingType() == PoolingType.PNORM;
      return own && !(layer instanceof Subsampling1DLayer) ? NONE : pooling.getDilation();
    }
    if (layer instanceof Subsampling3DLayer pooling) {
      return pooling.getDilation();
    }
    if (layer instanceof Convolution1DLayer convolution) {
      boolean causal = convolution.getConvolutionMode() == ConvolutionMode.Causal;
      return causal ? NONE : convolution.getDilation();
    }
    if (layer instanceof DepthwiseConvolution2D convolution) {
      return convolution.getDepthMultiplier() == 1 ? convolution.getDilation() : NONE;
    }
    if (layer instanceof Convolution3D
        || layer instanceof Deconvolution2D
        || layer instanceof Deconvolution3D) {
      return ((org.deeplearning4j.nn.conf.layers.ConvolutionLayer) layer).getDilation();
    }
    return NONE;
  }
}
