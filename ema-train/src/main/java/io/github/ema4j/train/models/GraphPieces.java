// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;

/**
 * Puts a convolutional graph together from the pieces that the published networks are made of. Each
 * method names the piece, what it is fed by, and returns the name to feed the next one with.
 *
 * <p>Padding is the same on all sides, {@code kernel / 2}, as in PyTorch; {@code
 * ConvolutionMode.Same} would put it on one side where the stride is 2.
 */
final class GraphPieces {
  static final String INPUT = "image";

  private final ModelSettings settings;
  private final GraphBuilder graph;

  GraphPieces(ModelSettings settings) {
    this.settings = settings;
    this.graph =
        LayerPieces.builder(settings)
            .convolutionMode(ConvolutionMode.Truncate)
            .graphBuilder()
            .addInputs(INPUT)
            .setInputTypes(LayerPieces.inputType(settings));
  }

  /** A convolution without bias and its batch norm. */
  String convolution(String name, String input, int channels, int kernel, int stride) {
    return normalized(
        name,
        new ConvolutionLayer.Builder(kernel, kernel)
            .stride(stride, stride)
            .padding(kernel / 2, kernel / 2)
            .nOut(channels)
            .hasBias(false)
            .build(),
        input);
  }

  /** A 3 x 3 convolution of each channel for itself, without bias, and its batch norm. */
  String depthwise(String name, String input, int stride) {
    return normalized(
        name,
        new DepthwiseConvolution2D.Builder(3, 3)
            .stride(stride, stride)
            .padding(1, 1)
            .depthMultiplier(1)
            .hasBias(false)
            // He's, from the 9 inputs of an output; WeightInit.RELU would count those of all
            // channels.
            .weightInit(new NormalDistribution(0, Math.sqrt(2.0 / 9)))
            .build(),
        input);
  }

  private String normalized(String name, ConvolutionLayer convolution, String input) {
    graph.addLayer(name + "-conv", convolution, input);
    graph.addLayer(name + "-norm", new BatchNormalization(), name + "-conv");
    return name + "-norm";
  }

  /** A layer of its own: Deeplearning4j's batch norm ignores an activation that it is given. */
  String activation(String name, String input, Activation activation) {
    graph.addLayer(name, new ActivationLayer(activation), input);
    return name;
  }

  String sum(String name, String one, String other) {
    graph.addVertex(name, new ElementWiseVertex(ElementWiseVertex.Op.Add), one, other);
    return name;
  }

  String maxPool(String name, String input) {
    graph.addLayer(
        name,
        new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
            .kernelSize(3, 3)
            .stride(2, 2)
            .padding(1, 1)
            .build(),
        input);
    return name;
  }

  /**
   * Ends the graph: mean over the image, dropout, softmax.
   *
   * @param dropout the share of the means that is dropped in training, 0 for none
   * @return the initialised network
   */
  ComputationGraph classify(String input, double dropout) {
    graph
        .addLayer("mean", new GlobalPoolingLayer(PoolingType.AVG), input)
        .addLayer("classes", LayerPieces.output(settings, dropout), "mean")
        .setOutputs("classes");
    ComputationGraph network = new ComputationGraph(graph.build());
    network.init();
    return network;
  }
}
