// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import io.github.ema4j.train.error.UserError;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;

/** Networks without branches that train on a CPU in minutes. */
final class SmallNetworks {
  private static final int LENET_LEAST_SIZE = 16;

  private SmallNetworks() {}

  /** One hidden layer of 128. */
  static MultiLayerNetwork mlp(ModelSettings settings) {
    return initialised(
        settings,
        LayerPieces.builder(settings)
            .list()
            .layer(new DenseLayer.Builder().nOut(128).activation(Activation.RELU).build())
            .layer(LayerPieces.output(settings, 0)));
  }

  /**
   * LeNet as shipped with Caffe: two 5 x 5 convolutions with pooling, a hidden layer of 500.
   * 431,080 parameters for 1 x 28 x 28 and 10 classes.
   *
   * @throws UserError if the images are smaller than 16 x 16, of which nothing would be left
   */
  static MultiLayerNetwork leNet(ModelSettings settings) {
    ImageShape input = settings.input();
    if (Math.min(input.height(), input.width()) < LENET_LEAST_SIZE) {
      throw new UserError(
          String.format(
              "lenet needs images of at least %d x %d pixels, not %d x %d: choose larger ones or"
                  + " another model",
              LENET_LEAST_SIZE, LENET_LEAST_SIZE, input.height(), input.width()));
    }
    return initialised(
        settings,
        LayerPieces.builder(settings)
            .convolutionMode(ConvolutionMode.Truncate)
            .list()
            .layer(new ConvolutionLayer.Builder(5, 5).nOut(20).build())
            .layer(maxPool())
            .layer(new ConvolutionLayer.Builder(5, 5).nOut(50).build())
            .layer(maxPool())
            .layer(new DenseLayer.Builder().nOut(500).activation(Activation.RELU).build())
            .layer(LayerPieces.output(settings, 0)));
  }

  /** Three 3 x 3 convolutions of 16, 32 and 64 channels, stride 2, with batch norm. */
  static MultiLayerNetwork simpleCnn(ModelSettings settings) {
    ListBuilder list =
        LayerPieces.builder(settings).convolutionMode(ConvolutionMode.Truncate).list();
    for (int channels = 16; channels <= 64; channels *= 2) {
      list.layer(
              new ConvolutionLayer.Builder(3, 3)
                  .stride(2, 2)
                  .padding(1, 1)
                  .nOut(channels)
                  .hasBias(false)
                  .build())
          .layer(new BatchNormalization())
          .layer(new ActivationLayer(Activation.RELU));
    }
    return initialised(
        settings,
        list.layer(new GlobalPoolingLayer(PoolingType.AVG)).layer(LayerPieces.output(settings, 0)));
  }

  private static SubsamplingLayer maxPool() {
    return new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
        .kernelSize(2, 2)
        .stride(2, 2)
        .build();
  }

  private static MultiLayerNetwork initialised(ModelSettings settings, ListBuilder list) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(list.setInputType(LayerPieces.inputType(settings)).build());
    network.init();
    return network;
  }
}
