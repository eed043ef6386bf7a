// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.core.storage.Persistable;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.core.storage.StorageMetaData;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.EvaluationCalibration;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

class EmaUiListenerTest {

  private final StatsStorage storage = new InMemoryStatsStorage();
  private final MultiLayerNetwork net = Nets.mlp();
  private final DataSetIterator validationData = Batches.of(Data.points(2, 60), 60);

  /** 10 iterations per epoch. */
  private static DataSetIterator trainingData() {
    return Batches.of(Data.points(1, 160, 0.4), 16);
  }

  private List<AverageState> states(String session) {
    List<AverageState> states = new ArrayList<>();
    for (Persistable update : storage.getAllUpdatesAfter(session, EmaRecord.TYPE_ID, -1)) {
      states.add(((EmaRecord) update).state().orElseThrow());
    }
    return states;
  }

  private TrainingRun run(String session) {
    List<Persistable> infos = storage.getAllStaticInfos(session, EmaRecord.TYPE_ID);
    assertEquals(1, infos.size());
    return ((EmaRecord) infos.get(0)).run().orElseThrow();
  }

  @Test
  void postsWhatTheReportAndTheEvaluationSay() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history = new EmaEvaluator(ema, validationData).everyEpochs(1);
    StatsListener stats = new StatsListener(storage, 5);
    net.setListeners(ema, history, stats, new EmaUiListener(stats, ema, history));
    net.fit(trainingData(), 1);

