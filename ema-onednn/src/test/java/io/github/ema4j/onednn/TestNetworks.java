// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks of the common kinds, for pictures of 16 x 16, and data for them. */
enum TestNetworks {
  /** Convolutions with bias, pooling, a rectified dense layer. */
  LENET {
    @Override
    Model build(NeuralNetConfiguration.Builder builder) {
      return init(
          builder
              .list()
              .layer(new ConvolutionLayer.Builder(5, 5).nOut(8).build())
              .layer(maxPooling())
              .layer(new ConvolutionLayer.Builder(3, 3).nOut(12).build())
              .layer(maxPooling())
              .layer(new DenseLayer.Builder().nOut(40).activation(Activation.RELU).build())
              .layer(outputLayer())
              .setInputType(InputType.convolutional(SIZE, SIZE, CHANNELS)));
    }
  },
  /** Rectified convolutions with dropout. */
  RECTIFIED {
    @Override
    Model build(NeuralNetConfiguration.Builder builder) {
      return init(
          builder
              .activation(Activation.RELU)
              .list()
              .layer(new ConvolutionLayer.Builder(3, 3).nOut(8).build())
              .layer(new ConvolutionLayer.Builder(3, 3).nOut(8).dropOut(new Dropout(0.7)).build())
              .layer(maxPooling())
              .layer(new DenseLayer.Builder().nOut(40).dropOut(new Dropout(0.7)).build())
              .layer(outputLayer())
              .setInputType(InputType.convolutional(SIZE, SIZE, CHANNELS)));
    }
  },
  /** Convolution, batch norm, ReLU, pooling, three times. */
  NORMALIZED {
    @Override
    Model build(NeuralNetConfiguration.Builder builder) {
      NeuralNetConfiguration.ListBuilder list = builder.list();
      for (int channels = 8; channels <= 32; channels *= 2) {
        list.layer(new ConvolutionLayer.Builder(3, 3).padding(1, 1).nOut(channels).build())
            .layer(new BatchNormalization())
            .layer(new ActivationLayer(Activation.RELU))
            .layer(maxPooling());
      }
      return init(
          list.layer(new GlobalPoolingLayer(PoolingType.AVG))
              .layer(outputLayer())
              .setInputType(InputType.convolutional(SIZE, SIZE, CHANNELS)));
    }
  },
  /** Residual blocks, down to single elements with many channels. */
  RESIDUAL {
    @Override
    Model build(NeuralNetConfiguration.Builder builder) {
      GraphBuilder graph = graph(builder);
      String last = unit(graph, "stem", "in", 8, 3, 1, Activation.RELU);
      for (int stage = 0; stage < 4; stage++) {
        int channels = 8 << stage;
        int stride = stage == 0 ? 1 : 2;
        String name = "stage" + stage;
        String main = unit(graph, name + "a", last, channels, 3, stride, Activation.RELU);
        main = unit(graph, name + "b", main, channels, 3, 1, null);
        String shortcut =
            stage == 0 ? last : unit(graph, name + "c", last, channels, 1, stride, null);
        graph.addVertex(
            name + "sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), main, shortcut);
        last = name + "out";
        graph.addLayer(last, new ActivationLayer(Activation.RELU), name + "sum");
      }
      return finish(graph, last);
    }
  },
  /** Expansion, depthwise convolution and projection, with ReLU6. */
  INVERTED {
    @Override
    Model build(NeuralNetConfiguration.Builder builder) {
      GraphBuilder graph = graph(builder);
      String last = unit(graph, "stem", "in", 8, 3, 2, Activation.RELU6);
      for (int block = 0; block < 3; block++) {
        String name = "block" + block;
        String main = unit(graph, name + "a", last, 24, 1, 1, Activation.RELU6);
        graph.addLayer(
            name + "deep",
            new DepthwiseConvolution2D.Builder(3, 3).padding(1, 1).hasBias(false).build(),
            main);
        graph.addLayer(name + "deepnorm", new BatchNormalization(), name + "deep");
        graph.addLayer(name + "deepact", new ActivationLayer(Activation.RELU6), name + "deepnorm");
        main = unit(graph, name + "b", name + "deepact", 8, 1, 1, null);
        graph.addVertex(name + "sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), main, last);
        last = name + "sum";
      }
      return finish(graph, last);
    }
  };

  static final int SIZE = 16;
  static final int CHANNELS = 3;
  static final int CLASSES = 5;

  abstract Model build(NeuralNetConfiguration.Builder builder);

  Model create() {
    return create(WorkspaceMode.ENABLED);
  }

  Model create(WorkspaceMode workspaces) {
    return build(
        new NeuralNetConfiguration.Builder()
            .seed(5)
            .weightInit(WeightInit.RELU)
            .activation(Activation.IDENTITY)
            .updater(new Nesterovs(0.02, 0.9))
            .trainingWorkspaceMode(workspaces)
            .inferenceWorkspaceMode(workspaces));
  }

  static AccelerationReport accelerate(Model network) {
    return network instanceof ComputationGraph graph
        ? OneDnn.accelerate(graph)
        : OneDnn.accelerate((MultiLayerNetwork) network);
  }

  static void fit(Model network, DataSet data) {
    if (network instanceof ComputationGraph graph) {
      graph.fit(data);
    } else {
      ((MultiLayerNetwork) network).fit(data);
    }
  }

  static INDArray output(Model network, INDArray x) {
    return network instanceof ComputationGraph graph
        ? graph.outputSingle(x)
        : ((MultiLayerNetwork) network).output(x);
  }

  /** Batches of different sizes. */
  static List<DataSet> batches(int n) {
    List<DataSet> batches = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      batches.add(batch(i, 6 + i % 3));
    }
    return batches;
  }

  static DataSet batch(int seed, int size) {
    Random random = new Random(seed);
    float[] values = new float[size * CHANNELS * SIZE * SIZE];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    INDArray x = Nd4j.createFromArray(values).reshape(size, CHANNELS, SIZE, SIZE);
    INDArray labels = Nd4j.zeros(DataType.FLOAT, size, CLASSES);
    for (int i = 0; i < size; i++) {
      labels.putScalar(i, (i + seed) % CLASSES, 1);
    }
    return new DataSet(x, labels);
  }

  private static SubsamplingLayer maxPooling() {
    return new SubsamplingLayer.Builder(PoolingType.MAX).kernelSize(2, 2).stride(2, 2).build();
  }

  private static OutputLayer outputLayer() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(CLASSES)
        .activation(Activation.SOFTMAX)
        .weightInit(WeightInit.XAVIER)
        .build();
  }

