// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import java.util.Random;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks and data for several workers; everything is the same each time it is made. */
final class Scene {

  /** Examples of a minibatch. */
  static final int BATCH = 8;

  private Scene() {}

  static NeuralNetConfiguration.Builder base() {
    return new NeuralNetConfiguration.Builder()
        .seed(11)
        .updater(new Adam(0.02))
        .activation(Activation.TANH);
  }

  private static OutputLayer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(3)
        .build();
  }

  /** With batch norm, whose statistics are among the parameters. */
  static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            base()
                .list()
                .layer(new DenseLayer.Builder().nOut(16).build())
                .layer(new BatchNormalization.Builder().build())
                .layer(softmax())
                .setInputType(InputType.feedForward(4))
                .build());
    network.init();
    return network;
  }

  static ComputationGraph graph() {
    ComputationGraph graph =
        new ComputationGraph(
            base()
                .graphBuilder()
                .addInputs("in")
                .addLayer("hidden", new DenseLayer.Builder().nOut(16).build(), "in")
                .addLayer("norm", new BatchNormalization.Builder().build(), "hidden")
                .addLayer("out", softmax(), "norm")
                .setOutputs("out")
                .setInputTypes(InputType.feedForward(4))
                .build());
    graph.init();
    return graph;
  }

  /** Three iterations for each minibatch of {@link #sequences}. */
  static MultiLayerNetwork truncatedInTime() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            base()
                .list()
                .layer(new LSTM.Builder().nOut(5).build())
                .layer(
                    new RnnOutputLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .nOut(1)
                        .build())
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTLength(3)
                .setInputType(InputType.recurrent(2))
                .build());
    network.init();
    return network;
  }

  /** Sequences of 7 steps. */
  static DataSet sequences(long seed, int examples) {
    Random random = new Random(seed);
    INDArray features = Nd4j.create(examples, 2, 7);
    for (long i = 0; i < features.length(); i++) {
      features.putScalar(i, random.nextGaussian());
    }
    return new DataSet(features, features.sum(true, 1));
  }

  static DataSetIterator batches(DataSet data) {
    return new ListDataSetIterator<>(data.asList(), BATCH);
  }

  static ParallelWrapper averaging(Model network, int workers, int frequency) {
    return new ParallelWrapper.Builder<>(network)
        .workers(workers)
        .averagingFrequency(frequency)
        .build();
  }

  static ParallelWrapper sharing(Model network, int workers) {
    return new ParallelWrapper.Builder<>(network)
        .workers(workers)
        .trainingMode(ParallelWrapper.TrainingMode.SHARED_GRADIENTS)
        .build();
  }
}
