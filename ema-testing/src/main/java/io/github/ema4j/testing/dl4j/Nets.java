// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing.dl4j;

import java.util.List;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.variational.VariationalAutoencoder;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks, each made anew with the same initial weights. */
public final class Nets {

  private Nets() {}

  public static NeuralNetConfiguration.Builder base() {
    return new NeuralNetConfiguration.Builder()
        .seed(42)
        .updater(new Adam(0.02))
        .activation(Activation.TANH);
  }

  private static OutputLayer softmax(int classes) {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(classes)
        .build();
  }

  private static RnnOutputLayer softmaxPerStep() {
    return new RnnOutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(2)
        .build();
  }

  private static MultiLayerNetwork initialised(MultiLayerNetwork network) {
    network.init();
    return network;
  }

  private static ComputationGraph initialised(ComputationGraphConfiguration configuration) {
    ComputationGraph graph = new ComputationGraph(configuration);
    graph.init();
    return graph;
  }

  // ---------------------------------------------------------------- for Data.points

  public static MultiLayerNetwork mlp() {
    return mlp(UnaryOperator.identity());
  }

  /** A perceptron with some setting of the configuration changed. */
  public static MultiLayerNetwork mlp(UnaryOperator<NeuralNetConfiguration.Builder> setting) {
    return initialised(notInitialised(setting));
  }

  public static MultiLayerNetwork mlpBy(OptimizationAlgorithm algorithm) {
    return mlp(b -> b.optimizationAlgo(algorithm));
  }

  public static MultiLayerNetwork notInitialised(
      UnaryOperator<NeuralNetConfiguration.Builder> setting) {
    return new MultiLayerNetwork(
        setting
            .apply(base())
            .list()
            .layer(new DenseLayer.Builder().nOut(8).build())
            .layer(softmax(3))
            .setInputType(InputType.feedForward(4))
            .build());
  }

  public static MultiLayerNetwork autoEncoder() {
    return initialised(
        new MultiLayerNetwork(
            base()
                .list()
                .layer(new AutoEncoder.Builder().nOut(5).corruptionLevel(0.2).build())
                .layer(softmax(3))
                .setInputType(InputType.feedForward(4))
                .build()));
  }

  public static MultiLayerNetwork variationalAutoencoder() {
    return initialised(
        new MultiLayerNetwork(
            base()
                .list()
                .layer(
                    new VariationalAutoencoder.Builder()
                        .encoderLayerSizes(6)
                        .decoderLayerSizes(6)
                        .nOut(3)
                        .build())
                .layer(softmax(3))
                .setInputType(InputType.feedForward(4))
                .build()));
  }

  public static ComputationGraph graph() {
    return graph(UnaryOperator.identity());
  }

  /** Dense layers with batch normalisation, dropout and a residual connection. */
  public static ComputationGraph graph(UnaryOperator<NeuralNetConfiguration.Builder> setting) {
    return initialised(graphConfiguration(setting));
  }

