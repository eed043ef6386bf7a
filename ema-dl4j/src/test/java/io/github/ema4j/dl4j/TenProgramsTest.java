// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.AlphaDropout;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Programs of several kinds train to the same bits with the line and without it. */
class TenProgramsTest {

  /** A program that makes a network, lets somebody register listeners, and trains it. */
  enum Program {
    PERCEPTRON_WITH_DROPOUT {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network =
            layers(
                base()
                    .list()
                    .layer(new DenseLayer.Builder().nOut(8).dropOut(new AlphaDropout(0.9)).build())
                    .layer(
                        new DenseLayer.Builder().nOut(6).weightNoise(new DropConnect(0.9)).build())
                    .layer(softmax(3))
                    .setInputType(InputType.feedForward(12)));
        line.accept(network);
        network.fit(Batches.of(points(24, 12, 3), 8), 3);
        return network;
      }
    },
    IMAGES_WITH_BATCH_NORM {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network = Nets.cnn();
        line.accept(network);
        network.fit(Batches.of(Data.images(5, 24), 8), 3);
        return network;
      }
    },
    SEQUENCES_IN_SEGMENTS_WITH_MASKS {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network = Nets.lstm(BackpropType.TruncatedBPTT);
        line.accept(network);
        network.fit(Batches.of(Data.sequences(2, 16, true), 8), 2);
        return network;
      }
    },
    GRAPH_OF_TWO_INPUTS_AND_OUTPUTS {
      @Override
      Model run(Consumer<Model> line) {
        ComputationGraph graph =
            new ComputationGraph(
                base()
                    .graphBuilder()
                    .addInputs("x", "y")
                    .addLayer("a", new DenseLayer.Builder().nIn(4).nOut(5).build(), "x")
                    .addLayer("b", new DenseLayer.Builder().nIn(3).nOut(5).build(), "y")
                    .addVertex("both", new MergeVertex(), "a", "b")
                    .addLayer("class", softmax(10, 3), "both")
                    .addLayer(
                        "value",
                        new OutputLayer.Builder(LossFunction.MSE)
                            .activation(Activation.IDENTITY)
                            .nIn(10)
                            .nOut(1)
                            .build(),
                        "both")
                    .setOutputs("class", "value")
                    .build());
        graph.init();
        line.accept(graph);
        MultiDataSet batch =
            new MultiDataSet(
                new INDArray[] {Nd4j.rand(8, 4), Nd4j.rand(8, 3)},
                new INDArray[] {oneHot(8, 3), Nd4j.rand(8, 1)});
        for (int i = 0; i < 5; i++) {
          graph.fit(batch);
        }
        return graph;
      }
    },
    PRETRAINED_AUTOENCODER {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network =
            layers(
                base()
                    .list()
                    .layer(new AutoEncoder.Builder().nOut(6).corruptionLevel(0.3).build())
                    .layer(softmax(3))
                    .setInputType(InputType.feedForward(12)));
        line.accept(network);
        DataSetIterator data = Batches.of(points(24, 12, 3), 8);
        network.pretrain(data);
        network.fit(data, 2);
        return network;
      }
    },
    TRANSFER_WITH_FROZEN_LAYERS {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork base = Nets.mlp();
        base.fit(Data.points(1, 24));
        MultiLayerNetwork network =
            new TransferLearning.Builder(base)
                .fineTuneConfiguration(
                    new FineTuneConfiguration.Builder().seed(3).updater(new Nesterovs(0.1)).build())
                .setFeatureExtractor(0)
                .build();
        line.accept(network);
        network.fit(Batches.of(Data.points(1, 24), 8), 3);
        return network;
      }
    },
    EARLY_STOPPING {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network = Nets.mlp();
        line.accept(network);
        new EarlyStoppingTrainer(
                new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
                    .scoreCalculator(
                        new DataSetLossCalculator(Batches.of(Data.points(2, 16), 8), true))
                    .epochTerminationConditions(new MaxEpochsTerminationCondition(3))
                    .build(),
                network,
                Batches.of(Data.points(1, 24), 8))
            .fit();
        return network;
      }
    },
    A_LOOP_OF_ONES_OWN {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network = Nets.mlp();
        line.accept(network);
        DataSet data = Data.points(1, 8);
        for (int i = 0; i < 5; i++) {
          network.setInput(data.getFeatures());
          network.setLabels(data.getLabels());
          network.computeGradientAndScore();
          Gradient gradient = network.gradient();
          network.getUpdater().update(network, gradient, i, 0, 8, LayerWorkspaceMgr.noWorkspaces());
          network.params().subi(network.getFlattenedGradients().reshape(network.params().shape()));
          network.getListeners().stream()
              .filter(ModelEmaListener.class::isInstance)
              .forEach(ema -> ((ModelEmaListener) ema).update(network));
        }
        return network;
      }
    },
    REGRESSION_WITH_A_NORMALIZER {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network =
            layers(
                base()
                    .l2(0.01)
                    .list()
                    .layer(new LSTM.Builder().nOut(5).build())
                    .layer(
                        new RnnOutputLayer.Builder(LossFunction.MSE)
                            .activation(Activation.IDENTITY)
                            .nOut(2)
                            .build())
                    .setInputType(InputType.recurrent(3)));
        line.accept(network);
        DataSetIterator data = Batches.of(Data.sequences(4, 16, true), 8);
        NormalizerStandardize normalizer = new NormalizerStandardize();
        normalizer.fit(data);
        DataSet normalized = Data.sequences(4, 16, true);
        normalizer.transform(normalized);
        network.fit(Batches.of(normalized, 8), 3);
        return network;
      }
    },
    WORD_VECTORS {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network =
            layers(
                base()
                    .list()
                    .layer(
                        new EmbeddingLayer.Builder().nIn(9).nOut(4).weightInit(vectors()).build())
                    .layer(softmax(4, 3)));
        line.accept(network);
        INDArray words = Nd4j.create(new float[] {0, 3, 8, 5, 2, 7, 1, 4}).reshape(8, 1);
        for (int i = 0; i < 5; i++) {
          network.fit(new DataSet(words, oneHot(8, 3)));
        }
        return network;
      }
    },
    SAMEDIFF_LAYER {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network =
            layers(
                base()
                    .list()
                    .layer(new Doubling(12, 5))
                    .layer(softmax(3))
                    .setInputType(InputType.feedForward(12)));
        line.accept(network);
        network.fit(Batches.of(points(16, 12, 3), 8), 2);
        return network;
      }
    },
    OBJECT_DETECTION {
      @Override
      Model run(Consumer<Model> line) {
        MultiLayerNetwork network =
            layers(
                base()
                    .list()
                    .layer(new ConvolutionLayer.Builder(1, 1).nOut(2 * (5 + 3)).build())
                    .layer(
                        new Yolo2OutputLayer.Builder()
                            .boundingBoxPriors(Nd4j.create(new float[][] {{1, 1}, {2, 2}}))
                            .build())
                    .setInputType(InputType.convolutional(6, 6, 2)));
        line.accept(network);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 4, 7, 6, 6);
        for (int i = 0; i < 4; i++) {
          for (int j = 0; j < 4; j++) {
            labels.putScalar(new int[] {i, j, 2, 2}, j < 2 ? 1.5 : 3.25);
          }
          labels.putScalar(new int[] {i, 4 + i % 3, 2, 2}, 1);
        }
        DataSet batch = new DataSet(Nd4j.rand(DataType.FLOAT, 4, 2, 6, 6), labels);
        for (int i = 0; i < 5; i++) {
          network.fit(batch);
        }
        return network;
      }
    };

    abstract Model run(Consumer<Model> line);

    private static NeuralNetConfiguration.Builder base() {
      return new NeuralNetConfiguration.Builder().seed(5).updater(new Adam(0.02));
    }

    private static MultiLayerNetwork layers(NeuralNetConfiguration.ListBuilder list) {
      MultiLayerNetwork network = new MultiLayerNetwork(list.build());
      network.init();
      return network;
    }

    private static OutputLayer softmax(int classes) {
      return softmax(0, classes);
    }

    private static OutputLayer softmax(int inputs, int classes) {
      return new OutputLayer.Builder(LossFunction.MCXENT)
          .activation(Activation.SOFTMAX)
          .nIn(inputs)
          .nOut(classes)
          .build();
    }

    private static INDArray vectors() {
      Nd4j.getRandom().setSeed(2);
      return Nd4j.rand(9, 4);
    }

    private static INDArray oneHot(int examples, int classes) {
      INDArray labels = Nd4j.zeros(DataType.FLOAT, examples, classes);
      for (int i = 0; i < examples; i++) {
        labels.putScalar(i, i % classes, 1);
      }
      return labels;
    }

    private static DataSet points(int examples, int features, int classes) {
      return new DataSet(Nd4j.rand(DataType.FLOAT, examples, features), oneHot(examples, classes));
    }
  }

  /** A user's layer. */
  public static final class Doubling extends SameDiffLayer {
    private final int in;
    private final int out;

    public Doubling(int in, int out) {
      this.in = in;
      this.out = out;
    }

    @Override
    public SDVariable defineLayer(
        SameDiff graph, SDVariable input, Map<String, SDVariable> params, SDVariable mask) {
      return graph.math.tanh(input.mmul(params.get("W")).mul(2));
    }

    @Override
    public void defineParameters(SDLayerParams params) {
      params.addWeightParam("W", in, out);
    }

    @Override
    public void initializeParameters(Map<String, INDArray> params) {
      params
          .get("W")
          .assign(Nd4j.linspace(-1, 1, (long) in * out, DataType.FLOAT).reshape(in, out));
    }

    @Override
    public InputType getOutputType(int index, InputType input) {
      return InputType.feedForward(out);
    }
  }

  private static long[] bits(INDArray array) {
    return Arrays.stream(array.dup('c').reshape(array.length()).data().asDouble())
        .mapToLong(Double::doubleToRawLongBits)
        .toArray();
  }

  private static Model run(Program program, Consumer<Model> line) {
    Nd4j.getRandom().setSeed(99);
    return program.run(line);
  }

  @ParameterizedTest
  @EnumSource
  void theLineChangesNoBit(Program program) {
    Model without = run(program, network -> {});
    ModelEmaListener ema = new ModelEmaListener(0.9);

    Model with =
        run(
            program,
            network -> {
              if (program == Program.A_LOOP_OF_ONES_OWN) {
                ema.start(network);
              }
              if (network instanceof MultiLayerNetwork layers) {
                layers.addListeners(ema);
              } else {
                ((ComputationGraph) network).addListeners(ema);
              }
            });

    assertArrayEquals(bits(without.params()), bits(with.params()));
    assertEquals(without.score(), with.score());
    assertTrue(ema.updateCount() > 0);
  }
}
