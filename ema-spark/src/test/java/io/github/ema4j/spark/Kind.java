// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.io.IOException;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks to train, and what a worker of Spark does with them. */
enum Kind {
  LAYERS {
    @Override
    Model create() {
      return layers(false);
    }
  },
  BATCH_NORM {
    @Override
    Model create() {
      return layers(true);
    }
  },
  GRAPH {
    @Override
    Model create() {
      // Names in no alphabetical order: a file or a worker that sorted them would mix up
      // parameters.
      ComputationGraphConfiguration conf =
          builder()
              .graphBuilder()
              .addInputs("in")
              .addLayer("wide", dense(Minibatches.FEATURES, 5), "in")
              .addLayer("norm", new BatchNormalization.Builder().nOut(5).build(), "wide")
              .addLayer("narrow", dense(Minibatches.FEATURES, 3), "in")
              .addVertex("both", new MergeVertex(), "norm", "narrow")
              .addLayer("a-output", output(8), "both")
              .setOutputs("a-output")
              .build();
      ComputationGraph graph = new ComputationGraph(conf);
      graph.init();
      return graph;
    }
  };

  /** An initialised network, the same each time. */
  abstract Model create();

  EmaSparkTraining<?> train(JavaSparkContext sc, Model network, TrainingMaster<?, ?> master)
      throws IOException {
    return network instanceof MultiLayerNetwork mln
        ? EmaSparkTraining.of(sc, mln, master)
        : EmaSparkTraining.of(sc, (ComputationGraph) network, master);
  }

  private static NeuralNetConfiguration.Builder builder() {
    return new NeuralNetConfiguration.Builder()
        .seed(7)
        .updater(new Adam(0.01))
        .activation(Activation.TANH);
  }

  private static DenseLayer dense(int in, int out) {
    return new DenseLayer.Builder().nIn(in).nOut(out).build();
  }

  private static OutputLayer output(int in) {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nIn(in)
        .nOut(Minibatches.CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static MultiLayerNetwork layers(boolean batchNorm) {
    NeuralNetConfiguration.ListBuilder list =
        builder().list().layer(dense(Minibatches.FEATURES, 6));
    if (batchNorm) {
      list.layer(new BatchNormalization.Builder().nOut(6).build());
    }
    MultiLayerConfiguration conf = list.layer(output(6)).build();
    MultiLayerNetwork network = new MultiLayerNetwork(conf);
    network.init();
    return network;
  }

  // ---------------------------------------------------------------- as a worker does

  /** A copy with its own weights, updater state and counts. */
  static Model copy(Model network) {
    INDArray params = network.params().dup();
    if (network instanceof MultiLayerNetwork mln) {
      MultiLayerNetwork copy = new MultiLayerNetwork(mln.getLayerWiseConfigurations().clone());
      copy.init(params, false);
      copy.setUpdater(new MultiLayerUpdater(copy, mln.getUpdater().getStateViewArray().dup()));
      return copy;
    }
    ComputationGraph graph = (ComputationGraph) network;
    ComputationGraph copy = new ComputationGraph(graph.getConfiguration().clone());
    copy.init(params, false);
    copy.setUpdater(
        new ComputationGraphUpdater(copy, graph.getUpdater().getStateViewArray().dup()));
    return copy;
  }

  static void fit(Model network, MultiDataSet minibatch) {
    if (network instanceof MultiLayerNetwork mln) {
      mln.fit(
          new org.nd4j.linalg.dataset.DataSet(minibatch.getFeatures(0), minibatch.getLabels(0)));
    } else {
      ((ComputationGraph) network).fit(minibatch);
    }
  }
}
