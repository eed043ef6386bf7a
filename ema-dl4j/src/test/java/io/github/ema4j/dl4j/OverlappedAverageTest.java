// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.deeplearning4j.optimize.solvers.accumulation.BasicGradientsAccumulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** Overlapped updates give the bits of others, and do not overlap where they might not. */
class OverlappedAverageTest {

  private static final DataSet POINTS = Data.points(1, 24);

  private static ModelEmaListener average(boolean overlapped) {
    return new ModelEmaListener(config(overlapped).build());
  }

  private static AveragingConfig.Builder config(boolean overlapped) {
    return AveragingConfig.builder().decay(0.9).overlapped(overlapped);
  }

  private static List<String> refusals(LogCapture logs) {
    return logs.messages(Level.INFO).stream()
        .filter(message -> message.contains("not overlapped"))
        .toList();
  }

  // ---------------------------------------------------------------- the same bits

  @ParameterizedTest
  @MethodSource("io.github.ema4j.dl4j.WaysToFitTest#ways")
  void everyWayToFitGivesTheBitsOfOrdinaryUpdatesAndThoseOfAnIteratorOverlap(
      WaysToFitTest.Way way) {
    Model usual = way.network().get();
    ModelEmaListener expected = average(false);
    usual.setListeners(expected);
    way.fit().accept(usual);
    Model network = way.network().get(); // seeds the random numbers of dropout
    ModelEmaListener ema = average(true);
    network.setListeners(ema);
    try (LogCapture logs = new LogCapture(ModelEmaListener.class)) {
      way.fit().accept(network);
      boolean ofIterator =
          way.name().contains("Iterator")
              || way.name().contains("standard BPTT")
              || way.name().contains("BPTT, iterator");
      assertEquals(ofIterator ? 0 : 1, refusals(logs).size(), refusals(logs).toString());
    }
    assertEquals(Bits.of(usual.params()), Bits.of(network.params()));
    assertEquals(expected.average().counters(), ema.average().counters());
    assertEquals(Bits.of(expected.shadow()), Bits.of(ema.shadow()));
  }

  @Test
  void updatesOfFitOnAnIteratorAreMadeByAnotherThread() {
    MultiLayerNetwork network = Nets.mlp();
    network.setListeners(average(true));
    network.fit(Batches.of(POINTS, 8));
    assertTrue(
        Thread.getAllStackTraces().keySet().stream()
            .anyMatch(thread -> thread.getName().equals("ema4j-overlapped")));
  }

  @Test
  void whatFollowsReadsTheUpdateOfItsStep(@TempDir Path directory) throws Exception {
    DataSet images = Data.images(3, 12);
    ModelEmaGroup expected =
        ModelEmaGroup.of(config(false).build(), config(false).updateEvery(2).build());
    ModelEmaGroup group =
        ModelEmaGroup.of(config(true).build(), config(true).updateEvery(2).build());
    EmaHistory expectedHistory = history(expected, images);
    EmaHistory history = history(group, images);
    MultiLayerNetwork usual = Nets.cnn();
    usual.setListeners(expected);
    usual.fit(Batches.of(images, 4), 2);
    MultiLayerNetwork network = Nets.cnn();
    network.setListeners(group, new ScoreIterationListener(1));
    try (LogCapture logs = new LogCapture(ModelEmaListener.class)) {
      network.fit(Batches.of(images, 4), 2);
      assertEquals(List.of(), refusals(logs));
    }
    assertEquals(Bits.of(usual.params()), Bits.of(network.params()));
    assertEquals(expectedHistory.history().size(), history.history().size());
    for (int i = 0; i < history.history().size(); i++) {
      assertEquals(
          expectedHistory.history().get(i).averages().get(1).updateCount(),
          history.history().get(i).averages().get(1).updateCount());
      assertEquals(accuracy(expectedHistory.history().get(i)), accuracy(history.history().get(i)));
    }
    Path file = directory.resolve("checkpoint.zip");
    EmaCheckpoint.save(file, network, group);
    ModelEmaListener restored =
        EmaCheckpoint.restore(
                file, List.of(config(true).build(), config(true).updateEvery(2).build()))
            .averages()
            .get(1);
    assertEquals(Bits.of(expected.get(1).shadow()), Bits.of(restored.shadow()));
  }

  private static EmaHistory history(EmaListener ema, DataSet data) {
    return new EmaEvaluator(ema, new ListDataSetIterator<>(data.asList(), 6), new Evaluation())
        .everyIterations(1);
  }

  private static double accuracy(Comparison comparison) {
    return comparison.averages().get(0).result().orElseThrow().get(Evaluation.class).accuracy();
  }

  // ---------------------------------------------------------------- where they might not

  /** Something that may write weights, or read the average, between two steps. */
  record Obstacle(
      String message,
      Supplier<MultiLayerNetwork> network,
      BiConsumer<MultiLayerNetwork, ModelEmaListener> setting) {

    @Override
    public String toString() {
      return message;
    }
  }

