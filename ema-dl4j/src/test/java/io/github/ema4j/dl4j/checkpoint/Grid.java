// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.constraint.*;
import org.deeplearning4j.nn.conf.distribution.*;
import org.deeplearning4j.nn.conf.dropout.*;
import org.deeplearning4j.nn.conf.graph.*;
import org.deeplearning4j.nn.conf.graph.rnn.*;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.*;
import org.deeplearning4j.nn.conf.layers.convolutional.*;
import org.deeplearning4j.nn.conf.layers.misc.*;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.*;
import org.deeplearning4j.nn.conf.layers.util.*;
import org.deeplearning4j.nn.conf.layers.variational.*;
import org.deeplearning4j.nn.conf.ocnn.OCNNOutputLayer;
import org.deeplearning4j.nn.conf.preprocessor.*;
import org.deeplearning4j.nn.conf.weightnoise.*;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.util.IdentityLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.*;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationPReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.*;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.lossfunctions.impl.*;
import org.nd4j.linalg.schedule.*;

/** Small networks with every setting that Deeplearning4j has, each in one of them at least. */
final class Grid {

  /**
   * A network to be saved.
   *
   * @param name unique
   * @param network not initialised, the same at every call
   * @param data to train on; labels are made to fit where there are none
   */
  record Case(String name, Supplier<Model> network, Supplier<DataSet> data) {

    @Override
    public String toString() {
      return name;
    }

    DataSet batch(Model network) {
      Nd4j.getRandom().setSeed(7);
      DataSet batch = data.get();
      if (batch.getLabels() == null) {
        INDArray output =
            network instanceof MultiLayerNetwork layers
                ? layers.output(batch.getFeatures())
                : ((ComputationGraph) network).outputSingle(batch.getFeatures());
        batch.setLabels(Nd4j.rand(output.dataType(), output.shape()));
      }
      return batch;
    }
  }

