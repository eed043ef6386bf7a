// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.MultiBatches;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

class WaysToFitTest {

  private static final double DECAY = 0.9;
  private static final DataSet POINTS = Data.points(1, 24);
  private static final MultiDataSet MULTI_POINTS = POINTS.toMultiDataSet();
  private static final DataSet SEQUENCES = Data.sequences(2, 8, false);
  private static final DataSet MASKED = Data.sequences(3, 8, true);

  /** A way to fit a network, and how many updates that makes. */
  record Way(String name, Supplier<? extends Model> network, Consumer<Model> fit, int updates) {

    static Way ofMln(
        String name,
        Supplier<MultiLayerNetwork> network,
        Consumer<MultiLayerNetwork> fit,
        int updates) {
      return new Way("MLN " + name, network, n -> fit.accept((MultiLayerNetwork) n), updates);
    }

    static Way ofGraph(
        String name,
        Supplier<ComputationGraph> network,
        Consumer<ComputationGraph> fit,
        int updates) {
      return new Way("CG " + name, network, n -> fit.accept((ComputationGraph) n), updates);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static INDArray[] array(INDArray array) {
    return new INDArray[] {array};
  }

  private static <T> Consumer<T> threeTimes(Consumer<T> fit) {
    return fit.andThen(fit).andThen(fit);
  }

  static Stream<Way> ways() {
    INDArray x = POINTS.getFeatures();
    INDArray y = POINTS.getLabels();
    Supplier<MultiLayerNetwork> mlp = Nets::mlp;
    Supplier<ComputationGraph> graph = Nets::graph;
    return Stream.of(
        Way.ofMln("DataSetIterator", mlp, n -> n.fit(Batches.of(POINTS, 8)), 3),
        Way.ofMln("DataSetIterator, async", mlp, n -> n.fit(Batches.of(POINTS, 8).async()), 3),
        Way.ofMln("DataSetIterator, epochs", mlp, n -> n.fit(Batches.of(POINTS, 8), 3), 9),
        Way.ofMln("MultiDataSetIterator", mlp, n -> n.fit(MultiBatches.of(POINTS, 8)), 3),
        Way.ofMln(
            "MultiDataSetIterator, epochs", mlp, n -> n.fit(MultiBatches.of(POINTS, 8), 2), 6),
        Way.ofMln("DataSet", mlp, threeTimes(n -> n.fit(POINTS)), 3),
        Way.ofMln("MultiDataSet", mlp, threeTimes(n -> n.fit(MULTI_POINTS)), 3),
        Way.ofMln("INDArray", mlp, threeTimes(n -> n.fit(x, y)), 3),
        Way.ofMln("INDArray with masks", mlp, threeTimes(n -> n.fit(x, y, null, null)), 3),
        Way.ofMln(
            "INDArray with class indices",
            mlp,
            threeTimes(n -> n.fit(x, y.argMax(1).data().asInt())),
            3),
        Way.ofMln("all, in turn", mlp, WaysToFitTest::inTurn, 5),
        Way.ofMln(
            "standard BPTT",
            () -> Nets.lstm(BackpropType.Standard),
            n -> n.fit(Batches.of(SEQUENCES, 4), 2),
            4),
        Way.ofMln(
            "truncated BPTT, iterator",
            () -> Nets.lstm(BackpropType.TruncatedBPTT),
            n -> n.fit(Batches.of(SEQUENCES, 4), 2),
            12),
        Way.ofMln(
            "truncated BPTT, masked DataSet",
            () -> Nets.lstm(BackpropType.TruncatedBPTT),
            n -> n.fit(MASKED),
            3),
        Way.ofMln(
            "LBFGS",
            () -> Nets.mlpBy(OptimizationAlgorithm.LBFGS),
            n -> n.fit(Batches.of(POINTS, 8), 2),
            6),
        Way.ofMln(
            "conjugate gradient",
            () -> Nets.mlpBy(OptimizationAlgorithm.CONJUGATE_GRADIENT),
            threeTimes(n -> n.fit(POINTS)),
            3),
        Way.ofMln(
            "line gradient descent",
            () -> Nets.mlpBy(OptimizationAlgorithm.LINE_GRADIENT_DESCENT),
            threeTimes(n -> n.fit(POINTS)),
            3),
        Way.ofGraph("DataSetIterator", graph, n -> n.fit(Batches.of(POINTS, 8)), 3),
        Way.ofGraph("DataSetIterator, async", graph, n -> n.fit(Batches.of(POINTS, 8).async()), 3),
        Way.ofGraph("DataSetIterator, epochs", graph, n -> n.fit(Batches.of(POINTS, 8), 3), 9),
        Way.ofGraph("MultiDataSetIterator", graph, n -> n.fit(MultiBatches.of(POINTS, 8)), 3),
        Way.ofGraph(
            "MultiDataSetIterator, epochs", graph, n -> n.fit(MultiBatches.of(POINTS, 8), 2), 6),
        Way.ofGraph("DataSet", graph, threeTimes(n -> n.fit(POINTS)), 3),
        Way.ofGraph("MultiDataSet", graph, threeTimes(n -> n.fit(MULTI_POINTS)), 3),
        Way.ofGraph("INDArray", graph, threeTimes(n -> n.fit(array(x), array(y))), 3),
        Way.ofGraph(
            "standard BPTT",
            () -> Nets.lstmGraph(BackpropType.Standard),
            n -> n.fit(Batches.of(SEQUENCES, 4), 2),
            4),
        Way.ofGraph(
            "truncated BPTT, iterator",
            () -> Nets.lstmGraph(BackpropType.TruncatedBPTT),
            n -> n.fit(Batches.of(SEQUENCES, 4), 2),
            12),
        Way.ofGraph(
            "truncated BPTT, masked MultiDataSet",
            () -> Nets.lstmGraph(BackpropType.TruncatedBPTT),
            n -> n.fit(MASKED.toMultiDataSet()),
            3),
        Way.ofGraph(
            "LBFGS",
            () -> Nets.graph(b -> b.optimizationAlgo(OptimizationAlgorithm.LBFGS)),
            threeTimes(n -> n.fit(POINTS)),
            3),
        Way.ofGraph(
            "conjugate gradient",
            () -> Nets.graph(b -> b.optimizationAlgo(OptimizationAlgorithm.CONJUGATE_GRADIENT)),
            n -> n.fit(Batches.of(POINTS, 8), 2),
            6),
        Way.ofGraph(
            "line gradient descent",
            () -> Nets.graph(b -> b.optimizationAlgo(OptimizationAlgorithm.LINE_GRADIENT_DESCENT)),
            threeTimes(n -> n.fit(POINTS)),
            3));
  }

  private static void inTurn(MultiLayerNetwork network) {
    network.fit(POINTS);
    network.fit(Batches.of(POINTS, 12));
    network.fit(POINTS.getFeatures(), POINTS.getLabels());
    network.fit(MULTI_POINTS);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shadowIsTheAverageOfTheStartAndTheWeightsAfterEachUpdate(Way way) {
    Model network = way.network().get();
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.setListeners(ema, byHand);

    way.fit().accept(network);

    assertEquals(way.updates(), byHand.updates());
    assertEquals(way.updates(), ema.updateCount());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
    assertNotEquals(Bits.of(network.params()), Bits.of(ema.shadow()));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void firstUpdateWeighsTheWeightsBeforeItByTheDecay(Way way) {
    Model network = way.network().get();
    AveragingConfig config = AveragingConfig.of(DECAY);
    ParameterAverage expected =
        new ParameterAverage(
            config, network.params(), ParameterSelection.averageAll().coverageOf(network));
    ModelEmaListener ema = new ModelEmaListener(config);
    network.setListeners(
        ema,
        afterFirst(
            (iteration, net) -> {
              expected.update(net.params());
              assertEquals(Bits.of(expected.shadow()), Bits.of(ema.shadow()));
              assertEquals(DECAY, ema.decay());
              assertEquals(DECAY, ema.initialShare());
            }));

    way.fit().accept(network);

    assertEquals(1, expected.updateCount());
  }

  private static BaseTrainingListener afterFirst(BiConsumer<Integer, Model> check) {
    return new BaseTrainingListener() {
      private boolean checked;

      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        if (!checked) {
          checked = true;
          check.accept(iteration, network);
        }
      }
    };
  }

  @Test
  void listenerMayBeAddedBeforeInit() {
    MultiLayerNetwork network = Nets.notInitialised(b -> b);
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    network.addListeners(ema);
    network.init();
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.addListeners(byHand);

    network.fit(Batches.of(POINTS, 8), 2);

    assertEquals(6, byHand.updates());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
  }

  @Test
  void listenerMayBeAddedToGraphBeforeInit() {
    ComputationGraph graph = new ComputationGraph(Nets.graphConfiguration(b -> b));
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    graph.addListeners(ema);
    graph.init();
    EmaByHand byHand = new EmaByHand(ema, DECAY, graph.params());
    graph.addListeners(byHand);

    graph.fit(POINTS);

    assertEquals(1, byHand.updates());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
  }

  @Test
  void averageOfTrainedNetworkStartsAtItsTrainedWeights() {
    MultiLayerNetwork network = Nets.mlp();
    network.fit(Batches.of(POINTS, 8), 3);
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.addListeners(ema, byHand);

    network.fit(POINTS);
    network.fit(Batches.of(POINTS, 8));

    assertEquals(4, byHand.updates());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
  }

  @Test
  void averageStartsAtWeightsLoadedAfterTheListenerWasAttached() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(DECAY).start(network);
    network.setParams(network.params().mul(0.5));
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.addListeners(ema, byHand);

    network.fit(POINTS);

    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
  }

  @Test
  void averageStartsAtWeightsLoadedAfterFitWithoutData() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    network.addListeners(ema);
    network.fit(Batches.of(List.of()));
    network.setParams(network.params().mul(0.5));
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.addListeners(byHand);

    network.fit(POINTS);

    assertEquals(1, byHand.updates());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
  }

