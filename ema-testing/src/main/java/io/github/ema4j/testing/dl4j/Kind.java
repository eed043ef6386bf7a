// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing.dl4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** Small networks whose training depends on everything that a checkpoint has to bring back. */
public enum Kind {
  /** Adam, with a rate that falls by iteration and dropout that changes by iteration. */
  MLP {
    @Override
    public Model network() {
      ExponentialSchedule rate = new ExponentialSchedule(ScheduleType.ITERATION, 0.05, 0.95);
      return mlp(base(new Adam(rate)), dense().dropOut(new Dropout(FALLING)).build());
    }
  },
  /** Batch normalisation and dropout, with a rate that falls by epoch. */
  CNN {
    @Override
    public Model network() {
      ExponentialSchedule rate = new ExponentialSchedule(ScheduleType.EPOCH, 0.05, 0.7);
      return new MultiLayerNetwork(
          base(new Nesterovs(rate, 0.9))
              .list()
              .layer(new ConvolutionLayer.Builder(3, 3).nOut(3).build())
              .layer(new BatchNormalization.Builder().build())
              .layer(dense().dropOut(0.6).build())
              .layer(softmax())
              .setInputType(InputType.convolutionalFlat(4, 3, 1))
              .build());
    }
  },
  LSTM {
    @Override
    public Model network() {
      return lstm(BackpropType.Standard);
    }

    @Override
    public DataSet batch(int index) {
      return sequences(index);
    }
  },
  LSTM_TRUNCATED {
    @Override
    public Model network() {
      return lstm(BackpropType.TruncatedBPTT);
    }

    @Override
    public DataSet batch(int index) {
      return sequences(index);
    }
  },
  /** Residual graph with batch normalisation of logarithmic deviation and dropout. */
  GRAPH {
    @Override
    public Model network() {
      return new ComputationGraph(
          base(new Adam(0.02))
              .graphBuilder()
              .addInputs("in")
              .addLayer("first", dense().build(), "in")
              .addLayer("norm", new BatchNormalization.Builder().useLogStd(true).build(), "first")
              .addLayer("second", dense().dropOut(0.7).build(), "norm")
              .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "first", "second")
              .addLayer("out", softmax(), "sum")
              .setOutputs("out")
              .setInputTypes(InputType.feedForward(FEATURES))
              .build());
    }
  },
  /** Constraints bite at every step, and are applied by Deeplearning4j after its listeners. */
  CONSTRAINED {
    @Override
    public Model network() {
      return mlp(
          base(new RmsProp(0.05)).constrainWeights(new MaxNormConstraint(0.7, 0)), dense().build());
    }
  },
  CONSTRAINED_GRAPH {
    @Override
    public Model network() {
      return new ComputationGraph(
          base(new AMSGrad(0.05))
              .constrainWeights(new MaxNormConstraint(0.7, 0))
              .graphBuilder()
              .addInputs("in")
              .addLayer("hidden", dense().build(), "in")
              .addLayer("out", softmax(), "hidden")
              .setOutputs("out")
              .setInputTypes(InputType.feedForward(FEATURES))
              .build());
    }
  },
  /** No updater state, noise on the weights, layer names beyond ASCII. */
  NOISY {
    @Override
    public Model network() {
      return mlp(
          base(new Sgd(0.1)), dense().name("größe ∑").weightNoise(new DropConnect(0.8)).build());
    }
  },
  DOUBLE {
    @Override
    public Model network() {
      return mlp(base(new Adam(0.02)).dataType(DataType.DOUBLE), dense().dropOut(0.7).build());
    }

    @Override
    public DataSet batch(int index) {
      DataSet batch = points(index);
      return new DataSet(
          batch.getFeatures().castTo(DataType.DOUBLE), batch.getLabels().castTo(DataType.DOUBLE));
    }
  },
  HALF {
    @Override
    public Model network() {
      return mlp(base(new Nesterovs(0.1, 0.9)).dataType(DataType.HALF), dense().build());
    }
  };

  /** Minibatches in an epoch. */
  public static final int BATCHES = 5;

  private static final int FEATURES = 12;
  private static final int CLASSES = 3;
  private static final ExponentialSchedule FALLING =
      new ExponentialSchedule(ScheduleType.ITERATION, 0.9, 0.98);

  /** A network that is not initialised, the same at every call. */
  public abstract Model network();

  /** An initialised network, the same at every call. */
  public Model initialised() {
    Model network = network();
    network.init();
    return network;
  }

  /** The minibatch of an iteration, repeating every epoch. */
  public DataSet batch(int index) {
    return points(index);
  }

  public List<DataSet> epoch() {
    List<DataSet> batches = new ArrayList<>();
    for (int i = 0; i < BATCHES; i++) {
      batches.add(batch(i));
    }
    return batches;
  }

  private static NeuralNetConfiguration.Builder base(IUpdater updater) {
    return new NeuralNetConfiguration.Builder()
        .seed(42)
        .updater(updater)
        .activation(Activation.TANH);
  }

  private static DenseLayer.Builder dense() {
    return new DenseLayer.Builder().nOut(6);
  }

  private static OutputLayer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(CLASSES)
        .build();
  }

  private static MultiLayerNetwork mlp(NeuralNetConfiguration.Builder base, Layer hidden) {
    return new MultiLayerNetwork(
        base.list()
            .layer(hidden)
            .layer(softmax())
            .setInputType(InputType.feedForward(FEATURES))
            .build());
  }

  private static MultiLayerNetwork lstm(BackpropType backprop) {
    return new MultiLayerNetwork(
        base(new Adam(0.02))
            .list()
            .layer(new LSTM.Builder().nOut(5).dropOut(0.8).build())
            .layer(
                new RnnOutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(2)
                    .build())
            .backpropType(backprop)
            .tBPTTLength(3)
            .setInputType(InputType.recurrent(3))
            .build());
  }

  private static DataSet points(int index) {
    Random random = new Random(100 + index % BATCHES);
    int examples = 8;
    INDArray features = Nd4j.create(DataType.FLOAT, examples, FEATURES);
    INDArray labels = Nd4j.create(DataType.FLOAT, examples, CLASSES);
    for (int i = 0; i < examples; i++) {
      int type = random.nextInt(CLASSES);
      for (int j = 0; j < FEATURES; j++) {
        features.putScalar(i, j, random.nextGaussian() + (j % CLASSES == type ? 1 : 0));
      }
      labels.putScalar(i, type, 1);
    }
    return new DataSet(features, labels);
  }

  /** Sequences of 7 steps: three segments under truncation. */
  private static DataSet sequences(int index) {
    int steps = 7;
    int examples = 4;
    Random random = new Random(100 + index % BATCHES);
    INDArray features = Nd4j.create(DataType.FLOAT, examples, 3, steps);
    INDArray labels = Nd4j.create(DataType.FLOAT, examples, 2, steps);
    for (int i = 0; i < examples; i++) {
      double sum = 0;
      for (int t = 0; t < steps; t++) {
        for (int j = 0; j < 3; j++) {
          double value = random.nextGaussian();
          features.putScalar(i, j, t, value);
          sum += value;
        }
        labels.putScalar(i, sum > 0 ? 1 : 0, t, 1);
      }
    }
    return new DataSet(features, labels);
  }
}