  static Stream<Obstacle> obstacles() {
    return Stream.of(
        new Obstacle(
            "OverlappedAverageTest$1Later may change weights",
            Nets::mlp,
            (network, ema) -> {
              class Later extends Shrinking {}
              network.setListeners(ema, new Later());
            }),
        new Obstacle(
            "$Follower may change weights",
            Nets::mlp,
            (network, ema) -> network.setListeners(ema.andThen(new Follower()))),
        new Obstacle(
            "$OfThePass may change weights",
            Nets::mlp,
            (network, ema) -> network.setListeners(new OfThePass(), ema)),
        new Obstacle(
            "$Follower may change weights",
            Nets::mlp,
            (network, ema) -> network.setListeners(ema.andThen(ema.during(new Follower())))),
        new Obstacle(
            "make a ModelEmaGroup of both",
            Nets::mlp,
            (network, ema) -> network.setListeners(new ModelEmaListener(0.5), ema)),
        new Obstacle(
            "averagedView(net) was handed out",
            Nets::mlp,
            (network, ema) -> {
              network.setListeners(ema);
              ema.start(network).averagedView(network);
            }),
        new Obstacle(
            "a GradientsAccumulator writes",
            Nets::mlp,
            (network, ema) -> {
              network.setListeners(ema);
              network.setGradientsAccumulator(new BasicGradientsAccumulator(1));
            }),
        new Obstacle(
            "constraints change",
            Nets::constrainedMlp,
            (network, ema) -> network.setListeners(ema)));
  }

  private static class Shrinking extends BaseTrainingListener {
    @Override
    public void iterationDone(Model network, int iteration, int epoch) {
      network.params().muli(0.9);
    }
  }

  private static final class Follower extends Shrinking {}

  private static final class OfThePass extends BaseTrainingListener {
    @Override
    public void onForwardPass(Model network, List<INDArray> outputs) {
      network.params().muli(0.9);
    }
  }

  @ParameterizedTest
  @MethodSource("obstacles")
  void updatesDoNotOverlapWhereWeightsMayBeWrittenOrTheAverageRead(Obstacle obstacle) {
    MultiLayerNetwork usual = obstacle.network().get();
    ModelEmaListener expected = average(false);
    obstacle.setting().accept(usual, expected);
    usual.fit(Batches.of(POINTS, 8), 2);
    MultiLayerNetwork network = obstacle.network().get();
    ModelEmaListener ema = average(true);
    obstacle.setting().accept(network, ema);
    try (LogCapture logs = new LogCapture(ModelEmaListener.class)) {
      network.fit(Batches.of(POINTS, 8), 2);
      assertEquals(1, refusals(logs).size(), "once, and no more");
      assertTrue(refusals(logs).get(0).contains(obstacle.message()), refusals(logs).get(0));
    }
    assertEquals(Bits.of(expected.shadow()), Bits.of(ema.shadow()));
    assertEquals(Bits.of(usual.params()), Bits.of(network.params()));
  }

  @Test
  void listenersThatOnlyReadAreNoObstacle() {
    class Reader extends BaseTrainingListener implements ReadOnlyListener {
      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        network.score();
      }
    }
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = average(true);
    ema.andThen(new Reader(), ema.during(new Reader()));
    network.setListeners(new Shrinking(), ema, new Reader(), new ScoreIterationListener(1));
    try (LogCapture logs = new LogCapture(ModelEmaListener.class)) {
      network.fit(Batches.of(POINTS, 8), 2);
      assertEquals(List.of(), refusals(logs));
    }
    assertEquals(6, ema.updateCount());
  }

  @Test
  void earlyStoppingRunsItsOwnCodeBetweenStepsAndIsNotOverlapped() {
    MultiLayerNetwork network = Nets.mlp();
    network.setListeners(average(true));
    EarlyStoppingConfiguration<MultiLayerNetwork> stopping =
        new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
            .epochTerminationConditions(new MaxEpochsTerminationCondition(1))
            .scoreCalculator(new DataSetLossCalculator(Batches.of(POINTS, 8), true))
            .build();
    try (LogCapture logs = new LogCapture(ModelEmaListener.class)) {
      new EarlyStoppingTrainer(stopping, network, Batches.of(POINTS, 8)).fit();
      assertTrue(refusals(logs).get(0).contains("only net.fit(iterator)"));
    }
  }

  @Test
  void aStepThatIsToFailFailsItself() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(config(true).onNonFinite(NonFinitePolicy.THROW).build());
    network.setListeners(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            if (iteration == 1) {
              model.params().putScalar(3, Double.NaN);
            }
          }
        },
        ema);
    Optional<RuntimeException> thrown = Optional.empty();
    try {
      network.fit(Batches.of(POINTS, 8));
    } catch (RuntimeException e) {
      thrown = Optional.of(e);
    }
    assertTrue(thrown.orElseThrow().getMessage().contains("after step 2"), thrown.toString());
    assertEquals(1, network.getIterationCount());
    assertEquals(1, ema.updateCount());
  }
}