    assertEquals(
        new TrainingRun(
            "MultiLayerNetwork", net.numParams(), List.of("constant(decay=0.9)"), List.of()),
        run(stats.getSessionID()));
    List<AverageState> states = states(stats.getSessionID());
    assertEquals(2, states.size());
    EmaReport report = EmaReport.of(ema, net);
    Comparison comparison = history.last();
    assertEquals(
        new AverageState(
            "constant(decay=0.9)",
            10,
            0,
            10,
            0,
            0,
            0.9,
            Math.pow(0.9, 10),
            report.distance(),
            report.distanceByLayer(),
            report.advice(),
            Map.of(),
            Map.of()),
        withShare(states.get(0), Math.pow(0.9, 10)));
    AverageState evaluated = states.get(1);
    assertEquals(10, evaluated.iteration());
    assertEquals(1, evaluated.epoch());
    assertEquals(comparison.raw(Evaluation.class).accuracy(), evaluated.raw().get("accuracy"));
    Evaluation averaged = comparison.averaged(Evaluation.class);
    assertEquals(averaged.accuracy(), evaluated.averaged().get("accuracy"));
    assertEquals(averaged.f1(), evaluated.averaged().get("f1"));
    assertEquals(List.of("accuracy", "f1", "precision", "recall"), names(evaluated));
    assertEquals(
        List.of(stats.getWorkerID()),
        storage.listWorkerIDsForSessionAndType(stats.getSessionID(), EmaRecord.TYPE_ID));
  }

  /** The share is a product of 10 factors: equal to the power but for rounding. */
  private static AverageState withShare(AverageState state, double share) {
    assertEquals(share, state.initialShare(), 1e-12);
    return new AverageState(
        state.average(),
        state.iteration(),
        state.epoch(),
        state.updates(),
        state.skipped(),
        state.restores(),
        state.decay(),
        share,
        state.distance(),
        state.distanceByLayer(),
        state.advice(),
        state.raw(),
        state.averaged());
  }

  private static List<String> names(AverageState state) {
    assertEquals(state.raw().keySet(), state.averaged().keySet());
    return List.copyOf(state.raw().keySet());
  }

  @Test
  void postsSkippedUpdatesAndWhy() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaUiListener ui = new EmaUiListener(storage, ema);
    net.setListeners(ema);
    net.fit(trainingData(), 1);
    net.params().putScalar(0, Double.NaN);
    net.fit(trainingData(), 1);

    assertEquals(List.of("constant(decay=0.9)"), run(ui.sessionId()).unscored());
    List<AverageState> states = states(ui.sessionId());
    assertEquals(0, states.get(0).skipped());
    assertEquals(10, states.get(1).skipped());
    assertEquals(10, states.get(1).updates());
    assertTrue(Double.isNaN(states.get(1).distance()));
    assertEquals(
        List.of(
            "The weights were not finite after 10 of 20 steps: lower the learning rate or clip"
                + " gradients"),
        states.get(1).advice().stream().filter(a -> a.contains("finite")).toList());
  }

  @Test
  void postsAtItsIntervalAndUnderDistinctTimes() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaUiListener ui = EmaUiListener.builder(storage).average(ema).every(1).build();
    net.setListeners(ema, ui);
    net.fit(trainingData(), 5);

    List<Persistable> updates = storage.getAllUpdatesAfter(ui.sessionId(), EmaRecord.TYPE_ID, -1);
    assertEquals(50, updates.size());
    HashSet<Long> times = new HashSet<>();
    HashSet<Integer> iterations = new HashSet<>();
    for (Persistable update : updates) {
      times.add(update.getTimeStamp());
      iterations.add(((EmaRecord) update).state().orElseThrow().iteration());
    }
    assertEquals(50, times.size());
    assertEquals(50, iterations.size());
  }

  /** As with several workers, where it is called after each synchronisation only. */
  @Test
  void postsAfterAnIntervalWhoseEndItDidNotSee() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    net.setListeners(ema);
    net.fit(trainingData(), 1);
    EmaUiListener ui = EmaUiListener.builder(storage).average(ema).every(10).build();
    for (int done = 21; done <= 45; done += 4) { // 21, 25, 29, 33, 37, 41, 45
      int iteration = done - 1;
      ema.followers().forEach(follower -> follower.iterationDone(net, iteration, 0));
    }
    List<Integer> posted =
        storage.getAllUpdatesAfter(ui.sessionId(), EmaRecord.TYPE_ID, -1).stream()
            .map(update -> ((EmaRecord) update).state().orElseThrow().iteration())
            .toList();
    assertEquals(List.of(33, 41), posted);
  }

  @Test
  void postsEveryAverageOfAGroup() {
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9, 0.9);
    EmaUiListener.Builder builder = EmaUiListener.builder(storage);
    net.setListeners(group);
    for (ModelEmaListener ema : group.members()) {
      EmaHistory history = new EmaEvaluator(ema, validationData).everyIterations(5);
      net.addListeners(history);
      builder.average(ema, history);
    }
    EmaUiListener ui = builder.build();
    net.addListeners(ui);
    net.fit(trainingData(), 1);

    List<String> names =
        List.of("constant(decay=0.5)", "constant(decay=0.9)", "constant(decay=0.9) 2");
    assertEquals(names, run(ui.sessionId()).averages());
    for (String name : names) {
      assertEquals(
          List.of(5, 10),
          states(ui.sessionId()).stream()
              .filter(state -> state.average().equals(name) && !state.averaged().isEmpty())
              .map(AverageState::iteration)
              .toList());
    }
  }

  @Test
  void postsOfAGraphWithScoresOfOnesOwn() {
    ComputationGraph graph = Nets.mlpGraph("first");
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history = new EmaEvaluator(ema, validationData).everyEpochs(1);
    EmaUiListener ui =
        EmaUiListener.builder(storage)
            .average(ema, history)
            .score("error", result -> 1 - result.get(Evaluation.class).accuracy())
            .build();
    graph.setListeners(ema, history, ui);
    graph.fit(trainingData(), 1);

    AverageState last = states(ui.sessionId()).get(1);
    assertEquals(List.of("first", "out"), List.copyOf(last.distanceByLayer().keySet()));
    assertEquals(List.of("error"), names(last));
    assertEquals(1 - history.last().raw(Evaluation.class).accuracy(), last.raw().get("error"));
  }

  @Test
  void scoresOfSeveralEvaluationsHaveNamesOfTheirOwn() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history =
        new EmaEvaluator(
                ema,
                validationData,
                new RegressionEvaluation(),
                new ROCMultiClass(),
                new RegressionEvaluation())
            .everyEpochs(1);
    EmaUiListener ui = new EmaUiListener(storage, ema, history);
    net.setListeners(ema, history, ui);
    net.fit(trainingData(), 1);

    assertEquals(
        List.of("mse", "mae", "r2", "auroc", "auprc", "mse 2", "mae 2", "r2 2"),
        names(states(ui.sessionId()).get(1)));
  }

  /** Under the names that the scores of the averaged weights have, so that the page has a row. */
  @Test
  void scoresOfRawWeightsThatHaveDivergedAreNoNumbers() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history = new EmaEvaluator(ema, validationData).everyEpochs(1);
    EmaUiListener usual = new EmaUiListener(storage, ema, history);
    EmaUiListener own =
        EmaUiListener.builder(storage)
            .average(ema, history)
            .score("error", result -> 1 - result.get(Evaluation.class).accuracy())
            .build();
    net.setListeners(ema, history, usual, own);
    net.fit(trainingData(), 1);
    net.params().putScalar(0, Double.NaN);
    try (LogCapture log = new LogCapture(EmaUiListener.class)) {
      ema.followers().forEach(follower -> follower.onEpochEnd(net));
      assertEquals(List.of(), log.messages(Level.WARN));
    }
    AverageState diverged = states(usual.sessionId()).get(2);
    assertEquals(List.of("accuracy", "f1", "precision", "recall"), names(diverged));
    assertTrue(diverged.raw().values().stream().allMatch(score -> Double.isNaN(score)));
    assertTrue(diverged.averaged().values().stream().allMatch(score -> Double.isFinite(score)));
    diverged = states(own.sessionId()).get(2);
    assertEquals(List.of("error"), names(diverged));
    assertTrue(Double.isNaN(diverged.raw().get("error")));
    assertTrue(Double.isFinite(diverged.averaged().get("error")));
  }

  @Test
  void evaluationWithoutKnownScoreIsToldOnce() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history =
        new EmaEvaluator(ema, validationData, new EvaluationCalibration()).everyIterations(5);
    EmaUiListener ui = new EmaUiListener(storage, ema, history);
    net.setListeners(ema, history, ui);
    try (LogCapture log = new LogCapture(EmaUiListener.class)) {
      net.fit(trainingData(), 1);
      assertEquals(
          List.of(
              "Of [EvaluationCalibration] no score is known to show: name one with"
                  + " EmaUiListener.builder(...).score(...)"),
          log.messages(Level.WARN));
    }
    assertEquals(3, states(ui.sessionId()).size());
  }

  @Test
  void trainingIsTheSameToTheLastBit() {
    MultiLayerNetwork plain = Nets.mlp();
    plain.fit(trainingData(), 4);

    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history = new EmaEvaluator(ema, validationData).everyIterations(3);
    EmaUiListener ui = EmaUiListener.builder(storage).average(ema, history).every(1).build();
    net.setListeners(ema, history, ui);
    net.fit(trainingData(), 4);

    assertTrue(states(ui.sessionId()).size() > 40);
    assertArrayEquals(bits(plain), bits(net));
    assertEquals(
        Double.doubleToRawLongBits(plain.score()), Double.doubleToRawLongBits(net.score()));
    assertEquals(plain.getInput(), net.getInput());
    assertArrayEquals(
        plain.getUpdater().getStateViewArray().toFloatVector(),
        net.getUpdater().getStateViewArray().toFloatVector());
  }

  private static int[] bits(MultiLayerNetwork network) {
    float[] params = network.params().toFloatVector();
    int[] bits = new int[params.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(params[i]);
    }
    return bits;
  }

  /** Fails like a storage whose disk is full. */
  private static final class FullDisk implements StatsStorageRouter {
    private int attempts;

    @Override
    public void putStorageMetaData(StorageMetaData metaData) {
      throw new AssertionError("not used");
    }

    @Override
    public void putStorageMetaData(Collection<? extends StorageMetaData> metaData) {
      throw new AssertionError("not used");
    }

    @Override
    public void putStaticInfo(Persistable info) {
      attempts++;
    }

    @Override
    public void putStaticInfo(Collection<? extends Persistable> infos) {
      throw new AssertionError("not used");
    }

    @Override
    public void putUpdate(Persistable update) {
      attempts++;
      throw new java.io.IOError(new java.io.IOException("No space left on device"));
    }

    @Override
    public void putUpdate(Collection<? extends Persistable> updates) {
      throw new AssertionError("not used");
    }
  }

  @Test
  void failureIsLoggedOnceAndTrainingGoesOn() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    FullDisk full = new FullDisk();
    net.setListeners(ema, EmaUiListener.builder(full).average(ema).every(1).build());
    try (LogCapture log = new LogCapture(EmaUiListener.class)) {
      net.fit(trainingData(), 1);
      assertEquals(1, log.messages(Level.WARN).size());
    }
    assertEquals(10, net.getIterationCount());
    assertEquals(11, full.attempts);
  }

  @Test
  void secondListenerOfTheSameSessionIsToldToJoinTheFirst() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    StatsListener stats = new StatsListener(storage);
    net.setListeners(
        ema,
        EmaUiListener.builder(stats).average(ema).build(),
        EmaUiListener.builder(stats).average(ema).build());
    try (LogCapture log = new LogCapture(EmaUiListener.class)) {
      net.fit(trainingData(), 1);
      assertEquals(1, log.messages(Level.WARN).size());
    }
    assertEquals(1, states(stats.getSessionID()).size());
  }

  /** And nothing is posted of it: it would be an old one. */
  @ParameterizedTest
  @ValueSource(strings = {"forgotten", "only started", "dropped"})
  void averageThatIsNotRegisteredIsTold(String how) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaUiListener ui = EmaUiListener.builder(storage).average(ema).every(1).build();
    if (how.equals("only started")) {
      ema.start(net);
    }
    if (how.equals("dropped")) {
      net.setListeners(ui, ema);
      try (LogCapture log = new LogCapture(EmaUiListener.class)) {
        net.fit(trainingData(), 1);
        assertEquals(List.of(), log.messages(Level.WARN));
      }
    }
    int posted = states(ui.sessionId()).size();
    assertEquals(how.equals("dropped"), posted > 0);
    net.setListeners(ui);
    try (LogCapture log = new LogCapture(EmaUiListener.class)) {
      net.fit(trainingData(), 1);
      assertEquals(1, log.messages(Level.WARN).size());
    }
    assertEquals(posted, states(ui.sessionId()).size());
  }

  /** Whatever is registered, and in whichever order. */
  @Test
  void postsTheSameHoweverItIsRegistered() {
    List<List<AverageState>> posted = new ArrayList<>();
    for (int order = 0; order < 3; order++) {
      MultiLayerNetwork network = Nets.mlp();
      ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9);
      EmaUiListener ui =
          EmaUiListener.builder(storage)
              .average(group, new EmaEvaluator(group, validationData).everyIterations(2))
              .every(3)
              .build();
      network.setListeners(group);
      if (order > 0) {
        network.setListeners(order == 1 ? List.of(group, ui) : List.of(ui, group));
      }
      network.fit(trainingData(), 1);
      posted.add(states(ui.sessionId()));
    }
    assertEquals(2, posted.get(0).stream().map(AverageState::average).distinct().count());
    assertEquals(posted.get(0), posted.get(1));
    assertEquals(posted.get(0), posted.get(2));
  }

  @Test
  void otherNetworksAreNotPosted() {
    ModelEmaListener ema = new ModelEmaListener(0.9).start(net);
    MultiLayerNetwork other = Nets.mlp();
    other.setListeners(EmaUiListener.builder(storage).average(ema).every(1).build());
    other.fit(trainingData(), 1);
    assertTrue(storage.listSessionIDs().isEmpty());
  }

  @Test
  void badSettingsAreRefused() {
    EmaUiListener.Builder builder = EmaUiListener.builder(storage);
    assertEquals(
        "The interval of posting must be at least 1 iteration, but was 0",
        assertThrows(IllegalArgumentException.class, () -> builder.every(0)).getMessage());
    assertThrows(IllegalStateException.class, builder::build);
    assertThrows(NullPointerException.class, () -> builder.average(null));
  }
}