  private static final int EXAMPLES = 4;
  private static final InputType POINTS = InputType.feedForward(6);
  private static final InputType IMAGES = InputType.convolutional(6, 6, 2);
  private static final InputType CHANNELS_LAST = InputType.convolutional(6, 6, 2, CNN2DFormat.NHWC);
  private static final InputType SEQUENCES = InputType.recurrent(3, 6);
  private static final InputType VOLUMES =
      InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 4, 4, 4, 2);

  private final List<Case> cases = new ArrayList<>();

  private Grid() {}

  static List<Case> all() {
    Grid grid = new Grid();
    grid.layers();
    grid.images();
    grid.sequences();
    grid.volumes();
    grid.vertices();
    grid.settings();
    return grid.cases;
  }

  // ---------------------------------------------------------------- how cases are made

  private static NeuralNetConfiguration.Builder base() {
    return new NeuralNetConfiguration.Builder().seed(5).updater(new Adam(0.02));
  }

  private static DataSet features(InputType type) {
    long[] shape = type.getShape(true);
    shape[0] = EXAMPLES;
    return new DataSet(Nd4j.rand(DataType.FLOAT, shape), null);
  }

  private void add(String name, Supplier<Model> network, Supplier<DataSet> data) {
    cases.add(new Case(name, network, data));
  }

  private static MultiLayerNetwork network(InputType type, Layer... layers) {
    ListBuilder list = base().list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    return new MultiLayerNetwork((type == null ? list : list.setInputType(type)).build());
  }

  /** Layers with an output layer, or the loss that they end in. */
  private void stack(String name, InputType type, Supplier<Layer[]> layers) {
    add(name, () -> network(type, layers.get()), () -> features(type));
  }

  private void points(String name, Supplier<Layer> layer) {
    stack(name, POINTS, () -> new Layer[] {layer.get(), out()});
  }

  private void images(String name, Supplier<Layer> layer) {
    stack(name, IMAGES, () -> new Layer[] {layer.get(), out()});
  }

  private void sequences(String name, Supplier<Layer> layer) {
    stack(name, SEQUENCES, () -> new Layer[] {layer.get(), rnnOut()});
  }

  private void volumes(String name, Supplier<Layer> layer) {
    stack(
        name,
        VOLUMES,
        () ->
            new Layer[] {
              layer.get(), new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), out()
            });
  }

  private void setting(String name, UnaryOperator<NeuralNetConfiguration.Builder> setting) {
    add(
        name,
        () ->
            new MultiLayerNetwork(
                setting
                    .apply(base())
                    .list()
                    .layer(new DenseLayer.Builder().nOut(4).build())
                    .layer(out())
                    .setInputType(POINTS)
                    .build()),
        () -> features(POINTS));
  }

  private void graph(String name, InputType type, java.util.function.Consumer<GraphBuilder> graph) {
    add(
        name,
        () -> {
          GraphBuilder builder = base().graphBuilder().addInputs("in").setInputTypes(type);
          graph.accept(builder);
          return new ComputationGraph(builder.setOutputs("out").build());
        },
        () -> features(type));
  }

  private static DenseLayer dense() {
    return new DenseLayer.Builder().nOut(4).activation(Activation.TANH).build();
  }

  private static OutputLayer out() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(3)
        .build();
  }

  private static RnnOutputLayer rnnOut() {
    return new RnnOutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(3)
        .build();
  }

  private static LSTM lstm() {
    return new LSTM.Builder().nOut(4).build();
  }

  private static ConvolutionLayer conv() {
    return new ConvolutionLayer.Builder(3, 3).nOut(3).build();
  }

  private static ISchedule falling() {
    return new ExponentialSchedule(ScheduleType.ITERATION, 0.9, 0.98);
  }

  // ---------------------------------------------------------------- layers

  private void layers() {
    points("DenseLayer", Grid::dense);
    points(
        "DenseLayer, layer norm",
        () -> new DenseLayer.Builder().nOut(4).hasLayerNorm(true).build());
    points("DenseLayer, no bias", () -> new DenseLayer.Builder().nOut(4).hasBias(false).build());
    points("ActivationLayer", () -> new ActivationLayer(Activation.RELU));
    points("PReLULayer", () -> new PReLULayer.Builder().inputShape(6).build());
    points("DropoutLayer", () -> new DropoutLayer(0.7));
    points("BatchNormalization", () -> new BatchNormalization.Builder().useLogStd(false).build());
    points(
        "BatchNormalization, log", () -> new BatchNormalization.Builder().useLogStd(true).build());
    points("BatchNormalization, locked", () -> new BatchNormalization.Builder(true).build());
    points(
        "ElementWiseMultiplicationLayer",
        () -> new ElementWiseMultiplicationLayer.Builder().nIn(6).nOut(6).build());
    points("IdentityLayer", IdentityLayer::new);
    points("AutoEncoder", () -> new AutoEncoder.Builder().nOut(4).build());
    points("FrozenLayer", () -> new FrozenLayer(dense()));
    points("FrozenLayerWithBackprop", () -> new FrozenLayerWithBackprop(dense()));
    List<ReconstructionDistribution> distributions =
        List.of(
            new GaussianReconstructionDistribution(Activation.IDENTITY),
            new BernoulliReconstructionDistribution(Activation.SIGMOID),
            new ExponentialReconstructionDistribution(Activation.IDENTITY),
            new LossFunctionWrapper(Activation.IDENTITY, new LossMSE()),
            new CompositeReconstructionDistribution.Builder()
                .addDistribution(2, new GaussianReconstructionDistribution())
                .addDistribution(4, new BernoulliReconstructionDistribution())
                .build());
    for (ReconstructionDistribution distribution : distributions) {
      points(
          "VariationalAutoencoder, " + distribution.getClass().getSimpleName(),
          () ->
              new VariationalAutoencoder.Builder()
                  .nOut(3)
                  .encoderLayerSizes(4)
                  .decoderLayerSizes(4)
                  .reconstructionDistribution(distribution)
                  .build());
    }
    stack(
        "CenterLossOutputLayer",
        POINTS,
        () ->
            new Layer[] {
              dense(),
              new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
                  .activation(Activation.SOFTMAX)
                  .nOut(3)
                  .alpha(0.1)
                  .lambda(0.01)
                  .build()
            });
    stack(
        "OCNNOutputLayer",
        POINTS,
        () ->
            new Layer[] {dense(), new OCNNOutputLayer.Builder().nIn(4).hiddenLayerSize(3).build()});
    stack(
        "LossLayer",
        POINTS,
        () -> new Layer[] {dense(), new LossLayer.Builder(LossFunction.MSE).build()});
    stack(
        "RepeatVector",
        POINTS,
        () -> new Layer[] {dense(), new RepeatVector.Builder<>(3).build(), rnnOut()});
    add(
        "EmbeddingLayer",
        () ->
            network(
                null,
                new EmbeddingLayer.Builder().nIn(9).nOut(4).hasBias(true).build(),
                new OutputLayer.Builder(LossFunction.MSE).nIn(4).nOut(3).build()),
        () -> words(EXAMPLES, 1));
    add(
        "EmbeddingLayer, from an array",
        () -> {
          Nd4j.getRandom().setSeed(2);
          return network(
              null,
              new EmbeddingLayer.Builder().nIn(9).nOut(4).weightInit(Nd4j.rand(9, 4)).build(),
              new OutputLayer.Builder(LossFunction.MSE).nIn(4).nOut(3).build());
        },
        () -> words(EXAMPLES, 1));
    add(
        "EmbeddingSequenceLayer",
        () ->
            network(
                null,
                new EmbeddingSequenceLayer.Builder().nIn(9).nOut(4).inputLength(5).build(),
                new GlobalPoolingLayer.Builder(PoolingType.AVG).build(),
                new OutputLayer.Builder(LossFunction.MSE).nIn(4).nOut(3).build()),
        () -> words(EXAMPLES, 5));
    add(
        "EmbeddingSequenceLayer, from an array",
        () -> {
          Nd4j.getRandom().setSeed(2);
          return network(
              null,
              new EmbeddingSequenceLayer.Builder()
                  .nIn(9)
                  .nOut(4)
                  .inputLength(5)
                  .weightInit(Nd4j.rand(9, 4))
                  .build(),
              new GlobalPoolingLayer.Builder(PoolingType.AVG).build(),
              new OutputLayer.Builder(LossFunction.MSE).nIn(4).nOut(3).build());
        },
        () -> words(EXAMPLES, 5));
  }

  private static DataSet words(int rows, int columns) {
    INDArray words = Nd4j.create(DataType.FLOAT, rows, columns);
    for (int i = 0; i < words.length(); i++) {
      words.putScalar(i, i * 5 % 9);
    }
    return new DataSet(words, null);
  }

  private void images() {
    images("ConvolutionLayer", Grid::conv);
    images(
        "ConvolutionLayer, dilated",
        () -> new ConvolutionLayer.Builder(2, 2).dilation(2, 2).nOut(3).build());
    images(
        "ConvolutionLayer, strided",
        () ->
            new ConvolutionLayer.Builder(2, 2)
                .stride(2, 2)
                .padding(1, 1)
                .nOut(3)
                .hasBias(false)
                .build());
    images(
        "ConvolutionLayer, same size",
        () ->
            new ConvolutionLayer.Builder(2, 2)
                .nOut(3)
                .convolutionMode(ConvolutionMode.Same)
                .build());
    images("Deconvolution2D", () -> new Deconvolution2D.Builder(2, 2).nOut(3).build());
    images(
        "DepthwiseConvolution2D",
        () -> new DepthwiseConvolution2D.Builder(2, 2).depthMultiplier(2).build());
    images(
        "SeparableConvolution2D", () -> new SeparableConvolution2D.Builder(2, 2).nOut(3).build());
    images(
        "LocallyConnected2D",
        () -> new LocallyConnected2D.Builder().kernelSize(2, 2).nOut(2).setInputSize(6, 6).build());
    for (SubsamplingLayer.PoolingType pooling :
        List.of(
            SubsamplingLayer.PoolingType.MAX,
            SubsamplingLayer.PoolingType.AVG,
            SubsamplingLayer.PoolingType.PNORM)) {
      images(
          "SubsamplingLayer, " + pooling,
          () ->
              new SubsamplingLayer.Builder(pooling, new int[] {2, 2}, new int[] {2, 2})
                  .pnorm(2)
                  .build());
    }
    images("GlobalPoolingLayer", () -> new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
    stack(
        "LocalResponseNormalization",
        IMAGES,
        () -> new Layer[] {conv(), new LocalResponseNormalization.Builder().build(), out()});
    images("ZeroPaddingLayer", () -> new ZeroPaddingLayer.Builder(1, 1).build());
    images("Cropping2D", () -> new Cropping2D.Builder(1, 1).build());
    images("Upsampling2D", () -> new Upsampling2D.Builder(2).build());
    images("SpaceToBatchLayer", () -> new SpaceToBatchLayer.Builder<>(new int[] {1, 1}).build());
    images("SpaceToDepthLayer", () -> new SpaceToDepthLayer.Builder<>(2, CNN2DFormat.NCHW).build());
    images("BatchNormalization of images", () -> new BatchNormalization.Builder().build());
    images(
        "PReLULayer of images",
        () -> new PReLULayer.Builder().inputShape(2, 6, 6).sharedAxes(2, 3).build());
    images(
        "SpatialDropout",
        () -> new ConvolutionLayer.Builder(2, 2).nOut(3).dropOut(new SpatialDropout(0.8)).build());
    stack(
        "CnnLossLayer",
        IMAGES,
        () -> new Layer[] {conv(), new CnnLossLayer.Builder(LossFunction.MSE).build()});
    stack(
        "capsules",
        IMAGES,
        () ->
            new Layer[] {
              new PrimaryCapsules.Builder(4, 2).kernelSize(3, 3).stride(2, 2).build(),
              new CapsuleLayer.Builder(3, 4, 2).build(),
              new CapsuleStrengthLayer.Builder().build(),
              new LossLayer.Builder(LossFunction.MSE).build()
            });
    add(
        "Yolo2OutputLayer",
        () ->
            network(
                IMAGES,
                new ConvolutionLayer.Builder(1, 1).nOut(2 * (5 + 3)).build(),
                new Yolo2OutputLayer.Builder()
                    .boundingBoxPriors(Nd4j.create(new float[][] {{1, 1}, {2, 2}}))
                    .build()),
        () -> {
          DataSet batch = features(IMAGES);
          INDArray labels = Nd4j.zeros(DataType.FLOAT, EXAMPLES, 4 + 3, 6, 6);
          for (int i = 0; i < EXAMPLES; i++) {
            labels.putScalar(new int[] {i, 0, 2, 2}, 1.5);
            labels.putScalar(new int[] {i, 1, 2, 2}, 1.5);
            labels.putScalar(new int[] {i, 2, 2, 2}, 3.25);
            labels.putScalar(new int[] {i, 3, 2, 2}, 3.25);
            labels.putScalar(new int[] {i, 4 + i % 3, 2, 2}, 1);
          }
          batch.setLabels(labels);
          return batch;
        });
    for (Layer last :
        List.of(
            new ConvolutionLayer.Builder(2, 2).nOut(3).dataFormat(CNN2DFormat.NHWC).build(),
            new SubsamplingLayer.Builder(2, 2).dataFormat(CNN2DFormat.NHWC).build(),
            new SeparableConvolution2D.Builder(2, 2).nOut(3).dataFormat(CNN2DFormat.NHWC).build(),
            new BatchNormalization.Builder().dataFormat(CNN2DFormat.NHWC).build())) {
      stack(
          "channels last, " + last.getClass().getSimpleName(),
          CHANNELS_LAST,
          () -> new Layer[] {last.clone(), out()});
    }
  }

  private void sequences() {
    sequences("LSTM", Grid::lstm);
    sequences("GravesLSTM", () -> new GravesLSTM.Builder().nOut(4).build());
    sequences(
        "GravesBidirectionalLSTM", () -> new GravesBidirectionalLSTM.Builder().nOut(4).build());
    sequences("SimpleRnn", () -> new SimpleRnn.Builder().nOut(4).build());
    sequences(
        "SimpleRnn, layer norm", () -> new SimpleRnn.Builder().nOut(4).hasLayerNorm(true).build());
    for (Bidirectional.Mode mode : Bidirectional.Mode.values()) {
      sequences("Bidirectional, " + mode, () -> new Bidirectional(mode, lstm()));
    }
    sequences("TimeDistributed", () -> new TimeDistributed(dense()));
    sequences("MaskZeroLayer", () -> new MaskZeroLayer(lstm(), 0));
    sequences("MaskLayer", MaskLayer::new);
    sequences("Convolution1DLayer", () -> new Convolution1DLayer.Builder(2).nOut(4).build());
    sequences(
        "Convolution1DLayer, causal",
        () ->
            new Convolution1DLayer.Builder(2)
                .nOut(4)
                .convolutionMode(ConvolutionMode.Causal)
                .build());
    sequences(
        "LocallyConnected1D",
        () -> new LocallyConnected1D.Builder().kernelSize(2).nOut(4).setInputSize(6).build());
    sequences("Subsampling1DLayer", () -> new Subsampling1DLayer.Builder(2).build());
    sequences("Cropping1D", () -> new Cropping1D.Builder(1).build());
    sequences("ZeroPadding1DLayer", () -> new ZeroPadding1DLayer.Builder(1).build());
    sequences("Upsampling1D", () -> new Upsampling1D.Builder(2).build());
    sequences(
        "SelfAttentionLayer",
        () -> new SelfAttentionLayer.Builder().nHeads(2).nOut(4).projectInput(true).build());
    sequences(
        "RecurrentAttentionLayer",
        () -> new RecurrentAttentionLayer.Builder().nHeads(1).nOut(4).projectInput(true).build());
    stack(
        "LearnedSelfAttentionLayer",
        SEQUENCES,
        () ->
            new Layer[] {
              new LearnedSelfAttentionLayer.Builder()
                  .nHeads(1)
                  .nOut(4)
                  .nQueries(2)
                  .projectInput(true)
                  .build(),
              rnnOut()
            });
    stack("LastTimeStep", SEQUENCES, () -> new Layer[] {new LastTimeStep(lstm()), out()});
    stack(
        "RnnLossLayer",
        SEQUENCES,
        () -> new Layer[] {lstm(), new RnnLossLayer.Builder(LossFunction.MSE).build()});
    stack(
        "GlobalPoolingLayer of sequences",
        SEQUENCES,
        () -> new Layer[] {lstm(), new GlobalPoolingLayer.Builder(PoolingType.MAX).build(), out()});
    add(
        "LSTM, channels last",
        () ->
            network(
                InputType.recurrent(3, 6, RNNFormat.NWC),
                new LSTM.Builder().nOut(4).dataFormat(RNNFormat.NWC).build(),
                new RnnOutputLayer.Builder(LossFunction.MSE)
                    .nOut(3)
                    .dataFormat(RNNFormat.NWC)
                    .build()),
        () -> new DataSet(Nd4j.rand(DataType.FLOAT, EXAMPLES, 6, 3), null));
    for (BackpropType type : BackpropType.values()) {
      add(
          "BackpropType " + type,
          () ->
              new MultiLayerNetwork(
                  base()
                      .list()
                      .layer(lstm())
                      .layer(rnnOut())
                      .backpropType(type)
                      .tBPTTLength(3)
                      .setInputType(SEQUENCES)
                      .build()),
          () -> features(SEQUENCES));
    }
    Map<String, InputPreProcessor> preprocessors =
        Map.of(
            "RnnToFeedForwardPreProcessor", new RnnToFeedForwardPreProcessor(),
            "ComposableInputPreProcessor",
                new ComposableInputPreProcessor(new RnnToFeedForwardPreProcessor()));
    preprocessors.forEach(
        (name, preprocessor) ->
            add(
                name,
                () ->
                    new MultiLayerNetwork(
                        base()
                            .list()
                            .layer(new DenseLayer.Builder().nIn(3).nOut(4).build())
                            .layer(new OutputLayer.Builder(LossFunction.MSE).nIn(4).nOut(2).build())
                            .inputPreProcessor(0, preprocessor.clone())
                            .build()),
                () -> features(SEQUENCES)));
    add(
        "images to sequences",
        () ->
            new MultiLayerNetwork(
                base()
                    .list()
                    .layer(conv())
                    .layer(new LSTM.Builder().nIn(48).nOut(4).build())
                    .layer(new RnnOutputLayer.Builder(LossFunction.MSE).nOut(2).build())
                    .inputPreProcessor(1, new CnnToRnnPreProcessor(4, 4, 3))
                    .setInputType(IMAGES)
                    .build()),
        () -> features(IMAGES));
    add(
        "sequences to images",
        () ->
            new MultiLayerNetwork(
                base()
                    .list()
                    .layer(new ConvolutionLayer.Builder(2, 2).nIn(1).nOut(2).build())
                    .layer(new OutputLayer.Builder(LossFunction.MSE).nIn(4).nOut(2).build())
                    .inputPreProcessor(0, new RnnToCnnPreProcessor(3, 2, 1))
                    .inputPreProcessor(1, new CnnToFeedForwardPreProcessor(2, 1, 2))
                    .build()),
        () ->
            new DataSet(
                Nd4j.rand(DataType.FLOAT, EXAMPLES, 6, 5),
                Nd4j.rand(DataType.FLOAT, 5 * EXAMPLES, 2)));
  }

  private void volumes() {
    volumes("Convolution3D", () -> new Convolution3D.Builder(2, 2, 2).nOut(2).build());
    volumes(
        "Deconvolution3D",
        () -> new Deconvolution3D.Builder().kernelSize(2, 2, 2).stride(1, 1, 1).nOut(2).build());
    volumes("Subsampling3DLayer", () -> new Subsampling3DLayer.Builder(2, 2, 2).build());
    stack(
        "Cropping3D", VOLUMES, () -> new Layer[] {new Cropping3D.Builder(1, 1, 1).build(), out()});
    volumes("ZeroPadding3DLayer", () -> new ZeroPadding3DLayer.Builder(1, 1, 1).build());
    volumes("Upsampling3D", () -> new Upsampling3D.Builder(2).build());
    stack(
        "Cnn3DLossLayer",
        VOLUMES,
        () ->
            new Layer[] {
              new Convolution3D.Builder(2, 2, 2).nOut(2).build(),
              new Cnn3DLossLayer.Builder(Convolution3D.DataFormat.NCDHW)
                  .lossFunction(LossFunction.MSE)
                  .build()
            });
    stack(
        "images of points",
        InputType.convolutionalFlat(6, 6, 1),
        () -> new Layer[] {conv(), out()});
    add(
        "volumes of points",
        () ->
            new MultiLayerNetwork(
                base()
                    .list()
                    .layer(new Convolution3D.Builder(2, 2, 2).nIn(1).nOut(2).build())
                    .layer(new OutputLayer.Builder(LossFunction.MSE).nIn(16).nOut(2).build())
                    .inputPreProcessor(0, new FeedForwardToCnn3DPreProcessor(3, 3, 3, 1, true))
                    .inputPreProcessor(1, new Cnn3DToFeedForwardPreProcessor(2, 2, 2, 2, true))
                    .build()),
        () -> new DataSet(Nd4j.rand(DataType.FLOAT, EXAMPLES, 27), null));
  }

  // ---------------------------------------------------------------- vertices

  private static GraphBuilder two(GraphBuilder graph) {
    return graph.addLayer("a", dense(), "in").addLayer("b", dense(), "in");
  }

  private void vertices() {
    for (ElementWiseVertex.Op op : ElementWiseVertex.Op.values()) {
      graph(
          "ElementWiseVertex, " + op,
          POINTS,
          g ->
              two(g)
                  .addVertex("v", new ElementWiseVertex(op), "a", "b")
                  .addLayer("out", out(), "v"));
    }
    graph(
        "MergeVertex",
        POINTS,
        g -> two(g).addVertex("v", new MergeVertex(), "a", "b").addLayer("out", out(), "v"));
    graph(
        "MergeVertex, channels last",
        CHANNELS_LAST,
        g ->
            g.addLayer(
                    "a",
                    new ConvolutionLayer.Builder(1, 1).nOut(2).dataFormat(CNN2DFormat.NHWC).build(),
                    "in")
                .addLayer(
                    "b",
                    new ConvolutionLayer.Builder(1, 1).nOut(3).dataFormat(CNN2DFormat.NHWC).build(),
                    "in")
                .addVertex("v", new MergeVertex(), "a", "b")
                .addLayer("p", new GlobalPoolingLayer.Builder().build(), "v")
                .addLayer("out", out(), "p"));
    graph(
        "SubsetVertex",
        POINTS,
        g ->
            g.addLayer("a", dense(), "in")
                .addVertex("v", new SubsetVertex(1, 2), "a")
                .addLayer("out", out(), "v"));
    graph(
        "StackVertex",
        POINTS,
        g ->
            two(g)
                .addVertex("s", new StackVertex(), "a", "b")
                .addVertex("v", new UnstackVertex(1, 2), "s")
                .addLayer("out", out(), "v"));
    graph(
        "ScaleVertex",
        POINTS,
        g ->
            g.addLayer("a", dense(), "in")
                .addVertex("v", new ScaleVertex(0.3), "a")
                .addLayer("out", out(), "v"));
    graph(
        "ShiftVertex",
        POINTS,
        g ->
            g.addLayer("a", dense(), "in")
                .addVertex("v", new ShiftVertex(0.3), "a")
                .addLayer("out", out(), "v"));
    graph(
        "L2NormalizeVertex",
        POINTS,
        g ->
            g.addLayer("a", dense(), "in")
                .addVertex("v", new L2NormalizeVertex(new int[] {1}, 0.01), "a")
                .addLayer("out", out(), "v"));
    graph(
        "L2Vertex",
        POINTS,
        g -> two(g).addVertex("v", new L2Vertex(), "a", "b").addLayer("out", out(), "v"));
    graph(
        "L2Vertex, epsilon",
        POINTS,
        g -> two(g).addVertex("v", new L2Vertex(0.1), "a", "b").addLayer("out", out(), "v"));
    graph(
        "ReshapeVertex",
        POINTS,
        g ->
            g.addLayer("a", dense(), "in")
                .addVertex("v", new ReshapeVertex(-1, 4), "a")
                .addLayer("out", out(), "v"));
    graph(
        "PreprocessorVertex",
        SEQUENCES,
        g ->
            g.addVertex("v", new PreprocessorVertex(new RnnToFeedForwardPreProcessor()), "in")
                .addLayer("a", dense(), "v")
                .addVertex("w", new PreprocessorVertex(new FeedForwardToRnnPreProcessor()), "a")
                .addLayer("out", rnnOut(), "w"));
    graph(
        "PoolHelperVertex",
        IMAGES,
        g ->
            g.addLayer("a", conv(), "in")
                .addVertex("v", new PoolHelperVertex(), "a")
                .addLayer("p", new GlobalPoolingLayer.Builder().build(), "v")
                .addLayer("out", out(), "p"));
    graph(
        "FrozenVertex",
        POINTS,
        g ->
            g.addLayer("a", dense(), "in")
                .addVertex("v", new FrozenVertex(new ScaleVertex(2)), "a")
                .addLayer("out", out(), "v"));
    graph(
        "LastTimeStepVertex",
        SEQUENCES,
        g ->
            g.addLayer("a", lstm(), "in")
                .addVertex("v", new LastTimeStepVertex("in"), "a")
                .addLayer("out", out(), "v"));
    graph(
        "DuplicateToTimeSeriesVertex",
        SEQUENCES,
        g ->
            g.addLayer("a", lstm(), "in")
                .addVertex("l", new LastTimeStepVertex("in"), "a")
                .addVertex("v", new DuplicateToTimeSeriesVertex("in"), "l")
                .addLayer("out", rnnOut(), "v"));
    graph(
        "ReverseTimeSeriesVertex",
        SEQUENCES,
        g ->
            g.addLayer("a", lstm(), "in")
                .addVertex("v", new ReverseTimeSeriesVertex("in"), "a")
                .addLayer("out", rnnOut(), "v"));
    graph(
        "AttentionVertex",
        SEQUENCES,
        g ->
            g.addLayer("a", lstm(), "in")
                .addVertex(
                    "v",
                    new AttentionVertex.Builder()
                        .nInKeys(4)
                        .nInQueries(4)
                        .nInValues(4)
                        .nOut(4)
                        .nHeads(2)
                        .headSize(2)
                        .projectInput(true)
                        .build(),
                    "a",
                    "a",
                    "a")
                .addLayer("out", rnnOut(), "v"));
    add(
        "ReshapeVertex, Fortran order",
        () ->
            new ComputationGraph(
                base()
                    .graphBuilder()
                    .addInputs("in")
                    .addVertex("v", new ReshapeVertex('f', new int[] {-1, 6}, null), "in")
                    .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MSE).nIn(6).nOut(2).build(),
                        "v")
                    .setOutputs("out")
                    .build()),
        () -> new DataSet(Nd4j.rand(DataType.FLOAT, EXAMPLES, 2, 3), null));
  }

  // ---------------------------------------------------------------- settings

  private void settings() {
    for (Activation activation : Activation.values()) {
      setting("Activation " + activation, b -> b.activation(activation));
    }
    points(
        "ActivationPReLU",
        () ->
            new DenseLayer.Builder()
                .nOut(4)
                .activation(new ActivationPReLU(Nd4j.ones(4), new long[0]))
                .build());
    for (WeightInit init : WeightInit.values()) {
      if (init != WeightInit.DISTRIBUTION && init != WeightInit.IDENTITY) {
        setting("WeightInit " + init, b -> b.weightInit(init));
      }
    }
    points(
        "WeightInit IDENTITY",
        () -> new DenseLayer.Builder().nOut(6).weightInit(new WeightInitIdentity(0.5)).build());
    for (Distribution distribution :
        List.of(
            new BinomialDistribution(3, 0.5),
            new ConstantDistribution(0.1),
            new GaussianDistribution(0, 0.1),
            new LogNormalDistribution(0, 0.1),
            new NormalDistribution(0, 0.1),
            new OrthogonalDistribution(1),
            new TruncatedNormalDistribution(0, 0.1),
            new UniformDistribution(-0.1, 0.1))) {
      setting(
          "Distribution " + distribution.getClass().getSimpleName(),
          b -> b.weightInit(distribution));
    }
    for (IUpdater updater :
        List.of(
            new AMSGrad(0.01),
            new AdaBelief(0.01),
            new AdaDelta(),
            new AdaGrad(0.01),
            new AdaMax(0.01),
            new Adam(0.01),
            new Nadam(0.01),
            new Nesterovs(0.01, 0.9),
            new NoOp(),
            new RmsProp(0.01),
            new Sgd(0.01))) {
      setting("Updater " + updater.getClass().getSimpleName(), b -> b.updater(updater.clone()));
      if (!(updater instanceof NoOp || updater instanceof AdaDelta)) {
        setting(
            "Updater " + updater.getClass().getSimpleName() + " by schedule",
            b -> {
              IUpdater scheduled = updater.clone();
              scheduled.setLrAndSchedule(
                  Double.NaN, new StepSchedule(ScheduleType.ITERATION, 0.1, 0.5, 2));
              return b.updater(scheduled);
            });
      }
    }
    for (ScheduleType type : ScheduleType.values()) {
      for (ISchedule schedule :
          List.of(
              new ExponentialSchedule(type, 0.1, 0.9),
              new InverseSchedule(type, 0.1, 0.5, 2),
              new PolySchedule(type, 0.1, 2, 100),
              new SigmoidSchedule(type, 0.1, 0.5, 10),
              new StepSchedule(type, 0.1, 0.5, 2),
              new CycleSchedule(type, 0.1, 10),
              new MapSchedule.Builder(type).add(0, 0.1).add(2, 0.05).build())) {
        String name = "Schedule " + schedule.getClass().getSimpleName() + " by " + type;
        setting(name, b -> b.updater(new Sgd(schedule)));
      }
    }
    setting("Schedule FixedSchedule", b -> b.updater(new Sgd(new FixedSchedule(0.1))));
    setting(
        "Schedule RampSchedule",
        b -> b.updater(new Sgd(new RampSchedule(new FixedSchedule(0.1), 5))));
    setting("momentum by schedule", b -> b.updater(new Nesterovs(0.1, falling())));
    for (IDropout dropout :
        List.of(
            new Dropout(0.8),
            new Dropout(falling()),
            new AlphaDropout(0.8),
            new AlphaDropout(falling()),
            new GaussianDropout(0.2),
            new GaussianDropout(falling()),
            new GaussianNoise(0.1),
            new GaussianNoise(falling()))) {
      String name = "IDropout " + dropout.getClass().getSimpleName();
      setting(
          dropout.toString().contains("NaN") ? name + " by schedule" : name,
          b -> b.dropOut(dropout.clone()));
    }
    images(
        "SpatialDropout by schedule",
        () ->
            new ConvolutionLayer.Builder(2, 2)
                .nOut(3)
                .dropOut(new SpatialDropout(falling()))
                .build());
    for (boolean biases : new boolean[] {false, true}) {
      setting(
          "DropConnect, biases " + biases,
          b -> b.weightNoise(new DropConnect(0.8, biases)).biasInit(1));
      setting(
          "DropConnect by schedule, biases " + biases,
          b -> b.weightNoise(new DropConnect(falling(), biases)).biasInit(1));
      for (boolean additive : new boolean[] {false, true}) {
        setting(
            "WeightNoise, biases " + biases + ", additive " + additive,
            b ->
                b.weightNoise(new WeightNoise(new NormalDistribution(1, 0.1), biases, additive))
                    .biasInit(1));
      }
    }
    setting("MaxNormConstraint", b -> b.constrainWeights(new MaxNormConstraint(0.7, 0)));
    setting(
        "MinMaxNormConstraint",
        b -> b.constrainWeights(new MinMaxNormConstraint(0.2, 0.7, 0.9, 0)));
    setting("NonNegativeConstraint", b -> b.constrainBias(new NonNegativeConstraint()));
    setting("UnitNormConstraint", b -> b.constrainWeights(new UnitNormConstraint(0)));
    points(
        "constraint of named parameters",
        () ->
            new DenseLayer.Builder()
                .nOut(4)
                .constrainWeights(new MaxNormConstraint(0.5, Set.of("W"), 0))
                .build());
    setting("l1 and l2", b -> b.l1(0.01).l2(0.02).l1Bias(0.03).l2Bias(0.04));
    setting("weight decay", b -> b.weightDecay(0.01, true).weightDecayBias(0.02, false));
    points(
        "regularization of a layer",
        () ->
            new DenseLayer.Builder()
                .nOut(4)
                .regularization(List.of(new WeightDecay(falling(), true)))
                .build());
    for (GradientNormalization normalization : GradientNormalization.values()) {
      setting(
          "GradientNormalization " + normalization,
          b -> b.gradientNormalization(normalization).gradientNormalizationThreshold(0.1));
    }
    for (OptimizationAlgorithm algorithm : OptimizationAlgorithm.values()) {
      setting("OptimizationAlgorithm " + algorithm, b -> b.optimizationAlgo(algorithm));
    }
    for (CacheMode mode : CacheMode.values()) {
      setting("CacheMode " + mode, b -> b.cacheMode(mode));
    }
    for (WorkspaceMode mode : List.of(WorkspaceMode.NONE, WorkspaceMode.ENABLED)) {
      setting(
          "WorkspaceMode " + mode, b -> b.trainingWorkspaceMode(mode).inferenceWorkspaceMode(mode));
    }
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT, DataType.HALF)) {
      add(
          "DataType " + type,
          () ->
              new MultiLayerNetwork(
                  base()
                      .dataType(type)
                      .updater(new Nesterovs(0.01))
                      .list()
                      .layer(dense())
                      .layer(out())
                      .setInputType(POINTS)
                      .build()),
          () -> new DataSet(Nd4j.rand(type, EXAMPLES, 6), null));
    }
    setting(
        "biases", b -> b.biasInit(0.2).biasUpdater(new Sgd(0.1)).miniBatch(false).minimize(true));
    setting(
        "gain",
        b -> b.weightInit(new WeightInitXavierUniform()).convolutionMode(ConvolutionMode.Same));
    losses();
  }

  private void loss(
      String name, Activation activation, ILossFunction loss, Supplier<DataSet> data) {
    add(
        "Loss " + name,
        () ->
            new MultiLayerNetwork(
                base()
                    .list()
                    .layer(dense())
                    .layer(new OutputLayer.Builder(loss).activation(activation).nOut(2).build())
                    .setInputType(POINTS)
                    .build()),
        data);
  }

  private void losses() {
    for (ILossFunction loss :
        List.of(
            new LossBinaryXENT(),
            new LossCosineProximity(),
            new LossHinge(),
            new LossKLD(),
            new LossL1(),
            new LossL2(),
            new LossMAE(),
            new LossMAPE(),
            new LossMSE(),
            new LossMSLE(),
            new LossMultiLabel(),
            new LossPoisson(),
            new LossSquaredHinge(),
            new LossWasserstein())) {
      loss(loss.getClass().getSimpleName(), Activation.SIGMOID, loss, () -> features(POINTS));
    }
    loss("LossMCXENT", Activation.SOFTMAX, new LossMCXENT(), () -> features(POINTS));
    loss(
        "LossNegativeLogLikelihood",
        Activation.SOFTMAX,
        new LossNegativeLogLikelihood(),
        () -> features(POINTS));
    loss("LossFMeasure", Activation.SOFTMAX, new LossFMeasure(0.5), () -> binary(2));
    loss("LossSparseMCXENT", Activation.SOFTMAX, new LossSparseMCXENT(), () -> binary(1));
    loss(
        "LossMSE, weighted",
        Activation.IDENTITY,
        new LossMSE(Nd4j.create(new float[] {1, 2}).reshape(1, 2)),
        () -> features(POINTS));
    loss(
        "LossMCXENT, weighted",
        Activation.SOFTMAX,
        new LossMCXENT(Nd4j.create(new float[] {1, 2}).reshape(1, 2)),
        () -> features(POINTS));
    loss(
        "LossMCXENT, clipped",
        Activation.SOFTMAX,
        new LossMCXENT(0.01, null),
        () -> features(POINTS));
    add(
        "Loss LossMixtureDensity",
        () ->
            network(
                POINTS,
                dense(),
                new OutputLayer.Builder(
                        LossMixtureDensity.builder().gaussians(2).labelWidth(2).build())
                    .activation(Activation.IDENTITY)
                    .nOut(8)
                    .build()),
        () ->
            new DataSet(
                Nd4j.rand(DataType.FLOAT, EXAMPLES, 6), Nd4j.rand(DataType.FLOAT, EXAMPLES, 2)));
  }

  private static DataSet binary(int columns) {
    INDArray labels = Nd4j.zeros(DataType.FLOAT, EXAMPLES, columns);
    for (int i = 0; i < EXAMPLES; i++) {
      labels.putScalar(i, columns == 1 ? 0 : i % 2, columns == 1 ? i % 2 : 1);
    }
    return new DataSet(Nd4j.rand(DataType.FLOAT, EXAMPLES, 6), labels);
  }
}
