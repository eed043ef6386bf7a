// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.dl4j.earlystopping.EmaEarlyStopping;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;

/** An average that its network has trained on without looks like one that is up to date. */
class LeftBehindAverageTest {

  private static final DataSet POINTS = Data.points(1, 24);

  @TempDir private Path directory;

  private static Batches data() {
    return Batches.of(POINTS, 8);
  }

  private static List<String> warnings(Runnable training) {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      training.run();
      return log.messages(Level.WARN);
    }
  }

  // ---------------------------------------------------------------- it is refused

  /** The ways in which a line is forgotten, and what the message says about each. */
  enum Forgotten {
    REGISTRATION("never registered with the network") {
      @Override
      ModelEmaListener leftBehindBy(MultiLayerNetwork network) {
        ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
        network.fit(data());
        return ema;
      }
    },
    REGISTRATION_OF_GROUP("never registered with the network") {
      @Override
      ModelEmaListener leftBehindBy(MultiLayerNetwork network) {
        ModelEmaGroup group = ModelEmaGroup.of(0.9, 0.99).start(network);
        network.fit(data());
        return group.get(1);
      }
    },
    RESUMED_REGISTRATION(
        "not registered with the restored network: call net.addListeners(run.ema())") {
      @Override
      ModelEmaListener leftBehindBy(MultiLayerNetwork network) {
        ModelEmaListener before = new ModelEmaListener(0.9);
        network.setListeners(before);
        network.fit(data());
        network.setListeners();
        ModelEmaListener ema = ModelEmaListener.resume(network, before.average());
        network.fit(data());
        return ema;
      }
    },
    LISTENERS_REPLACED("net.setListeners(...) drops all listeners of before") {
      @Override
      ModelEmaListener leftBehindBy(MultiLayerNetwork network) {
        ModelEmaListener ema = new ModelEmaListener(0.9);
        network.addListeners(ema);
        network.fit(data());
        network.setListeners(new ScoreIterationListener(1000));
        network.fit(data());
        return ema;
      }
    },
    UPDATE("update(network) was not called after the last of them") {
      @Override
      ModelEmaListener leftBehindBy(MultiLayerNetwork network) {
        ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
        network.fit(POINTS);
        ema.update(network);
        network.fit(data());
        return ema;
      }
    };

    final String message;

    Forgotten(String message) {
      this.message = message;
    }

    abstract ModelEmaListener leftBehindBy(MultiLayerNetwork network);
  }

  @ParameterizedTest
  @EnumSource
  void isHandedOutByNothing(Forgotten forgotten) {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = forgotten.leftBehindBy(network);
    Bits raw = Bits.of(network.params());
    Path file = directory.resolve("file.zip");
    EmaEvaluator evaluator = new EmaEvaluator(ema, data());
    EarlyStoppingConfiguration<MultiLayerNetwork> earlyStopping =
        EmaEarlyStopping.wrap(
            new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
                .scoreCalculator(new DataSetLossCalculator(data(), true))
                .modelSaver(new InMemoryModelSaver<>())
                .build(),
            ema);
    Stream.<Executable>of(
            ema::shadow,
            ema::average,
            () -> ema.averagedNetwork(network),
            () -> ema.averagedView(network),
            () -> ema.swap(network),
            () -> EmaExport.save(file, network, ema),
            () -> EmaCheckpoint.save(file, network, ema),
            () -> EmaReport.of(ema, network),
            () -> evaluator.compare(network),
            () -> evaluator.averagedNetwork(network),
            () -> evaluator.onLiveView().compare(network),
            () -> evaluator.recalibratingOn(data()).compare(network),
            () -> earlyStopping.getScoreCalculator().calculateScore(network),
            () -> earlyStopping.getModelSaver().saveBestModel(network, 1))
        .forEach(
            reading -> {
              String message = assertThrows(IllegalStateException.class, reading).getMessage();
              assertTrue(message.contains(forgotten.message), message);
              assertTrue(message.contains("not up to date"), message);
            });
    assertFalse(Files.exists(file));
    assertEquals(raw, Bits.of(network.params()));
  }

  @Test
  void messageCountsTheIterationsThatAreMissing() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = Forgotten.LISTENERS_REPLACED.leftBehindBy(network);
    String message =
        assertThrows(IllegalStateException.class, () -> ema.averagedNetwork(network)).getMessage();
    assertTrue(
        message.contains("made 6 iterations, of which the average has not seen the last 3"),
        message);
  }

  @Test
  void restoredRunThatTrainsOnWithoutItsAverageIsNotSavedAgain() throws Exception {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(ema);
    network.fit(data());
    Path file = directory.resolve("run.zip");
    EmaCheckpoint.save(file, network, ema);
    RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);
    assertEquals(Bits.of(ema.shadow()), Bits.of(run.ema().shadow())); // not yet left behind

    run.network().fit(data());

    assertThrows(
        IllegalStateException.class, () -> EmaCheckpoint.save(file, run.network(), run.ema()));
    assertEquals(3, EmaCheckpoint.info(file).iteration());
  }

  @Test
  void groupOfAveragesThatWereLeftBehindIsRefused() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = Forgotten.RESUMED_REGISTRATION.leftBehindBy(network);
    assertThrows(IllegalStateException.class, () -> ModelEmaGroup.of(ema));
  }

  // ---------------------------------------------------------------- or wanted

  @Test
  void declaredCurrentItIsHandedOutUntilTheNetworkTrainsOn() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(ema);
    network.fit(data());
    Bits old = Bits.of(ema.shadow());
    network.setListeners();
    network.fit(data());

    ema.declareCurrent(network);
    assertEquals(old, Bits.of(ema.averagedNetwork(network).params()));

    network.fit(data());
    assertThrows(IllegalStateException.class, () -> ema.averagedNetwork(network));
  }

  @Test
  void onlyTheAverageOfThatNetworkIsDeclaredCurrent() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = Forgotten.REGISTRATION.leftBehindBy(network);
    assertThrows(IllegalStateException.class, () -> ema.declareCurrent(Nets.mlp()));
    assertThrows(IllegalStateException.class, ema::shadow);
    assertThrows(
        IllegalStateException.class, () -> new ModelEmaListener(0.9).declareCurrent(network));
  }

  @Test
  void restartBringsItUpToDate() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = Forgotten.LISTENERS_REPLACED.leftBehindBy(network);
    ema.restart(network);
    assertEquals(Bits.of(network.params()), Bits.of(ema.averagedNetwork(network).params()));
  }

  // ---------------------------------------------------------------- training on after a gap

  @Test
  void registeredAgainItGoesOnAndTheLogSaysOnceWhatIsMissing() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = Forgotten.LISTENERS_REPLACED.leftBehindBy(network);
    network.addListeners(ema);
    List<String> warnings = warnings(() -> network.fit(data(), 2));
    assertEquals(1, warnings.size(), warnings::toString);
    assertTrue(warnings.get(0).contains("The average lacks 3 iterations"), warnings::toString);
    assertEquals(9, ema.updateCount());
    ema.averagedNetwork(network);
  }

  @Test
  void registeredBeforeItsFirstStepItBeginsThereWithoutAWarning() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    network.fit(data());
    network.addListeners(ema);
    List<String> warnings = warnings(() -> network.fit(POINTS));
    assertEquals(List.of(), warnings);
    ema.averagedNetwork(network);
  }

  // ---------------------------------------------------------------- what is up to date

  @Test
  void networkThatHasNotTrainedHasAnAverage() {
    MultiLayerNetwork network = Nets.mlp();
    network.setIterationCount(1000); // of a run of earlier
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    assertEquals(Bits.of(network.params()), Bits.of(ema.averagedNetwork(network).params()));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1000})
  void stepsThatMoveNothingAreSeenAllTheSame(int startAfter) {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder()
                .schedule(DecaySchedule.constant(0.9))
                .updateEvery(50)
                .startAfter(startAfter)
                .build());
    network.addListeners(ema);
    network.fit(data(), 2);
    assertEquals(0, ema.updateCount());
    ema.averagedNetwork(network);
  }

  @Test
  void segmentsOfTruncatedBackpropagationAreAllSeen() {
    MultiLayerNetwork network = Nets.lstm(BackpropType.TruncatedBPTT);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(ema);
    network.fit(Data.sequences(1, 8, false));
    assertTrue(network.getIterationCount() > 1);
    ema.averagedNetwork(network);
  }

  @Test
  void loopsThatCountTheirIterationsAfterTheUpdateAreUpToDate() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    for (int step = 0; step < 3; step++) {
      network.params().addi(0.1);
      ema.update(network);
      network.setIterationCount(step + 1);
      ema.averagedNetwork(network);
    }
  }

  @Test
  void listenersBeforeAndAfterItCanReadIt() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    BaseTrainingListener reader =
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            ema.shadow();
          }
        };
    network.setListeners(reader, ema, reader);
    network.fit(data(), 2);
    assertEquals(6, ema.updateCount());
  }
}