  private static MultiLayerNetwork init(NeuralNetConfiguration.ListBuilder list) {
    MultiLayerNetwork network = new MultiLayerNetwork(list.build());
    network.init();
    return network;
  }

  private static GraphBuilder graph(NeuralNetConfiguration.Builder builder) {
    return builder
        .graphBuilder()
        .addInputs("in")
        .setInputTypes(InputType.convolutional(SIZE, SIZE, CHANNELS));
  }

  private static String unit(
      GraphBuilder graph,
      String name,
      String from,
      int channels,
      int kernel,
      int stride,
      Activation activation) {
    graph.addLayer(
        name,
        new ConvolutionLayer.Builder(kernel, kernel)
            .stride(stride, stride)
            .padding(kernel / 2, kernel / 2)
            .nOut(channels)
            .hasBias(false)
            .build(),
        from);
    graph.addLayer(name + "norm", new BatchNormalization(), name);
    if (activation == null) {
      return name + "norm";
    }
    graph.addLayer(name + "act", new ActivationLayer(activation), name + "norm");
    return name + "act";
  }

  private static ComputationGraph finish(GraphBuilder graph, String last) {
    graph
        .addLayer("mean", new GlobalPoolingLayer(PoolingType.AVG), last)
        .addLayer("out", outputLayer(), "mean")
        .setOutputs("out");
    ComputationGraph network = new ComputationGraph(graph.build());
    network.init();
    return network;
  }
}
