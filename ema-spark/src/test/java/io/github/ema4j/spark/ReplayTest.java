// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Weights and average after every round are, bit for bit, those of a replay of the same minibatches
 * in one process.
 */
@SparkTest
class ReplayTest {

  private static final int K = 3;
  private static final DecaySchedule DECAY = DecaySchedule.constant(0.9);

  @TempDir Path directory;

  private ParameterAveragingTrainingMaster.Builder training(int workers, int examples) {
    return new ParameterAveragingTrainingMaster.Builder(workers, examples)
        .batchSizePerWorker(4)
        .averagingFrequency(K)
        .saveUpdater(true)
        .rngSeed(3)
        .rddTrainingApproach(RDDTrainingApproach.Direct)
        .trainingHooks(new Recorder(directory));
  }

  private static EmaTrainingMaster.Builder averaging(
      ParameterAveragingTrainingMaster.Builder training, DecaySchedule schedule) {
    return EmaTrainingMaster.builder(training)
        .averaging(AveragingConfig.builder().schedule(schedule).build());
  }

  /** Trains two epochs; the rounds that were watched. */
  private static List<Round> train(
      JavaSparkContext sc, Kind kind, EmaTrainingMaster.Builder builder, int objects, int examples)
      throws Exception {
    WatchedMaster master = new WatchedMaster(builder);
    EmaSparkTraining<?> run = kind.train(sc, kind.create(), master);
    run.fit(sc.parallelize(Minibatches.of(objects, examples), 2), 2);
    assertEquals(master.watched().size(), run.rounds());
    assertFalse(
        Arrays.equals(master.watched().get(0).average(), master.watched().get(0).params()),
        "an average");
    return master.watched();
  }

  private List<List<List<MultiDataSet>>> recorded() throws IOException {
    return new Recorder(directory).rounds();
  }

  private List<Round> replay(Kind kind) throws IOException {
    return new Replay(kind.create(), DECAY, K).of(recorded());
  }

  @ParameterizedTest
  @EnumSource
  void everyKindOfNetwork(Kind kind, JavaSparkContext sc) throws Exception {
    List<Round> rounds = train(sc, kind, averaging(training(2, 4), DECAY), 12, 4);
    assertEquals(4, rounds.size());
    Round.assertSame(replay(kind), rounds);
  }

  @ParameterizedTest
  @EnumSource
  void averagedAfterEveryStepOfTheWorkers(Kind kind, JavaSparkContext sc) throws Exception {
    List<Round> rounds =
        train(sc, kind, averaging(training(2, 4), DECAY).averageEveryStep(), 12, 4);
    Round.assertSame(
        new Replay(kind.create(), DECAY, K).averagingEveryStep().of(recorded()), rounds);
  }

  /** 15 objects are a whole number of rounds of one worker, but not every round gets as many. */
  @ParameterizedTest
  @CsvSource({"2, 17", "1, 15"})
  void dataThatIsNotTrainedOnIsCounted(int workers, int objects, JavaSparkContext sc)
      throws Exception {
    List<Round> rounds;
    List<String> warnings;
    try (LoggedWarnings logged = new LoggedWarnings(EmaTrainingMaster.class)) {
      rounds = train(sc, Kind.BATCH_NORM, averaging(training(workers, 4), DECAY), objects, 4);
      warnings = logged.with("not trained on");
    }
    assertEquals(objects / (K * workers) * 2, rounds.size());
    Round.assertSame(replay(Kind.BATCH_NORM), rounds);
    long trained = recorded().stream().flatMap(List::stream).mapToLong(List::size).sum();
    int counted = 0;
    for (String warning : warnings) {
      String[] words = warning.split(" ");
      counted += Integer.parseInt(words[0]);
      assertEquals(4 * objects, Integer.parseInt(words[2]));
    }
    assertTrue(counted > 0, "data is left over");
    assertEquals(2 * 4 * objects - 4 * trained, counted);
  }

