// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import java.util.Locale;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * A network for 28 x 28 images of ten classes, with the settings that suit it. Nothing here knows
 * of the average: both learning rates are constant, which leaves the last weights noisy.
 */
public enum Recipe {
  /** 784-64-10, 50,890 parameters: ten epochs in about ten seconds. */
  MLP(16, 10) {
    @Override
    IUpdater updater() {
      return new Sgd(0.1);
    }

    @Override
    MultiLayerConfiguration configuration(long seed, IUpdater updater) {
      return new NeuralNetConfiguration.Builder()
          .seed(seed)
          .updater(updater)
          .weightInit(WeightInit.XAVIER)
          .list()
          .layer(new DenseLayer.Builder().nIn(784).nOut(64).activation(Activation.RELU).build())
          .layer(classifier().nIn(64).build())
          .build();
    }
  },

  /** Three strided convolutions with batch normalization, 6,386 parameters: about a minute. */
  CNN(32, 10) {
    @Override
    IUpdater updater() {
      return new Nesterovs(0.05, 0.9);
    }

    @Override
    MultiLayerConfiguration configuration(long seed, IUpdater updater) {
      return new NeuralNetConfiguration.Builder()
          .seed(seed)
          .updater(updater)
          .weightInit(WeightInit.RELU)
          .convolutionMode(ConvolutionMode.Same)
          .list()
          .layer(halvingConvolution(8))
          .layer(new BatchNormalization())
          .layer(new ActivationLayer(Activation.RELU))
          .layer(halvingConvolution(16))
          .layer(new BatchNormalization())
          .layer(new ActivationLayer(Activation.RELU))
          .layer(halvingConvolution(32))
          .layer(new BatchNormalization())
          .layer(new ActivationLayer(Activation.RELU))
          .layer(new GlobalPoolingLayer(PoolingType.AVG))
          .layer(classifier().build())
          .setInputType(InputType.convolutionalFlat(28, 28, 1))
          .build();
    }
  };

  private final int batchSize;

  /** How often to go through the training images unless told otherwise. */
  final int epochs;

  Recipe(int batchSize, int epochs) {
    this.batchSize = batchSize;
    this.epochs = epochs;
  }

  abstract IUpdater updater();

  abstract MultiLayerConfiguration configuration(long seed, IUpdater updater);

  /** A new network with weights drawn from the seed. */
  MultiLayerNetwork network(long seed) {
    return network(seed, updater());
  }

  /** The same with another updater than the recipe's own. */
  public MultiLayerNetwork network(long seed, IUpdater updater) {
    MultiLayerNetwork net = new MultiLayerNetwork(configuration(seed, updater));
    net.init();
    return net;
  }

  /** Images in one mini-batch, and so in one update of the average. */
  public int batchSize() {
    return batchSize;
  }

  /** A 3 x 3 convolution that halves height and width: cheaper on a CPU than one with pooling. */
  private static ConvolutionLayer halvingConvolution(int channels) {
    return new ConvolutionLayer.Builder(3, 3).stride(2, 2).nOut(channels).hasBias(false).build();
  }

  private static OutputLayer.Builder classifier() {
    return new OutputLayer.Builder(LossFunction.MCXENT).nOut(10).activation(Activation.SOFTMAX);
  }

  /** As typed on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
