// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Models;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingMaster;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;
import org.nd4j.parameterserver.distributed.v2.util.AbstractUpdatesHandler;

/**
 * Gradient sharing between two executors of a cluster, which need no flags for it. Driven by {@code
 * .ci/spark-cluster} and {@code .ci/hosts}.
 *
 * <p>Arguments: master, the driver's address, the network's mask, and
 *
 * <ul>
 *   <li>{@code whole}: two fits, compared with the fold over their updates;
 *   <li>{@code refused}: the first fit throws, as no executor is in the network;
 *   <li>{@code lost} with a file: the second fit throws, as a host is lost, which whoever waits for
 *       the file sees to;
 *   <li>{@code lost-without} with a file: the same with Deeplearning4j's own master, which says
 *       nothing.
 * </ul>
 */
final class SharedClusterRun {

  private static final int EXECUTORS = 2;
  private static final int FITS = 2;
  private static final double DECAY = 0.95;

  private final JavaSparkContext sc;
  private final JavaRDD<DataSet> data;
  private final MultiLayerNetwork network = (MultiLayerNetwork) Kind.BATCH_NORM.create();
  private final SharedTrainingMaster.Builder training;

  private SharedClusterRun(JavaSparkContext sc, SharedTrainingMaster.Builder training) {
    this.sc = sc;
    this.training = training;
    data = sc.parallelize(Minibatches.of(40, 4), 4);
  }

  public static void main(String[] args) {
    try {
      run(args);
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1);
    }
    System.exit(0); // Aeron's threads wait for hosts that are gone
  }

  private static void run(String[] args) throws Exception {
    try (JavaSparkContext sc =
        new JavaSparkContext(new SparkConf().setMaster(args[0]).setAppName("SharedClusterRun"))) {
      SharedClusterRun run = new SharedClusterRun(sc, RecordedMaster.training(args[1], args[2]));
      switch (args[3]) {
        case "whole" -> run.whole();
        case "refused" -> run.refused();
        case "lost" -> run.lost(Path.of(args[4]));
        case "lost-without" -> run.lostWithout(Path.of(args[4]));
        default -> throw new IllegalArgumentException(args[3]);
      }
    }
  }

  private RecordedMaster master() {
    return new RecordedMaster(
        EmaSharedTrainingMaster.experimental(training).executors(EXECUTORS).decay(DECAY));
  }

  private void whole() throws Exception {
    float[] start = EmaOracle.floats(network.params());
    Set<String> executors = ConcurrentHashMap.newKeySet();
    sc.sc()
        .addSparkListener(
            new SparkListener() {
              @Override
              public void onTaskEnd(SparkListenerTaskEnd end) {
                executors.add(end.taskInfo().executorId());
              }
            });
    RecordedMaster master = master();
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, master);
    for (int fit = 1; fit <= FITS; fit++) {
      int before = master.applied().size();
      spark.fit(data);
      Round after = now(master);
      List<INDArray> applied = master.applied();
      Thread.sleep(2000); // for what is late
      Round.assertSame(List.of(after), List.of(now(master)));
      Round.assertSame(
          List.of(
              Encoded.fold(
                  start,
                  Models.log10Deviations(network),
                  applied,
                  Math.pow(DECAY, 1.0 / EXECUTORS))),
          List.of(after));
      System.out.printf(
          "fit %d: %d updates applied, %d late%n",
          fit, applied.size() - before, master.received() - applied.size());
      if (applied.size() < before + 10) {
        throw new IllegalStateException("Too few updates");
      }
    }
    if (executors.size() < 2) {
      throw new IllegalStateException("Trained on executors " + executors);
    }
    System.out.println("PASSED: equal to the fold over the applied updates, bit for bit");
    System.out.println("PASSED: nothing changes between two fits");
  }

  private Round now(EmaSharedTrainingMaster master) {
    return new Round(EmaOracle.floats(network.params()), EmaOracle.floats(master.ema().shadow()));
  }

  private void refused() {
    requireFailure(new SparkDl4jMultiLayer(sc, network, master()), "networkMask ");
  }

  private void lost(Path file) throws Exception {
    RecordedMaster master = master();
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, master);
    spark.fit(data);
    System.out.printf("fit 1: %d updates applied%n", master.applied().size());
    lose(file);
    requireFailure(spark, "Gradient sharing has lost executor ");
    requireFailure(spark, "Gradient sharing has lost executor ");
  }

  private void requireFailure(SparkDl4jMultiLayer spark, String message) {
    long start = System.nanoTime();
    try {
      spark.fit(data);
    } catch (Exception e) {
      if (String.valueOf(e.getMessage()).contains(message)) {
        System.out.printf(
            "PASSED: after %.1f s: %s%n",
            (System.nanoTime() - start) / 1e9, e.getMessage().lines().findFirst().orElseThrow());
        return;
      }
      throw e;
    }
    throw new IllegalStateException("The fit ended as if all were well");
  }

  private static void lose(Path file) throws Exception {
    Files.createFile(file);
    while (Files.exists(file)) {
      Thread.sleep(100);
    }
  }

  /** As {@link #lost}, without an average, and with a fit more before the host is lost. */
  private void lostWithout(Path file) throws Exception {
    AeronSettings.settle();
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, training.build());
    spark.fit(data); // which starts the server that can be listened to
    AtomicInteger received = new AtomicInteger();
    ModelParameterServer.getInstance()
        .addUpdatesSubscriber(
            new AbstractUpdatesHandler() {
              @Override
              public void onNext(INDArray message) {
                received.incrementAndGet();
              }

              @Override
              public INDArray getParametersArray() {
                throw new UnsupportedOperationException("not the first subscriber");
              }
            });
    fitWithout(spark, received, "before");
    lose(file);
    fitWithout(spark, received, "after");
    fitWithout(spark, received, "after");
  }

  private void fitWithout(SparkDl4jMultiLayer spark, AtomicInteger received, String when) {
    float[] before = EmaOracle.floats(network.params());
    received.set(0);
    long start = System.nanoTime();
    spark.fit(data);
    double seconds = (System.nanoTime() - start) / 1e9;
    float[] after = EmaOracle.floats(network.params());
    double distance = 0;
    for (int i = 0; i < after.length; i++) {
      distance = Math.max(distance, Math.abs(after[i] - before[i]));
    }
    System.out.printf(
        "Deeplearning4j's own master, a fit %s the loss: returns after %.1f s, %d updates received, weights moved by up to %g%n",
        when, seconds, received.get(), distance);
  }
}
