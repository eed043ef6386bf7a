// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import io.github.ema4j.onednn.backend.NativeLibrary;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.layers.AbstractLayer;
import org.deeplearning4j.nn.layers.ActivationLayer;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.layers.convolution.subsampling.SubsamplingLayer;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Replaces layers of one class of Deeplearning4j's by a subclass that computes the same faster. A
 * layer is replaced only if it is of exactly that class, and configured in a way that was checked.
 */
public abstract sealed class Substitution {

  private static final List<Substitution> ALL =
      List.of(
          new OfConvolution(),
          new OfSubsampling(),
          new OfBatchNorm(),
          new OfActivation(),
          new OfDense());

  private final Class<? extends Layer> from;
  private final Class<? extends Layer> to;

  private Substitution(Class<? extends Layer> from, Class<? extends Layer> to) {
    this.from = from;
    this.to = to;
  }

  /**
   * The one for a layer.
   *
   * @param layer of any class
   * @return empty if there is none for its class
   */
  public static Optional<Substitution> of(Layer layer) {
    return ALL.stream().filter(one -> one.from == layer.getClass()).findFirst();
  }

  /**
   * Whether a layer is one that was put in place of another.
   *
   * @param layer of any class
   * @return true for what {@link #substitute} returned
   */
  public static boolean isSubstitute(Layer layer) {
    return ALL.stream().anyMatch(one -> one.to == layer.getClass());
  }

  /**
   * Why a layer has to stay as it is.
   *
   * @param layer of the class that this is for
   * @param library what computes
   * @return empty if nothing speaks against replacing it
   */
  public final Optional<String> obstacle(Layer layer, NativeLibrary library) {
    DataType type = ((AbstractLayer<?>) layer).getDataType();
    return type == DataType.FLOAT ? obstacleOf(layer, library) : Optional.of("data type " + type);
  }

  /**
   * A layer that does the same, with the same parameters, gradients, listeners and counts: these
   * are the original's own, not copies.
   *
   * @param layer without {@linkplain #obstacle}
   * @param lowest whether nothing below the layer learns
   * @return to be used from now on instead of the original
   */
  public final Layer substitute(Layer layer, boolean lowest) {
    AbstractLayer<?> original = (AbstractLayer<?>) layer;
    AbstractLayer<?> substitute = create(original, lowest);
    substitute.setListeners(original.getListeners());
    substitute.setIndex(original.getIndex());
    substitute.setIterationCount(original.getIterationCount());
    substitute.setEpochCount(original.getEpochCount());
    substitute.setCacheMode(original.getCacheMode());
    substitute.allowInputModification(original.isInputModificationAllowed());
    if (original instanceof BaseLayer<?>) {
      substitute.setParamsViewArray(original.params());
      substitute.setParamTable(original.paramTable());
      INDArray gradients = original.getGradientsViewArray();
      if (gradients != null) {
        substitute.setBackpropGradientsViewArray(gradients);
      }
    }
    return substitute;
  }

  abstract Optional<String> obstacleOf(Layer layer, NativeLibrary library);

  abstract AbstractLayer<?> create(AbstractLayer<?> original, boolean lowest);

  private static Optional<String> channelsLast(CNN2DFormat format) {
    return format == CNN2DFormat.NCHW ? Optional.empty() : Optional.of("data format " + format);
  }

  private static final class OfConvolution extends Substitution {
    OfConvolution() {
      super(ConvolutionLayer.class, OneDnnConvolutionLayer.class);
    }

    @Override
    Optional<String> obstacleOf(Layer layer, NativeLibrary library) {
      var conf = (org.deeplearning4j.nn.conf.layers.ConvolutionLayer) layer.conf().getLayer();
      int[] dilation = conf.getDilation();
      if (dilation[0] != 1 || dilation[1] != 1) {
        return Optional.of("dilation " + dilation[0] + " x " + dilation[1]);
      }
      return channelsLast(conf.getCnn2dDataFormat()).or(library::obstacle);
    }

    @Override
    AbstractLayer<?> create(AbstractLayer<?> original, boolean lowest) {
      return new OneDnnConvolutionLayer(original.conf(), original.getDataType(), lowest);
    }
  }

  private static final class OfSubsampling extends Substitution {
    OfSubsampling() {
      super(SubsamplingLayer.class, JavaSubsamplingLayer.class);
    }

    @Override
    Optional<String> obstacleOf(Layer layer, NativeLibrary library) {
      var conf = (org.deeplearning4j.nn.conf.layers.SubsamplingLayer) layer.conf().getLayer();
      var type = conf.getPoolingType();
      if (type != PoolingType.MAX && type != PoolingType.AVG) {
        return Optional.of("pooling type " + type);
      }
      for (int i = 0; i < 2; i++) {
        if (conf.getPadding()[i] > (conf.getKernelSize()[i] - 1) * conf.getDilation()[i]) {
          return Optional.of("windows that lie in the padding alone");
        }
      }
      return channelsLast(conf.getCnn2dDataFormat());
    }

    @Override
    AbstractLayer<?> create(AbstractLayer<?> original, boolean lowest) {
      return new JavaSubsamplingLayer(original.conf(), original.getDataType());
    }
  }

  private static final class OfBatchNorm extends Substitution {
    OfBatchNorm() {
      super(BatchNormalization.class, JavaBatchNormalization.class);
    }

    @Override
    Optional<String> obstacleOf(Layer layer, NativeLibrary library) {
      var conf = (org.deeplearning4j.nn.conf.layers.BatchNormalization) layer.conf().getLayer();
      return conf.isLockGammaBeta()
          ? Optional.of("locked gamma and beta")
          : channelsLast(conf.getCnn2DFormat());
    }

    @Override
    AbstractLayer<?> create(AbstractLayer<?> original, boolean lowest) {
      return new JavaBatchNormalization(original.conf(), original.getDataType());
    }
  }

  private static final class OfActivation extends Substitution {
    OfActivation() {
      super(ActivationLayer.class, JavaActivationLayer.class);
    }

    @Override
    Optional<String> obstacleOf(Layer layer, NativeLibrary library) {
      return rectifier(layer).isPresent()
          ? Optional.empty()
          : Optional.of("activation " + conf(layer).getActivationFn());
    }

    @Override
    AbstractLayer<?> create(AbstractLayer<?> original, boolean lowest) {
      return new JavaActivationLayer(
          original.conf(), original.getDataType(), rectifier(original).orElseThrow());
    }

    private static Optional<Rectifier> rectifier(Layer layer) {
      return Rectifier.of(conf(layer).getActivationFn());
    }

    private static org.deeplearning4j.nn.conf.layers.ActivationLayer conf(Layer layer) {
      return (org.deeplearning4j.nn.conf.layers.ActivationLayer) layer.conf().getLayer();
    }
  }

  private static final class OfDense extends Substitution {
    OfDense() {
      super(DenseLayer.class, LeanDenseLayer.class);
    }

    @Override
    Optional<String> obstacleOf(Layer layer, NativeLibrary library) {
      return conf(layer).hasLayerNorm() ? Optional.of("layer norm") : Optional.empty();
    }

    @Override
    AbstractLayer<?> create(AbstractLayer<?> original, boolean lowest) {
      IActivation function = conf(original).getActivationFn();
      return new LeanDenseLayer(
          original.conf(),
          original.getDataType(),
          function.getClass() == ActivationIdentity.class,
          Rectifier.of(function).orElse(null));
    }

    private static org.deeplearning4j.nn.conf.layers.DenseLayer conf(Layer layer) {
      return (org.deeplearning4j.nn.conf.layers.DenseLayer) layer.conf().getLayer();
    }
  }
}
