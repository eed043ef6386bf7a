// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Models;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.parameterserver.networking.v2.UpdatesConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;

/**
 * Real gradient sharing, with Aeron on the loopback: the average is that of the recorded updates.
 */
@SparkTest(master = "local[1]")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EmaSharedTrainingMasterTest {

  private static final double DECAY = 0.9;
  private static final int OBJECTS = 40;

  @TempDir Path directory;

  private static RecordedMaster master() {
    return new RecordedMaster(
        EmaSharedTrainingMaster.experimental(RecordedMaster.training()).executors(1).decay(DECAY));
  }

  private static JavaRDD<DataSet> data(JavaSparkContext sc) {
    return sc.parallelize(Minibatches.of(OBJECTS, 4), 2);
  }

  private JavaRDD<String> paths(JavaSparkContext sc) {
    List<String> paths = new ArrayList<>();
    for (DataSet minibatch : Minibatches.of(OBJECTS, 4)) {
      Path file = directory.resolve(paths.size() + ".bin");
      minibatch.save(file.toFile());
      paths.add(file.toUri().toString());
    }
    return sc.parallelize(paths, 2);
  }

  /** As many updates as there were, since there is nothing late in one JVM. */
  private static int assertIsFold(float[] start, RecordedMaster master, Model network) {
    ModelEmaListener ema = master.ema();
    List<INDArray> applied = master.applied();
    Round.assertSame(
        List.of(Encoded.fold(start, Models.log10Deviations(network), applied, DECAY)),
        List.of(new Round(EmaOracle.floats(network.params()), EmaOracle.floats(ema.shadow()))));
    assertEquals(DECAY, ema.decay());
    assertEquals(applied.size(), ema.updateCount());
    assertEquals(applied.size(), master.received());
    assertArrayEquals(
        asDeeplearning4jDoes(start, network, applied),
        EmaOracle.floats(network.params()),
        1e-5f,
        "weights without an average");
    return applied.size();
  }

  private static float[] asDeeplearning4jDoes(
      float[] start, Model network, List<INDArray> messages) {
    INDArray params = Nd4j.createFromArray(start).reshape(1, start.length);
    UpdatesConsumer consumer =
        UpdatesConsumer.builder()
            .params(params)
            .updates(Nd4j.create(1, start.length))
            .stepFunction(network.getOptimizer().getStepFunction())
            .build();
    messages.forEach(consumer::onNext);
    consumer.flush();
    return EmaOracle.floats(params);
  }

  @Test
  void everyUpdateThatTheDriverAppliesIsAveraged(JavaSparkContext sc) throws Exception {
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.LAYERS.create();
    float[] start = EmaOracle.floats(network.params());
    RecordedMaster master = master();
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, master);
    try (LoggedWarnings warnings = new LoggedWarnings(EmaSharedTrainingMaster.class)) {
      spark.fit(data(sc));
      assertEquals(1, warnings.with("EXPERIMENTAL").size());
      int first = assertIsFold(start, master, network);
      assertTrue(first > OBJECTS / 2, first + " updates");

      ModelEmaListener ema = master.ema();
      float[] raw = EmaOracle.floats(network.params());
      float[] averaged = EmaOracle.floats(ema.shadow());
      try (Swap ignored = ema.swap(network)) {
        sendLate(start.length);
        assertArrayEquals(averaged, EmaOracle.floats(network.params()));
        assertRefused("close the Swap first", () -> spark.fit(data(sc)));
      }
      assertArrayEquals(raw, EmaOracle.floats(network.params()));
      sendLate(start.length);
      assertEquals(first + 2, master.received());
      assertArrayEquals(raw, EmaOracle.floats(network.params()), "what is late waits");
      Path file = directory.resolve("checkpoint.zip");
      EmaCheckpoint.save(file, network, ema);
      assertArrayEquals(averaged, EmaOracle.floats(EmaCheckpoint.restore(file).ema().shadow()));

      spark.fitPaths(paths(sc));
      assertTrue(assertIsFold(start, master, network) > first + 2, "a second fit goes on");
      assertEquals(1, warnings.with("EXPERIMENTAL").size(), "said once");
      SparkDl4jMultiLayer another =
          new SparkDl4jMultiLayer(sc, (MultiLayerNetwork) Kind.LAYERS.create(), master);
      assertRefused("build a new one for each network", () -> another.fit(data(sc)));
    }
  }

  @Test
  void aGraphIsAveragedInEveryWayToFit(JavaSparkContext sc) {
    ComputationGraph network = (ComputationGraph) Kind.GRAPH.create();
    float[] start = EmaOracle.floats(network.params());
    RecordedMaster master = master();
    SparkComputationGraph spark = new SparkComputationGraph(sc, network, master);
    spark.fit(data(sc));
    int first = assertIsFold(start, master, network);
    assertTrue(first > OBJECTS / 2, first + " updates");
    spark.fitMultiDataSet(
        sc.parallelize(
            Minibatches.of(OBJECTS, 4).stream().<MultiDataSet>map(DataSet::toMultiDataSet).toList(),
            2));
    int second = assertIsFold(start, master, network);
    assertTrue(second > first, first + " and " + second + " updates");
    spark.fitPaths(paths(sc));
    assertTrue(assertIsFold(start, master, network) > second);
  }

  private static void sendLate(int length) {
    int[] signs = new int[length];
    Arrays.fill(signs, 1);
    ModelParameterServer.getInstance().sendUpdate(Encoded.signs(1e-3f, signs));
  }

  @Test
  void anUpdateOfEachOfFourExecutorsMakesTheDecay() {
    double ofUpdate =
        EmaSharedTrainingMaster.experimental(RecordedMaster.training())
            .executors(4)
            .decay(DECAY)
            .build()
            .averaging()
            .schedule()
            .decayAt(1);
    assertEquals(DECAY, ofUpdate * ofUpdate * ofUpdate * ofUpdate, 1e-15);
  }

  private static void assertRefused(String message, Executable executable) {
    Throwable e = assertThrows(RuntimeException.class, executable);
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void twoExecutorsOfALocalMasterAreRefused(JavaSparkContext sc) {
    EmaSharedTrainingMaster master =
        EmaSharedTrainingMaster.experimental(RecordedMaster.training())
            .executors(2)
            .decay(DECAY)
            .build();
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(sc, (MultiLayerNetwork) Kind.LAYERS.create(), master);
    assertRefused("say executors(1), not 2", () -> spark.fit(data(sc)));
  }

  @Test
  void aGraphWhoseParametersTheWorkersWouldMixUpIsRefused(JavaSparkContext sc) {
    SparkComputationGraph spark = new SparkComputationGraph(sc, RefusalsTest.reordered(), master());
    assertRefused("mix up its parameters", () -> spark.fit(data(sc)));
  }

  // ---------------------------------------------------------------- what is lost

  @Test
  void aFitWhoseUpdatesDoNotReachTheDriverFails(JavaSparkContext sc) {
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.LAYERS.create();
    float[] start = EmaOracle.floats(network.params());
    EmaSharedTrainingMaster deaf =
        new EmaSharedTrainingMaster(
            EmaSharedTrainingMaster.experimental(RecordedMaster.training())
                .executors(1)
                .decay(DECAY)) {
          @Override
          DriverUpdates updatesOf(Model of) {
            return new DriverUpdates(of, ema()) {
              @Override
              public void onNext(INDArray message) {}
            };
          }
        };
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, deaf);
    assertRefused("did not reach the driver", () -> spark.fit(data(sc)));
    assertArrayEquals(start, EmaOracle.floats(network.params()));
  }

  @Test
  void anExecutorThatIsLostEndsTheSharing(JavaSparkContext sc) throws Exception {
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.LAYERS.create();
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, master());
    spark.fit(data(sc));
    float[] before = EmaOracle.floats(network.params());
    sc.sc().listenerBus().post(new SparkListenerExecutorRemoved(0, "7", "its host is gone"));
    sc.sc().listenerBus().waitUntilEmpty();
    assertRefused(
        "Gradient sharing has lost executor 7 (its host is gone)", () -> spark.fit(data(sc)));
    assertArrayEquals(before, EmaOracle.floats(network.params()));
  }

  @Test
  void anExecutorThatIsLostEndsTheFit(JavaSparkContext sc) {
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.LAYERS.create();
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, master());
    JavaRDD<DataSet> data =
        data(sc)
            .map(
                minibatch -> {
                  // In the driver's process, as with any local master.
                  SparkContext context = SparkContext.getOrCreate();
                  context
                      .listenerBus()
                      .post(new SparkListenerExecutorRemoved(0, "7", "its host is gone"));
                  return minibatch;
                });
    RuntimeException e = assertThrows(IllegalStateException.class, () -> spark.fit(data));
    assertTrue(e.getMessage().contains("has lost executor 7"), e.getMessage());
    assertTrue(e.getCause().getMessage().contains("cancelled"), e.getCause().getMessage());
  }

  @Test
  void aWrongNetworkIsRefusedBeforeAnythingStarts(JavaSparkContext sc) {
    EmaSharedTrainingMaster master =
        EmaSharedTrainingMaster.experimental(RecordedMaster.training("127.0.0.1", "203.0.113.0/24"))
            .executors(1)
            .decay(DECAY)
            .build();
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(sc, (MultiLayerNetwork) Kind.LAYERS.create(), master);
    int jobs = sc.statusTracker().getJobIdsForGroup(null).length;
    assertRefused("networkMask 203.0.113.0/24", () -> spark.fit(data(sc)));
    assertEquals(jobs, sc.statusTracker().getJobIdsForGroup(null).length);
  }
}
