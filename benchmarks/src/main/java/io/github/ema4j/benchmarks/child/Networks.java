// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The networks that are trained. They start from a fixed seed. */
final class Networks {

  private Networks() {}

  private static NeuralNetConfiguration.Builder builder() {
    return builder(new Adam(1e-3));
  }

  private static NeuralNetConfiguration.Builder builder(IUpdater updater) {
    return new NeuralNetConfiguration.Builder()
        .seed(1)
        .weightInit(WeightInit.RELU)
        .updater(updater);
  }

  /** Dense layers of two widths between 784 inputs and 10 classes. */
  static MultiLayerNetwork mlp(int first, int second) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            builder()
                .list()
                .layer(new DenseLayer.Builder().nOut(first).activation(Activation.RELU).build())
                .layer(new DenseLayer.Builder().nOut(second).activation(Activation.RELU).build())
                .layer(output(10))
                .setInputType(InputType.feedForward(784))
                .build());
    network.init();
    return network;
  }

  /** LeNet as in the examples of Deeplearning4j: 431,080 parameters, images of 28 x 28. */
  static MultiLayerNetwork leNet() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            builder()
                .list()
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(20).build())
                .layer(maxPool(2, 2))
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(50).build())
                .layer(maxPool(2, 2))
                .layer(new DenseLayer.Builder().nOut(500).activation(Activation.RELU).build())
                .layer(output(10))
                .setInputType(InputType.convolutional(28, 28, 1))
                .build());
    network.init();
    return network;
  }

  /** Three times convolution, batch norm, ReLU and pooling, with 16, 32 and 64 channels. */
  static MultiLayerNetwork convNet(int channels, int imageSize, int classes, IUpdater updater) {
    NeuralNetConfiguration.ListBuilder list = builder(updater).list();
    for (int width = 16; width <= 64; width *= 2) {
      list.layer(
              new ConvolutionLayer.Builder(3, 3).padding(1, 1).nOut(width).hasBias(false).build())
          .layer(new BatchNormalization.Builder().build())
          .layer(new ActivationLayer.Builder().activation(Activation.RELU).build())
          .layer(maxPool(2, 2));
    }
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            list.layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(output(classes))
                .setInputType(InputType.convolutional(imageSize, imageSize, channels))
                .build());
    network.init();
    return network;
  }

  /** A number of square layers without anything else. */
  static MultiLayerNetwork stack(int layers, int width) {
    NeuralNetConfiguration.ListBuilder list = builder().list();
    for (int i = 1; i < layers; i++) {
      list.layer(new DenseLayer.Builder().nOut(width).build());
    }
    list.layer(
        new OutputLayer.Builder(LossFunction.MSE)
            .nOut(width)
            .activation(Activation.IDENTITY)
            .build());
    MultiLayerNetwork network =
        new MultiLayerNetwork(list.setInputType(InputType.feedForward(width)).build());
    network.init();
    return network;
  }

  /** ResNet-18 (He et al. 2015) for 1000 classes: 11.7 million parameters, small images. */
  static ComputationGraph resNet18(int imageSize) {
    return resNet18(3, imageSize, 64, 1000, new Adam(1e-3));
  }

  /** The same with {@code width} channels in the first stage, 64 as published. */
  static ComputationGraph resNet18(
      int channels, int imageSize, int width, int classes, IUpdater updater) {
    GraphBuilder graph =
        builder(updater)
            .convolutionMode(ConvolutionMode.Same)
            .graphBuilder()
            .addInputs("image")
            .setInputTypes(InputType.convolutional(imageSize, imageSize, channels));
    String last = relu(graph, "stem", convolution(graph, "stem", "image", width, 7, 2));
    graph.addLayer("pool", maxPool(3, 2), last);
    last = "pool";
    for (int stage = 0; stage < 4; stage++) {
      for (int i = 0; i < 2; i++) {
        boolean widens = stage > 0 && i == 0;
        last = basicBlock(graph, "block" + stage + i, last, width << stage, widens);
      }
    }
    graph
        .addLayer("mean", new GlobalPoolingLayer(PoolingType.AVG), last)
        .addLayer("classes", output(classes), "mean")
        .setOutputs("classes");
    ComputationGraph network = new ComputationGraph(graph.build());
    network.init();
    return network;
  }

  private static String basicBlock(
      GraphBuilder graph, String name, String input, int channels, boolean widens) {
    String inner =
        relu(graph, name + "a", convolution(graph, name + "a", input, channels, 3, widens ? 2 : 1));
    String outer = convolution(graph, name + "b", inner, channels, 3, 1);
    String shortcut = widens ? convolution(graph, name + "s", input, channels, 1, 2) : input;
    graph.addVertex(name + "sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), outer, shortcut);
    return relu(graph, name, name + "sum");
  }

  /** A layer of its own: Deeplearning4j's batch norm has no activation, whatever it is told. */
  private static String relu(GraphBuilder graph, String name, String input) {
    graph.addLayer(name, new ActivationLayer.Builder().activation(Activation.RELU).build(), input);
    return name;
  }

  private static String convolution(
      GraphBuilder graph, String name, String input, int channels, int kernel, int stride) {
    graph.addLayer(
        name + "conv",
        new ConvolutionLayer.Builder(kernel, kernel)
            .stride(stride, stride)
            .nOut(channels)
            .hasBias(false)
            .build(),
        input);
    graph.addLayer(name + "norm", new BatchNormalization.Builder().build(), name + "conv");
    return name + "norm";
  }

  private static SubsamplingLayer maxPool(int kernel, int stride) {
    return new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
        .kernelSize(kernel, kernel)
        .stride(stride, stride)
        .build();
  }

  private static OutputLayer output(int classes) {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(classes)
        .activation(Activation.SOFTMAX)
        .build();
  }
}
