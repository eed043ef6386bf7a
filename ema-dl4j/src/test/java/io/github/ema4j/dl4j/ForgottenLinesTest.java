// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener;
import io.github.ema4j.dl4j.earlystopping.EmaEarlyStopping;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.CheckpointListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;

/** Programs in which one line is missing, or one too many, are told so. */
class ForgottenLinesTest {

  private static final DataSet POINTS = Data.points(1, 24);

  @TempDir private Path directory;

  private final MultiLayerNetwork network = Nets.mlp();
  private final ModelEmaListener ema = new ModelEmaListener(0.9);

  private static Batches data() {
    return Batches.of(POINTS, 8);
  }

  private static String refused(Executable action) {
    return assertThrows(IllegalStateException.class, action).getMessage();
  }

  // ---------------------------------------------------------------- early stopping

  private EarlyStoppingConfiguration<MultiLayerNetwork> earlyStopping() {
    return EmaEarlyStopping.wrap(
        new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
            .scoreCalculator(new DataSetLossCalculator(data(), true))
            .modelSaver(new InMemoryModelSaver<>())
            .epochTerminationConditions(new MaxEpochsTerminationCondition(3))
            .build(),
        ema);
  }

  @Test
  void earlyStoppingWithoutARegisteredListenerIsRefusedAtItsFirstScore() {
    EarlyStoppingTrainer trainer = new EarlyStoppingTrainer(earlyStopping(), network, data());
    String message = refused(trainer::fit);
    assertTrue(message.contains("net.addListeners(ema) after any net.setListeners(...)"), message);
    assertEquals(3, network.getIterationCount());
  }

  @Test
  void earlyStoppingWithAListenerThatWasOnlyStartedIsRefused() {
    ema.start(network);
    EarlyStoppingTrainer trainer = new EarlyStoppingTrainer(earlyStopping(), network, data());
    assertTrue(refused(trainer::fit).contains("never registered with the network"));
  }

  @Test
  void earlyStoppingOfAConfigurationIsRefusedAndTheNetworkMadeBeforeWorks() {
    EarlyStoppingTrainer ofConfiguration =
        new EarlyStoppingTrainer(earlyStopping(), network.getLayerWiseConfigurations(), data());
    String message = refused(ofConfiguration::fit);
    assertTrue(message.contains("net = new MultiLayerNetwork(configuration); net.init()"), message);

    network.addListeners(ema);
    assertEquals(
        3,
        new EarlyStoppingTrainer(earlyStopping(), network, data())
            .fit().getScoreVsEpoch().values().stream().distinct().count());
  }

  // ---------------------------------------------------------------- setListeners

  @Test
  void messageAfterTrainingNamesSetListenersFirst() {
    network.addListeners(ema);
    network.setListeners(new ScoreIterationListener(1000));
    network.fit(data());
    for (Executable reading :
        List.<Executable>of(
            ema::shadow,
            ema::average,
            () -> ema.averagedNetwork(network),
            () -> new EmaEvaluator(ema, data()).compare(network))) {
      String message = refused(reading);
      assertTrue(
          message.contains(
              "has seen no training. Call fit before this. If it was registered, net.setListeners"));
      assertFalse(message.contains("start("), message); // which alone leads to another silence
      assertFalse(message.contains("Spark"), message); // not on this class path
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void wrappedListenerWithoutItsAverageIsRefusedBeforeItSeesRawWeights(boolean started)
      throws Exception {
    if (started) {
      ema.start(network);
    }
    network.addListeners(ema);
    TrainingListener checkpoints =
        new CheckpointListener.Builder(directory.toFile()).keepAll().saveEveryEpoch().build();
    network.setListeners(ema.during(checkpoints));
    String message = refused(() -> network.fit(data()));
    assertTrue(message.contains("register the ModelEmaListener with the network"), message);
    assertEquals(0, directory.toFile().list((where, name) -> name.endsWith(".zip")).length);
  }

  @Test
  void wrappedListenerMayStandBeforeItsAverage() {
    int[] calls = new int[1];
    BaseTrainingListener counting =
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            calls[0]++;
          }
        };
    network.setListeners(ema.during(counting), ema);
    network.fit(data(), 2);
    assertEquals(6, calls[0]);
  }

  @Test
  void wrappedListenerOfALoopOfOnesOwnIsCalled() {
    int[] calls = new int[1];
    ema.start(network);
    network.setListeners(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            ema.update(network);
          }
        },
        ema.during(
            new BaseTrainingListener() {
              @Override
              public void iterationDone(Model model, int iteration, int epoch) {
                calls[0]++;
              }
            }));
    network.fit(data());
    assertEquals(3, calls[0]);
  }

  // ---------------------------------------------------------------- epochs

  private List<String> warnings(Class<?> by, int fits) {
    try (LogCapture log = new LogCapture(by)) {
      Stream.generate(() -> POINTS).limit(fits).forEach(network::fit);
      return log.messages(Level.WARN);
    }
  }

  @Test
  void historyByEpochsSaysOnceThatThereAreNone() {
    EmaHistory history = new EmaEvaluator(ema, data()).everyEpochs(1);
    network.addListeners(ema);
    assertEquals(List.of(), warnings(EmaHistory.class, 99));
    String message = refused(history::last);
    assertTrue(message.contains("99 iterations were outside of epochs: fit(DataSet)"), message);
    List<String> warnings = warnings(EmaHistory.class, 150);
    assertEquals(1, warnings.size(), warnings::toString);
    assertTrue(warnings.get(0).contains("evaluator.everyIterations(n)"), warnings::toString);
  }

  @Test
  void checkpointsByEpochsSaySoOnceToo() throws Exception {
    EmaCheckpointListener.builder(directory, ema).saveEveryEpoch().keepLast(3).build();
    network.addListeners(ema);
    List<String> warnings = warnings(EmaCheckpointListener.class, 250);
    assertEquals(1, warnings.size(), warnings::toString);
    assertTrue(warnings.get(0).contains("saveEveryNIterations(n)"), warnings::toString);
  }

  @Test
  void whoCountsIterationsOrHasEpochsIsNotTold() throws Exception {
    EmaHistory byEpochs = new EmaEvaluator(ema, data()).everyEpochs(50);
    network.addListeners(ema);
    try (LogCapture log = new LogCapture(EmaHistory.class)) {
      network.fit(data(), 40);
      assertEquals(List.of(), log.messages(Level.WARN));
    }
    assertFalse(refused(byEpochs::last).contains("fit(DataSet)"));

    MultiLayerNetwork another = Nets.mlp();
    ModelEmaListener other = new ModelEmaListener(0.9);
    EmaCheckpointListener.builder(directory, other).saveEveryNIterations(500).build();
    another.addListeners(other);
    try (LogCapture log = new LogCapture(EmaCheckpointListener.class)) {
      Stream.generate(() -> POINTS).limit(120).forEach(another::fit);
      assertEquals(List.of(), log.messages(Level.WARN));
    }
  }
}