  public static ComputationGraphConfiguration graphConfiguration(
      UnaryOperator<NeuralNetConfiguration.Builder> setting) {
    return setting
        .apply(base())
        .graphBuilder()
        .addInputs("in")
        .addLayer("first", new DenseLayer.Builder().nOut(6).build(), "in")
        .addLayer("norm", new BatchNormalization.Builder().build(), "first")
        .addLayer("second", new DenseLayer.Builder().nOut(6).dropOut(0.7).build(), "norm")
        .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "first", "second")
        .addLayer("out", softmax(3), "sum")
        .setOutputs("out")
        .setInputTypes(InputType.feedForward(4))
        .build();
  }

  /**
   * Three branches whose parameters stand in another order than Deeplearning4j would find by
   * itself, as in a configuration saved by another version of it.
   */
  public static ComputationGraph branchesInReverse() {
    ComputationGraphConfiguration configuration =
        base()
            .graphBuilder()
            .addInputs("in")
            .addLayer("a", new DenseLayer.Builder().nOut(4).build(), "in")
            .addLayer("b", new DenseLayer.Builder().nOut(4).build(), "in")
            .addLayer("c", new DenseLayer.Builder().nOut(4).build(), "in")
            .addVertex("all", new MergeVertex(), "a", "b", "c")
            .addLayer("out", softmax(3), "all")
            .setOutputs("out")
            .setInputTypes(InputType.feedForward(4))
            .build();
    // Vertex 0 is the input, 1 to 3 are the branches.
    configuration.setTopologicalOrder(new int[] {0, 3, 2, 1, 4, 5});
    configuration.setTopologicalOrderStr(List.of("in", "c", "b", "a", "all", "out"));
    return initialised(configuration);
  }

  /** The perceptron as a graph, whose hidden layer has this name. */
  public static ComputationGraph mlpGraph(String hidden) {
    return initialised(
        base()
            .graphBuilder()
            .addInputs("in")
            .addLayer(hidden, new DenseLayer.Builder().nOut(8).build(), "in")
            .addLayer("out", softmax(3), hidden)
            .setOutputs("out")
            .setInputTypes(InputType.feedForward(4))
            .build());
  }

  public static ComputationGraph autoEncoderGraph() {
    return initialised(
        base()
            .graphBuilder()
            .addInputs("in")
            .addLayer("code", new AutoEncoder.Builder().nOut(5).corruptionLevel(0.2).build(), "in")
            .addLayer("out", softmax(3), "code")
            .setOutputs("out")
            .setInputTypes(InputType.feedForward(4))
            .build());
  }

  /** For {@link Data#pointsWithSum}: classes at output 0, the sum at output 1. */
  public static ComputationGraph twoOutputs() {
    return initialised(
        base()
            .graphBuilder()
            .addInputs("in")
            .addLayer("hidden", new DenseLayer.Builder().nOut(8).build(), "in")
            .addLayer("classes", softmax(3), "hidden")
            .addLayer(
                "sum",
                new OutputLayer.Builder(LossFunction.MSE)
                    .activation(Activation.IDENTITY)
                    .nOut(1)
                    .build(),
                "hidden")
            .setOutputs("classes", "sum")
            .setInputTypes(InputType.feedForward(4))
            .build());
  }

  // ---------------------------------------------------------------- for Data.images

  /** Convolution, batch normalisation, dropout. */
  public static MultiLayerNetwork cnn() {
    return initialised(
        new MultiLayerNetwork(
            base()
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(3).build())
                .layer(new BatchNormalization.Builder().build())
                .layer(new DenseLayer.Builder().nOut(8).dropOut(0.6).build())
                .layer(softmax(2))
                .setInputType(InputType.convolutional(6, 6, 1))
                .build()));
  }

  // ---------------------------------------------------------------- for Data.sequences

  public static MultiLayerNetwork lstm(BackpropType backprop) {
    return initialised(
        new MultiLayerNetwork(
            base()
                .list()
                .layer(new LSTM.Builder().nOut(5).dropOut(0.8).build())
                .layer(softmaxPerStep())
                .backpropType(backprop)
                .tBPTTLength(3)
                .setInputType(InputType.recurrent(3))
                .build()));
  }

  public static ComputationGraph lstmGraph(BackpropType backprop) {
    return initialised(
        base()
            .graphBuilder()
            .addInputs("in")
            .addLayer("lstm", new LSTM.Builder().nOut(5).build(), "in")
            .addLayer("out", softmaxPerStep(), "lstm")
            .setOutputs("out")
            .setInputTypes(InputType.recurrent(3))
            .backpropType(backprop)
            .tBPTTLength(3)
            .build());
  }

  // ---------------------------------------------------------------- with constraints

  public static final double MAX_NORM = 0.7;

  public static MultiLayerNetwork constrainedMlp() {
    return mlp(
        b ->
            b.constrainWeights(new MaxNormConstraint(MAX_NORM, 0))
                .constrainBias(new NonNegativeConstraint()));
  }

  public static ComputationGraph constrainedGraph() {
    return graph(
        b ->
            b.constrainWeights(new MaxNormConstraint(MAX_NORM, 0))
                .constrainBias(new NonNegativeConstraint()));
  }

  /** For {@link Data#sequences}: the constrained layer is both directions of a Bidirectional. */
  public static MultiLayerNetwork constrainedBidirectional() {
    return initialised(
        new MultiLayerNetwork(
            base()
                .list()
                .layer(
                    new Bidirectional(
                        Bidirectional.Mode.CONCAT,
                        new LSTM.Builder()
                            .nOut(4)
                            .constrainWeights(new MaxNormConstraint(MAX_NORM, 0))
                            .build()))
                .layer(softmaxPerStep())
                .setInputType(InputType.recurrent(3))
                .build()));
  }

  /** For {@link Data#lastSteps}: the constrained layer is inside a LastTimeStep. */
  public static MultiLayerNetwork constrainedLastTimeStep() {
    return initialised(
        new MultiLayerNetwork(
            base()
                .list()
                .layer(
                    new LastTimeStep(
                        new LSTM.Builder()
                            .nOut(4)
                            .constrainWeights(new MaxNormConstraint(MAX_NORM, 0))
                            .build()))
                .layer(softmax(2))
                .setInputType(InputType.recurrent(3))
                .build()));
  }

  // ---------------------------------------------------------------- listeners

  /** Registers listeners as a user would; the network must be initialised. */
  public static <M extends Model> M listening(M network, TrainingListener... listeners) {
    network.setListeners(listeners);
    return network;
  }
}
