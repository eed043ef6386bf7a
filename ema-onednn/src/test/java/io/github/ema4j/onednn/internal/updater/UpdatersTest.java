// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.updater;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** Training with a replaced updater gives the bits of training with Deeplearning4j's own. */
class UpdatersTest {

  private static final int STEPS = 6;

  /** Those in Java first. */
  static Stream<IUpdater> updaters() {
    return Stream.of(
        new Sgd(0.1),
        new Sgd(new ExponentialSchedule(ScheduleType.ITERATION, 0.1, 0.9)),
        new Nesterovs(0.1, 0.9),
        new Nesterovs(new ExponentialSchedule(ScheduleType.ITERATION, 0.1, 0.9), 0.8),
        new Adam(0.01),
        new Adam(0.01, 0.8, 0.95, 1e-4),
        new RmsProp(0.01),
        new Nadam(0.01),
        new AMSGrad(0.01),
        new AdaGrad(0.01),
        new NoOp());
  }

  static Stream<IUpdater> inJava() {
    return updaters().limit(7);
  }

  private static final List<Consumer<NeuralNetConfiguration.Builder>> REGULARIZATIONS =
      List.of(
          builder -> {},
          builder -> builder.l2(0.01),
          builder -> builder.l2(0.01).l2Bias(0.02),
          builder -> builder.weightDecay(0.01),
          builder -> builder.weightDecay(0.01, false).weightDecayBias(0.02, true),
          builder -> builder.l1(0.01),
          builder -> builder.l1(0.01).l2(0.02),
          builder -> builder.miniBatch(false),
          builder ->
              builder
                  .gradientNormalization(GradientNormalization.ClipL2PerLayer)
                  .gradientNormalizationThreshold(0.1));

  @ParameterizedTest
  @MethodSource("updaters")
  void multiLayerNetworkTrainsToTheSameBits(IUpdater updater) {
    for (int i = 0; i < REGULARIZATIONS.size(); i++) {
      compare(UpdatersTest::multiLayerNetwork, updater, REGULARIZATIONS.get(i), "option " + i);
    }
  }

  /** Both networks share all but how they are reached: here one of each kind is enough. */
  static Stream<IUpdater> oneOfEachKind() {
    return Stream.of(new Sgd(0.1), new Adam(0.01), new Nadam(0.01));
  }

  @ParameterizedTest
  @Tag("every-native")
  @MethodSource("oneOfEachKind")
  void computationGraphTrainsToTheSameBits(IUpdater updater) {
    for (int i = 0; i < REGULARIZATIONS.size(); i++) {
      compare(UpdatersTest::graph, updater, REGULARIZATIONS.get(i), "option " + i);
    }
  }

  private static void compare(
      Function<NeuralNetConfiguration.Builder, Model> make,
      IUpdater updater,
      Consumer<NeuralNetConfiguration.Builder> option,
      String name) {
    Model own = make.apply(configure(updater, option));
    Model replaced = make.apply(configure(updater, option));
    fit(own, 0, 2);
    fit(replaced, 0, 2);
    assertTrue(Updaters.canReplace(replaced));
    Updaters.replace(replaced);
    assertFalse(Updaters.canReplace(replaced), "replaced twice");
    assertSameBits(own, replaced, name + ", state kept");
    fit(own, 2, STEPS);
    fit(replaced, 2, STEPS);
    assertSameBits(own, replaced, name);
  }

  @ParameterizedTest
  @Tag("every-native")
  @MethodSource("inJava")
  void javaComputesTheCommonUpdaters(IUpdater updater) {
    MultiLayerNetwork network = multiLayerNetwork(configure(updater, REGULARIZATIONS.get(0)));
    assertTrue(
        Formula.of(
                ((org.deeplearning4j.nn.updater.MultiLayerUpdater) network.getUpdater())
                    .getUpdaterBlocks()
                    .get(0)
                    .getGradientUpdater())
            .isPresent());
  }

