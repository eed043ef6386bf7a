// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.onednn.internal.layer.BrokenByOneDnn;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Which of Deeplearning4j's own layers a native library with oneDNN gets wrong, found by turning
 * oneDNN off: the class under test knows these, and no others.
 */
@WithOneDnn
class BrokenByOneDnnTest {

  private static final InputType PICTURES = InputType.convolutional(9, 8, 4);
  private static final long[] PICTURES_SHAPE = {3, 4, 9, 8};
  private static final InputType SERIES = InputType.recurrent(4, 9);
  private static final long[] SERIES_SHAPE = {3, 4, 9};
  private static final InputType VOLUMES =
      InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 7, 7, 7, 4);
  private static final long[] VOLUMES_SHAPE = {3, 4, 7, 7, 7};

  @AfterEach
  void allowOneDnn() {
    Nd4j.getEnvironment().allowHelpers(true);
  }

  @Test
  void exactlyTheLayersThatAreComputedWronglyAreKnown() {
    Map<String, Integer> refused = new LinkedHashMap<>();
    Map<String, Integer> refusedInVain = new LinkedHashMap<>();
    for (int dilation = 1; dilation <= 2; dilation++) {
      for (int stride = 1; stride <= 2; stride++) {
        for (ConvolutionMode mode :
            new ConvolutionMode[] {ConvolutionMode.Truncate, ConvolutionMode.Same}) {
          String how = ", dilation " + dilation + ", stride " + stride + ", " + mode;
          layers(dilation, stride, mode)
              .forEach(
                  (kind, one) -> {
                    MultiLayerNetwork network = network(one.layer, one.type, mode);
                    boolean known = BrokenByOneDnn.find(network.getLayer(0)).isPresent();
                    boolean right = isRight(network, one.shape);
                    assertTrue(right || known, () -> kind + how + " is wrong, unknown to us");
                    if (known) {
                      refused.merge(kind, 1, Integer::sum);
                      refusedInVain.merge(kind, right ? 1 : 0, Integer::sum);
                    }
                  });
        }
      }
    }
    // By chance, a layer may be right for one stride and size, but no kind of layer is.
    refused.forEach(
        (kind, times) ->
            assertTrue(2 * refusedInVain.get(kind) <= times, () -> kind + " is mostly right"));
    assertEquals(13, refused.size(), refused::toString);
  }

  @SuppressWarnings("ArrayRecordComponent") // nobody compares cases
  private record Case(Layer layer, InputType type, long[] shape) {}

  private static Map<String, Case> layers(int dilation, int stride, ConvolutionMode mode) {
    int[] flat = {dilation, dilation};
    int[] deep = {dilation, dilation, dilation};
    Map<String, Case> layers = new LinkedHashMap<>();
    for (CNN2DFormat format : CNN2DFormat.values()) {
      boolean first = format == CNN2DFormat.NCHW;
      InputType type = InputType.convolutional(9, 8, 4, format);
      long[] shape = first ? PICTURES_SHAPE : new long[] {3, 9, 8, 4};
      layers.put(
          "convolution " + format,
          new Case(
              new ConvolutionLayer.Builder(2, 2)
                  .stride(stride, stride)
                  .dilation(flat)
                  .dataFormat(format)
                  .nOut(5)
                  .build(),
              type,
              shape));
      layers.put(
          "separable " + format,
          new Case(
              new SeparableConvolution2D.Builder(2, 2)
                  .stride(stride, stride)
                  .dilation(flat)
                  .dataFormat(format)
                  .nOut(5)
                  .build(),
              type,
              shape));
      layers.put(
          "transposed " + format,
          new Case(
              new Deconvolution2D.Builder(2, 2)
                  .stride(stride, stride)
                  .dilation(flat)
                  .dataFormat(format)
                  .nOut(5)
                  .build(),
              type,
              shape));
      for (int multiplier = 1; multiplier <= 2; multiplier++) {
        layers.put(
            "depthwise " + format + " x " + multiplier,
            new Case(
                new DepthwiseConvolution2D.Builder(2, 2)
                    .stride(stride, stride)
                    .dilation(flat)
                    .dataFormat(format)
                    .depthMultiplier(multiplier)
                    .build(),
                type,
                shape));
      }
      for (PoolingType pooling :
          new PoolingType[] {PoolingType.MAX, PoolingType.AVG, PoolingType.PNORM}) {
        SubsamplingLayer.Builder builder =
            new SubsamplingLayer.Builder(pooling)
                .kernelSize(2, 2)
                .stride(stride, stride)
                .dilation(flat)
                .dataFormat(format);
        layers.put(
            "pooling " + pooling + " " + format,
            new Case(
                (pooling == PoolingType.PNORM ? builder.pnorm(2) : builder).build(), type, shape));
      }
    }
    Convolution1DLayer.Builder series =
        new Convolution1DLayer.Builder(2, stride).dilation(dilation).nOut(5);
    layers.put("convolution 1D", new Case(series.build(), SERIES, SERIES_SHAPE));
    Convolution1DLayer causal =
        new Convolution1DLayer.Builder(2, stride)
            .dilation(dilation)
            .convolutionMode(ConvolutionMode.Causal)
            .nOut(5)
            .build();
    layers.put("causal convolution 1D", new Case(causal, SERIES, SERIES_SHAPE));
    Subsampling1DLayer pooling =
        new Subsampling1DLayer.Builder(PoolingType.MAX).kernelSize(2).stride(stride).build();
    pooling.setDilation(flat);
    layers.put("pooling 1D", new Case(pooling, SERIES, SERIES_SHAPE));
    if (mode == ConvolutionMode.Same) {
      // In the other mode, Deeplearning4j gets the sizes of dilated volumes wrong by itself.
      layers.put(
          "convolution 3D",
          new Case(
              new Convolution3D.Builder(2, 2, 2)
                  .stride(stride, stride, stride)
                  .dilation(deep)
                  .nOut(3)
                  .build(),
              VOLUMES,
              VOLUMES_SHAPE));
      layers.put(
          "pooling 3D",
          new Case(
              new Subsampling3DLayer.Builder(Subsampling3DLayer.PoolingType.MAX)
                  .kernelSize(2, 2, 2)
                  .stride(stride, stride, stride)
                  .dilation(dilation, dilation, dilation)
                  .build(),
              VOLUMES,
              VOLUMES_SHAPE));
    }
    layers.put(
        "transposed 3D",
        new Case(
            new Deconvolution3D.Builder()
                .kernelSize(2, 2, 2)
                .stride(stride, stride, stride)
                .dilation(deep)
                .nOut(3)
                .build(),
            VOLUMES,
            VOLUMES_SHAPE));
    return layers;
  }

  private static MultiLayerNetwork network(Layer layer, InputType type, ConvolutionMode mode) {
    boolean series = type == SERIES;
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .activation(Activation.IDENTITY)
                .convolutionMode(mode)
                .list()
                .layer(layer)
                .layer(
                    series
                        ? new RnnOutputLayer.Builder(LossFunction.MSE).nOut(2).build()
                        : new OutputLayer.Builder(LossFunction.MSE).nOut(2).build())
                .setInputType(type)
                .build());
    network.init();
    return network;
  }

  /** Whether outputs and gradients are the same without oneDNN. */
  private static boolean isRight(MultiLayerNetwork network, long[] shape) {
    Nd4j.getRandom().setSeed(2);
    INDArray x = Nd4j.randn(DataType.FLOAT, shape);
    Nd4j.getEnvironment().allowHelpers(false);
    INDArray expected = network.output(x).dup();
    INDArray labels = Nd4j.randn(DataType.FLOAT, expected.shape());
    INDArray gradient = gradient(network, x, labels);
    Nd4j.getEnvironment().allowHelpers(true);
    try {
      return LayerTwin.error(expected.castTo(DataType.DOUBLE), network.output(x)) < 1e-4
          && LayerTwin.error(gradient.castTo(DataType.DOUBLE), gradient(network, x, labels)) < 1e-4;
    } catch (RuntimeException e) {
      return false;
    }
  }

  private static INDArray gradient(MultiLayerNetwork network, INDArray x, INDArray labels) {
    return network.calculateGradients(x, labels, null, null).getFirst().gradient().dup();
  }

  @Test
  void networkWithSuchALayerIsRefusedUnlessOneDnnIsOff() {
    MultiLayerNetwork network =
        network(
            new Deconvolution2D.Builder(2, 2).dilation(2, 2).nOut(5).name("up").build(),
            PICTURES,
            ConvolutionMode.Truncate);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> OneDnn.accelerate(network));
    assertEquals(
        "The native library with oneDNN computes wrongly, or not at all: layer \"up\""
            + " (Deconvolution2D, dilation [2, 2]). Use the native library without oneDNN, or call"
            + " Nd4j.getEnvironment().allowHelpers(false) first, which turns oneDNN off for the"
            + " whole process",
        refusal.getMessage());
    Nd4j.getEnvironment().allowHelpers(false);
    assertEquals(0, OneDnn.accelerate(network).accelerated());
  }

  @Test
  void refusedNetworkIsLeftAsItWas() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new ConvolutionLayer.Builder(2, 2).nOut(3).build())
                .layer(new Deconvolution2D.Builder(2, 2).dilation(2, 2).nOut(5).build())
                .layer(new OutputLayer.Builder(LossFunction.MSE).nOut(2).build())
                .setInputType(PICTURES)
                .build());
    network.init();
    org.deeplearning4j.nn.api.Layer first = network.getLayer(0);
    assertThrows(IllegalArgumentException.class, () -> OneDnn.accelerate(network));
    assertTrue(network.getLayer(0) == first);
    assertFalse(network.getUpdater(false) != null);
  }

  @Test
  void dilatedPoolingOfPicturesIsRightWhereItIsAccelerated() {
    MultiLayerNetwork network =
        network(
            new SubsamplingLayer.Builder(PoolingType.MAX)
                .kernelSize(2, 2)
                .stride(1, 1)
                .dilation(2, 2)
                .build(),
            PICTURES,
            ConvolutionMode.Truncate);
    INDArray x = Nd4j.randn(DataType.FLOAT, PICTURES_SHAPE);
    INDArray wrong = network.output(x).dup();
    Nd4j.getEnvironment().allowHelpers(false);
    INDArray right = network.output(x).dup();
    Nd4j.getEnvironment().allowHelpers(true);
    assertTrue(LayerTwin.error(right.castTo(DataType.DOUBLE), wrong) > 0.1, "has it been mended?");
    OneDnn.accelerate(network);
    assertTrue(LayerTwin.error(right.castTo(DataType.DOUBLE), network.output(x)) < 1e-6);
  }
}