  @Test
  void goesOnOverSeveralFitsAndLeavesOutNoIteration() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.addListeners(ema, byHand);
    for (int i = 0; i < 20; i++) {
      network.fit(POINTS);
    }
    assertEquals(network.getIterationCount(), ema.updateCount());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
    assertEquals(Math.pow(DECAY, 20), ema.initialShare(), 1e-12);
  }

  @Test
  void cadenceCountsIterations() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder()
                .decay(DECAY)
                .startAfter(2)
                .updateEvery(3)
                .correctDecayForInterval(false)
                .build());
    List<INDArray> params = new ArrayList<>();
    network.setListeners(
        ema,
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            params.add(model.params().dup());
          }
        });

    network.fit(Batches.of(POINTS, 6), 3);

    assertEquals(12, params.size());
    EmaByHand byHand = new EmaByHand(ema, DECAY, params.get(1));
    byHand.add(params.get(4));
    byHand.add(params.get(7));
    byHand.add(params.get(10));
    assertEquals(3, ema.updateCount());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
  }

  @Test
  void oneNetworkMayHaveSeveralAverages() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener slow = new ModelEmaListener(0.99);
    ModelEmaListener fast = new ModelEmaListener(0.8);
    EmaByHand slowByHand = new EmaByHand(slow, 0.99, network.params());
    EmaByHand fastByHand = new EmaByHand(fast, 0.8, network.params());
    BaseTrainingListener evaluating =
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            network.output(POINTS.getFeatures());
          }
        };
    network.setListeners(
        slow, fast, slow.during(evaluating), fast.during(evaluating), slowByHand, fastByHand);

    network.fit(Batches.of(POINTS, 8), 2);

    assertEquals(6, slowByHand.updates());
    assertEquals(6, fastByHand.updates());
    MultiLayerNetwork alone = Nets.mlp();
    alone.fit(Batches.of(POINTS, 8), 2);
    assertEquals(Bits.of(alone.params()), Bits.of(network.params()));
  }

  @Test
  void logTellsWhatIsAveragedAndHow() {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      MultiLayerNetwork network = Nets.mlp();
      network.setListeners(new ModelEmaListener(DECAY));
      network.fit(Batches.of(POINTS, 8), 2);
      assertEquals(1, log.messages(Level.INFO).size());
      String message = log.messages(Level.INFO).get(0);
      assertTrue(
          message.startsWith(
              "Averaging 67 parameters of a MultiLayerNetwork after 0 updates:"
                  + " schedule=constant(decay=0.9)"),
          message);
      assertEquals(List.of(), log.messages(Level.WARN));
    }
  }

  @Test
  void customLoopUpdatesByHand() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(DECAY).start(network);
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    for (int i = 0; i < 3; i++) {
      network.params().subi(0.01 * (i + 1));
      ema.update(network);
      byHand.add(network.params());
    }
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
    assertEquals(3, ema.updateCount());
  }

  // ---------------------------------------------------------------- pretraining

  static Stream<Way> pretraining() {
    return Stream.of(
        Way.ofMln(
            "AutoEncoder", Nets::autoEncoder, n -> n.pretrain(Batches.of(POINTS, 8).async()), 0),
        Way.ofMln(
            "VariationalAutoencoder",
            Nets::variationalAutoencoder,
            n -> n.pretrain(Batches.of(POINTS, 8)),
            0),
        Way.ofMln(
            "one layer of", Nets::autoEncoder, n -> n.pretrainLayer(0, Batches.of(POINTS, 8)), 0),
        Way.ofGraph(
            "AutoEncoder", Nets::autoEncoderGraph, n -> n.pretrain(Batches.of(POINTS, 8)), 0));
  }

  @ParameterizedTest
  @MethodSource("pretraining")
  void pretrainingIsNotAveragedAndTheAverageBeginsWithFit(Way way) {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      Model network = way.network().get();
      ModelEmaListener ema = new ModelEmaListener(DECAY);
      network.setListeners(ema);
      Bits before = Bits.of(network.params());

      way.fit().accept(network);

      assertNotEquals(before, Bits.of(network.params()));
      assertFalse(ema.isStarted());
      List<String> warnings = log.messages(Level.WARN);
      assertEquals(1, warnings.size());
      assertTrue(warnings.get(0).contains("whose iterationDone calls ema.update(net)"));

      EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
      network.setListeners(ema, byHand);
      ((NeuralNetwork) network).fit(POINTS);
      assertEquals(1, byHand.updates());
      assertEquals(byHand.bits(), Bits.of(ema.shadow()));
    }
  }

  @ParameterizedTest
  @MethodSource("pretraining")
  void averageOfAttachedNetworkStartsAtPretrainedWeights(Way way) {
    Model network = way.network().get();
    ModelEmaListener ema = new ModelEmaListener(DECAY).start(network);
    network.setListeners(ema);
    way.fit().accept(network);
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.setListeners(ema, byHand);

    ((NeuralNetwork) network).fit(POINTS);

    assertEquals(1, byHand.updates());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
  }
}
