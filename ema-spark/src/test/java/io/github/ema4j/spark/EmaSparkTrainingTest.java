// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;

/** A run whose driver is lost after any round goes on from its checkpoint, bit for bit. */
@SparkTest
@Tag("slow")
class EmaSparkTrainingTest {

  private static final int EPOCHS = 2;
  private static final int ROUNDS = 6;
  // Two more than three rounds of 2 workers and 2 iterations take.
  private static final int OBJECTS = 14;
  private static final DecaySchedule WARM_UP = DecaySchedule.numUpdates(0.99);

  /** In place of a driver that dies. */
  private static final class DriverLost extends RuntimeException {}

  @TempDir Path directory;

  private static ParameterAveragingTrainingMaster.Builder training() {
    return new ParameterAveragingTrainingMaster.Builder(2, 4)
        .batchSizePerWorker(4)
        .averagingFrequency(2)
        .saveUpdater(true)
        .rngSeed(11)
        .rddTrainingApproach(RDDTrainingApproach.Direct);
  }

  private EmaTrainingMaster.Builder averaging() {
    return averaging(training());
  }

  private EmaTrainingMaster.Builder averaging(ParameterAveragingTrainingMaster.Builder training) {
    return EmaTrainingMaster.builder(training)
        .averaging(AveragingConfig.builder().schedule(WARM_UP).build())
        .checkpoints(directory.resolve("run").toString());
  }

  private String elsewhere(String name) {
    return directory.resolve(name).toString();
  }

  private static JavaRDD<DataSet> data(JavaSparkContext sc) {
    return sc.parallelize(Minibatches.of(OBJECTS, 4), 3);
  }

  private static List<Round> uninterrupted(
      JavaSparkContext sc, Kind kind, EmaTrainingMaster.Builder builder) throws IOException {
    WatchedMaster master = new WatchedMaster(builder);
    kind.train(sc, kind.create(), master).fit(data(sc), EPOCHS);
    assertEquals(ROUNDS, master.watched().size());
    return master.watched();
  }

  /** Trains until the driver is lost, then with a new network and master to the end. */
  private static List<Round> interrupted(
      JavaSparkContext sc,
      Kind kind,
      int lostAfter,
      EmaTrainingMaster.Builder first,
      EmaTrainingMaster.Builder second)
      throws IOException {
    WatchedMaster lost =
        new WatchedMaster(
            first,
            round -> {
              if (round == lostAfter) {
                throw new DriverLost();
              }
            });
    EmaSparkTraining<?> run = kind.train(sc, kind.create(), lost);
    assertThrows(DriverLost.class, () -> run.fit(data(sc), EPOCHS));
    assertEquals(lostAfter, lost.watched().size());

    WatchedMaster master = new WatchedMaster(second);
    EmaSparkTraining<?> resumed = kind.train(sc, kind.create(), master);
    assertEquals(lostAfter, resumed.rounds());
    resumed.fit(data(sc), EPOCHS);
    assertEquals(EPOCHS, Networks.epochCount(resumed.network()));
    return Stream.concat(lost.watched().stream(), master.watched().stream()).toList();
  }

