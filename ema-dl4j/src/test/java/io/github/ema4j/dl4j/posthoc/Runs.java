// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** A small network, noisy data, and training on it: the same each time. */
final class Runs {

  static final int BATCHES = 20;

  private Runs() {}

  private static NeuralNetConfiguration.Builder base() {
    return new NeuralNetConfiguration.Builder()
        .seed(7)
        .updater(new Adam(0.02))
        .activation(Activation.TANH);
  }

  private static DenseLayer hidden() {
    return new DenseLayer.Builder().nIn(3).nOut(6).build();
  }

  private static OutputLayer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nIn(6)
        .nOut(2)
        .build();
  }

  static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            base()
                .list()
                .layer(hidden())
                .layer(new BatchNormalization.Builder().nIn(6).nOut(6).build())
                .layer(softmax())
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
                .addLayer("hidden", hidden(), "in")
                .addLayer("out", softmax(), "hidden")
                .setOutputs("out")
                .build());
    graph.init();
    return graph;
  }

  /** Points of two classes, with a fifth of the labels wrong. */
  static DataSet data() {
    int examples = 8 * BATCHES;
    Random random = new Random(11);
    INDArray features = Nd4j.create(examples, 3);
    INDArray labels = Nd4j.create(examples, 2);
    for (int i = 0; i < examples; i++) {
      int type = random.nextInt(2);
      for (int j = 0; j < 3; j++) {
        features.putScalar(i, j, random.nextGaussian() + type);
      }
      labels.putScalar(i, random.nextDouble() < 0.2 ? 1 - type : type, 1);
    }
    return new DataSet(features, labels);
  }

  static List<DataSet> batches() {
    return data().batchBy(8);
  }

  static void fit(MultiLayerNetwork network, int epochs) {
    for (int epoch = 0; epoch < epochs; epoch++) {
      batches().forEach(network::fit);
    }
  }

  static void fit(ComputationGraph graph, int epochs) {
    for (int epoch = 0; epoch < epochs; epoch++) {
      batches().forEach(graph::fit);
    }
  }
}