  @Test
  void adamIsExactInEveryIteration() {
    long length = 500;
    Adam config = new Adam(0.01);
    var own = config.instantiate(Nd4j.zeros(DataType.FLOAT, 2 * length), true);
    Formula formula =
        Formula.of(config.instantiate(Nd4j.zeros(DataType.FLOAT, 2 * length), true)).orElseThrow();
    float[][] state = new float[2][(int) length];
    for (int iteration = 0; iteration < 3000; iteration++) {
      var gradient = Nd4j.randn(DataType.FLOAT, length);
      float[] inJava = gradient.data().asFloat();
      own.applyUpdater(gradient, iteration, 0);
      formula.begin(iteration, 0);
      formula.apply(inJava, state, inJava.length);
      assertArrayEquals(gradient.data().asFloat(), inJava, "iteration " + iteration);
    }
  }

  @Test
  void networksThatDifferInTheirUpdatersClassAreEqual() {
    MultiLayerNetwork own = multiLayerNetwork(configure(new Adam(), REGULARIZATIONS.get(0)));
    fit(own, 0, 2);
    MultiLayerNetwork replaced = own.clone();
    Updaters.replace(replaced);
    assertEquals(replaced, own);
    fit(replaced, 2, 3);
    assertFalse(replaced.getUpdater().equals(own.getUpdater()));
  }

  private static NeuralNetConfiguration.Builder configure(
      IUpdater updater, Consumer<NeuralNetConfiguration.Builder> option) {
    NeuralNetConfiguration.Builder builder =
        new NeuralNetConfiguration.Builder()
            .seed(3)
            .activation(Activation.TANH)
            .updater(updater.clone());
    option.accept(builder);
    return builder;
  }

  private static MultiLayerNetwork multiLayerNetwork(NeuralNetConfiguration.Builder builder) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            builder
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).build())
                .layer(new BatchNormalization())
                .layer(new DenseLayer.Builder().nOut(30).build())
                .layer(output())
                .setInputType(InputType.convolutional(8, 8, 2))
                .build());
    network.init();
    return network;
  }

  private static ComputationGraph graph(NeuralNetConfiguration.Builder builder) {
    ComputationGraph network =
        new ComputationGraph(
            builder
                .graphBuilder()
                .addInputs("in")
                .addLayer("conv", new ConvolutionLayer.Builder(3, 3).nOut(4).build(), "in")
                .addLayer("norm", new BatchNormalization(), "conv")
                .addLayer("dense", new DenseLayer.Builder().nOut(30).build(), "norm")
                .addLayer("out", output(), "dense")
                .setOutputs("out")
                .setInputTypes(InputType.convolutional(8, 8, 2))
                .build());
    network.init();
    return network;
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(3)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static void fit(Model network, int from, int to) {
    for (int step = from; step < to; step++) {
      Nd4j.getRandom().setSeed(step + 1);
      int batch = 5 + step % 3;
      var labels = Nd4j.zeros(DataType.FLOAT, batch, 3);
      for (int i = 0; i < batch; i++) {
        labels.putScalar(i, (i + step) % 3, 1);
      }
      DataSet data = new DataSet(Nd4j.randn(DataType.FLOAT, batch, 2, 8, 8), labels);
      if (network instanceof ComputationGraph graph) {
        graph.fit(data);
      } else {
        ((MultiLayerNetwork) network).fit(data);
      }
    }
  }

  private static void assertSameBits(Model expected, Model actual, String name) {
    assertArrayEquals(
        expected.params().data().asFloat(),
        actual.params().data().asFloat(),
        name + ", parameters");
    var state = state(expected);
    if (state != null) {
      assertArrayEquals(state.data().asFloat(), state(actual).data().asFloat(), name + ", state");
    }
  }

  private static org.nd4j.linalg.api.ndarray.INDArray state(Model network) {
    return network instanceof ComputationGraph graph
        ? graph.getUpdater().getStateViewArray()
        : ((MultiLayerNetwork) network).getUpdater().getStateViewArray();
  }
}