  @Test
  void afterEveryRound(JavaSparkContext sc) throws Exception {
    List<Round> expected =
        uninterrupted(sc, Kind.BATCH_NORM, averaging().checkpoints(elsewhere("whole")));
    for (int round = 1; round <= ROUNDS; round++) {
      EmaTrainingMaster.Builder builder = averaging().checkpoints(elsewhere("lost-" + round));
      Round.assertSame(expected, interrupted(sc, Kind.BATCH_NORM, round, builder, builder));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void graph(boolean everyStep, JavaSparkContext sc) throws Exception {
    EmaTrainingMaster.Builder builder = averaging();
    if (everyStep) {
      builder.averageEveryStep();
    }
    List<Round> interrupted = interrupted(sc, Kind.GRAPH, 2, builder, builder);
    Round.assertSame(
        uninterrupted(sc, Kind.GRAPH, builder.checkpoints(elsewhere("whole"))), interrupted);
  }

  @Test
  void dataThatIsExportedToFilesFirst(JavaSparkContext sc) throws Exception {
    ParameterAveragingTrainingMaster.Builder exporting =
        training()
            .rddTrainingApproach(RDDTrainingApproach.Export)
            .exportDirectory(directory.resolve("export").toUri().toString());
    List<Round> interrupted =
        interrupted(sc, Kind.LAYERS, 5, averaging(exporting), averaging(exporting));
    Round.assertSame(
        uninterrupted(sc, Kind.LAYERS, averaging(exporting).checkpoints(elsewhere("whole"))),
        interrupted);
  }

  @Test
  void theSeedIsThatOfTheRunAndNotOfTheNewMaster(JavaSparkContext sc) throws Exception {
    Round.assertSame(
        uninterrupted(sc, Kind.LAYERS, averaging().checkpoints(elsewhere("whole"))),
        interrupted(sc, Kind.LAYERS, 2, averaging(), averaging(training().rngSeed(999))));
  }

  @Test
  void fromACheckpointSomeRoundsBack(JavaSparkContext sc) throws Exception {
    EmaTrainingMaster.Builder everySecond =
        averaging().checkpoints(directory.resolve("second").toString(), 2, 1);
    List<Round> expected = uninterrupted(sc, Kind.LAYERS, averaging());
    WatchedMaster lost =
        new WatchedMaster(
            everySecond,
            round -> {
              if (round == 5) { // the checkpoint is of round 4
                throw new DriverLost();
              }
            });
    EmaSparkTraining<?> run = Kind.LAYERS.train(sc, Kind.LAYERS.create(), lost);
    assertThrows(DriverLost.class, () -> run.fit(data(sc), EPOCHS));

    WatchedMaster master = new WatchedMaster(everySecond);
    EmaSparkTraining<?> resumed = Kind.LAYERS.train(sc, Kind.LAYERS.create(), master);
    assertEquals(4, resumed.rounds());
    resumed.fit(data(sc), EPOCHS);
    Round.assertSame(expected.subList(4, ROUNDS), master.watched());
  }

  @Test
  void aFailedFitIsGoneOnWithByTheNext(JavaSparkContext sc) throws Exception {
    List<Round> expected =
        uninterrupted(sc, Kind.LAYERS, averaging().checkpoints(elsewhere("whole")));
    WatchedMaster master =
        new WatchedMaster(
            averaging(),
            round -> {
              if (round == 2) {
                throw new DriverLost();
              }
            });
    EmaSparkTraining<?> run = Kind.LAYERS.train(sc, Kind.LAYERS.create(), master);
    assertThrows(DriverLost.class, () -> run.fit(data(sc), EPOCHS));
    run.fit(data(sc), EPOCHS);
    Round.assertSame(expected, master.watched());
  }

  @Test
  void aCheckpointIsAModelFileWithAnAverage(JavaSparkContext sc) throws Exception {
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.BATCH_NORM.create();
    EmaSparkTraining<MultiLayerNetwork> run = EmaSparkTraining.of(sc, network, averaging().build());
    run.fit(data(sc), 1);

    Path file = directory.resolve("run/round-00000003.zip");
    MultiLayerNetwork raw = MultiLayerNetwork.load(file.toFile(), true);
    assertArrayEquals(EmaOracle.floats(network.params()), EmaOracle.floats(raw.params()));
    assertArrayEquals(
        EmaOracle.floats(Models.updaterState(network)), EmaOracle.floats(Models.updaterState(raw)));
    assertEquals(6, raw.getIterationCount());
    assertArrayEquals(
        EmaOracle.floats(run.ema().shadow()),
        EmaOracle.floats(EmaCheckpoint.restore(file).ema().shadow()));
    try (Stream<Path> files = Files.list(directory.resolve("run"))) {
      assertEquals(
          List.of("round-00000002.zip", "round-00000003.zip"),
          files.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  // ---------------------------------------------------------------- refusals

  private void trainOneEpoch(JavaSparkContext sc) throws IOException {
    Kind.LAYERS.train(sc, Kind.LAYERS.create(), averaging().build()).fit(data(sc), 1);
  }

  private static void assertRefused(
      String message, JavaSparkContext sc, Model network, EmaTrainingMaster master) {
    float[] before = EmaOracle.floats(network.params());
    IOException e = assertThrows(IOException.class, () -> master.open(sc, network));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().contains("round-00000003.zip"), e.getMessage());
    assertArrayEquals(before, EmaOracle.floats(network.params()), "the network is as it was");
  }

  @Test
  void whatDiffersIsNamed(JavaSparkContext sc) throws Exception {
    trainOneEpoch(sc);
    Model network = Kind.LAYERS.create();
    assertRefused(
        "spark.averagingFrequency was 2 and is 5",
        sc,
        network,
        averaging(training().averagingFrequency(5)).build());
    assertRefused(
        "spark.horizon was ITERATIONS and is EXAMPLES",
        sc,
        network,
        averaging().horizon(Horizon.EXAMPLES).build());
    assertRefused("schedule is", sc, network, averaging().decay(0.5).build());
    assertRefused(
        "another selection of parameters",
        sc,
        network,
        averaging().parameters(ParameterSelection.averageAll().copyLayers("layer0")).build());
    assertRefused("another network", sc, Kind.BATCH_NORM.create(), averaging().build());
    assertRefused("another network", sc, Kind.GRAPH.create(), averaging().build());
  }

  @Test
  void otherDataIsRefused(JavaSparkContext sc) throws Exception {
    EmaTrainingMaster master =
        new WatchedMaster(
            averaging(),
            round -> {
              throw new DriverLost();
            });
    EmaSparkTraining<?> run = Kind.LAYERS.train(sc, Kind.LAYERS.create(), master);
    assertThrows(DriverLost.class, () -> run.fit(data(sc), 1));
    EmaSparkTraining<?> resumed = Kind.LAYERS.train(sc, Kind.LAYERS.create(), averaging().build());
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> resumed.fit(sc.parallelize(Minibatches.of(30, 4), 3), 1));
    assertTrue(e.getMessage().contains("after split 1 of 3, but the data now makes 7"));
  }

  @Test
  void aNewRunInTheDirectoryOfAnotherIsRefused(JavaSparkContext sc) throws Exception {
    trainOneEpoch(sc);
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(sc, (MultiLayerNetwork) Kind.LAYERS.create(), averaging().build());
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> spark.fit(data(sc)));
    assertTrue(e.getMessage().contains("holds checkpoints of a run"), e.getMessage());
  }

  private static void cut(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
  }

  @Test
  void aDamagedCheckpointIsRefusedNamingTheEarlierOneThatIsIntact(JavaSparkContext sc)
      throws Exception {
    EmaTrainingMaster.Builder keeping =
        averaging().checkpoints(directory.resolve("run").toString(), 1, 3);
    Kind.LAYERS.train(sc, Kind.LAYERS.create(), keeping.build()).fit(data(sc), 1);
    Path run = directory.resolve("run");
    cut(run.resolve("round-00000003.zip"));
    assertRefused("only a part of one", sc, Kind.LAYERS.create(), keeping.build());
    assertRefused(
        "intact is file:" + run + "/round-00000002.zip", sc, Kind.LAYERS.create(), keeping.build());

    cut(run.resolve("round-00000002.zip"));
    assertRefused(
        "intact is file:" + run + "/round-00000001.zip", sc, Kind.LAYERS.create(), keeping.build());
    cut(run.resolve("round-00000001.zip"));
    assertRefused("no earlier one that is intact", sc, Kind.LAYERS.create(), keeping.build());
  }

  @Test
  void aCheckpointOfTrainingWithoutSparkIsRefused(JavaSparkContext sc) throws Exception {
    trainOneEpoch(sc);
    Path file = directory.resolve("run/round-00000003.zip");
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.LAYERS.create();
    ModelEmaListener ema =
        new ModelEmaListener(AveragingConfig.builder().schedule(WARM_UP).build()).start(network);
    EmaCheckpoint.save(file, network, ema);
    assertRefused("not one of a run on Spark", sc, Kind.LAYERS.create(), averaging().build());
  }
}
