// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Models;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Gradient sharing between two executors of a cluster, which need no flags for it. Driven by {@code
 * .ci/spark-cluster}; its argument is the master.
 */
final class SharedClusterRun {

  private static final int EXECUTORS = 2;
  private static final int FITS = 2;
  private static final double DECAY = 0.95;

  private SharedClusterRun() {}

  public static void main(String[] args) throws Exception {
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.BATCH_NORM.create();
    float[] start = EmaOracle.floats(network.params());
    RecordedMaster master =
        new RecordedMaster(
            EmaSharedTrainingMaster.experimental(RecordedMaster.training())
                .executors(EXECUTORS)
                .decay(DECAY));
    Set<String> executors = ConcurrentHashMap.newKeySet();
    try (JavaSparkContext sc =
        new JavaSparkContext(new SparkConf().setMaster(args[0]).setAppName("SharedClusterRun"))) {
      sc.sc()
          .addSparkListener(
              new SparkListener() {
                @Override
                public void onTaskEnd(SparkListenerTaskEnd end) {
                  executors.add(end.taskInfo().executorId());
                }
              });
      JavaRDD<DataSet> data = sc.parallelize(Minibatches.of(40, 4), 4);
      SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, master);
      for (int fit = 1; fit <= FITS; fit++) {
        int before = master.applied().size();
        spark.fit(data);
        Round after = now(network, master);
        List<INDArray> applied = master.applied();
        Thread.sleep(2000); // for what is late
        Round.assertSame(List.of(after), List.of(now(network, master)));
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
    }
    if (executors.size() < 2) {
      throw new IllegalStateException("Trained on executors " + executors);
    }
    System.out.println("PASSED: equal to the fold over the applied updates, bit for bit");
    System.out.println("PASSED: nothing changes between two fits");
  }

  private static Round now(MultiLayerNetwork network, EmaSharedTrainingMaster master) {
    return new Round(EmaOracle.floats(network.params()), EmaOracle.floats(master.ema().shadow()));
  }
}