  @Test
  void dataOfLessThanOneRound(JavaSparkContext sc) throws Exception {
    List<Round> rounds = train(sc, Kind.LAYERS, averaging(training(2, 4), DECAY), 3, 4);
    assertEquals(2, rounds.size());
    Round.assertSame(replay(Kind.LAYERS), rounds);
  }

  @Test
  void singleExamplesOfWhichSparkMakesMinibatches(JavaSparkContext sc) throws Exception {
    List<Round> rounds = train(sc, Kind.LAYERS, averaging(training(2, 1), DECAY), 53, 1);
    Round.assertSame(replay(Kind.LAYERS), rounds);
  }

  @Test
  void dataThatIsExportedToFilesFirst(JavaSparkContext sc) throws Exception {
    ParameterAveragingTrainingMaster.Builder training =
        training(2, 4)
            .rddTrainingApproach(RDDTrainingApproach.Export)
            .exportDirectory(directory.resolve("export").toUri().toString());
    List<Round> rounds = train(sc, Kind.GRAPH, averaging(training, DECAY), 12, 4);
    Round.assertSame(replay(Kind.GRAPH), rounds);
  }

  @Test
  void updaterStateThatIsDroppedAfterEveryRound(JavaSparkContext sc) throws Exception {
    List<Round> rounds =
        train(sc, Kind.LAYERS, averaging(training(2, 4).saveUpdater(false), DECAY), 12, 4);
    Round.assertSame(
        new Replay(Kind.LAYERS.create(), DECAY, K).droppingUpdaterState().of(recorded()), rounds);
  }

  @Test
  void horizonInExamples(JavaSparkContext sc) throws Exception {
    List<Round> rounds =
        train(sc, Kind.LAYERS, averaging(training(2, 4), DECAY).horizon(Horizon.EXAMPLES), 12, 4);
    Round.assertSame(
        new Replay(Kind.LAYERS.create(), DECAY, K).countingExamplesOf(2).of(recorded()), rounds);
  }

  @ParameterizedTest
  @EnumSource
  void warmUp(Horizon horizon, JavaSparkContext sc) throws Exception {
    DecaySchedule warmUp = DecaySchedule.numUpdates(0.99);
    List<Round> rounds =
        train(sc, Kind.LAYERS, averaging(training(2, 4), warmUp).horizon(horizon), 12, 4);
    Round.assertSame(
        new Replay(Kind.LAYERS.create(), warmUp, K)
            .countingExamplesOf(horizon == Horizon.EXAMPLES ? 2 : 1)
            .of(recorded()),
        rounds);
  }

  @Test
  void oneWorkerAveragedAfterEveryStepIsTrainingWithoutSpark(JavaSparkContext sc) throws Exception {
    List<Round> rounds =
        train(sc, Kind.LAYERS, averaging(training(1, 4), DECAY).averageEveryStep(), 8, 4);
    // Every minibatch as a round of its own: no mean of workers, no rounds.
    List<List<List<MultiDataSet>>> minibatches = new ArrayList<>();
    recorded().forEach(round -> round.get(0).forEach(m -> minibatches.add(List.of(List.of(m)))));
    List<Round> steps = new Replay(Kind.LAYERS.create(), DECAY, 1).of(minibatches);
    assertEquals(4 * K, steps.size());
    Round.assertSame(List.of(steps.get(2), steps.get(5), steps.get(8), steps.get(11)), rounds);
  }

  @Test
  void fourWorkersWhoseSumsAreMadeInAnyOrder(JavaSparkContext sc) throws Exception {
    List<Round> rounds = train(sc, Kind.BATCH_NORM, averaging(training(4, 4), DECAY), 27, 4);
    assertEquals(4, rounds.size());
    Round.assertClose(replay(Kind.BATCH_NORM), rounds, 1e-6f);
  }

  @Test
  void fourWorkersAveragedAfterEveryStep(JavaSparkContext sc) throws Exception {
    List<Round> rounds =
        train(sc, Kind.GRAPH, averaging(training(4, 4), DECAY).averageEveryStep(), 24, 4);
    Round.assertClose(
        new Replay(Kind.GRAPH.create(), DECAY, K).averagingEveryStep().of(recorded()),
        rounds,
        1e-6f);
  }
}
