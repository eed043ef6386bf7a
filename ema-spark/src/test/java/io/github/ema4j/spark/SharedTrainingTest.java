// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.network.Networks;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.threshold.AdaptiveThresholdAlgorithm;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.parameterserver.networking.v2.UpdatesConsumer;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingMaster;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.compression.ThresholdCompression;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;
import org.nd4j.parameterserver.distributed.v2.util.AbstractUpdatesHandler;

/** spike */
@SparkTest
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharedTrainingTest {

  private static final double DECAY = 0.9;

  static SharedTrainingMaster.Builder training() {
    return new SharedTrainingMaster.Builder(
            VoidConfiguration.builder()
                .controllerAddress("127.0.0.1")
                .networkMask("127.0.0.0/8")
                .build(),
            new AdaptiveThresholdAlgorithm(1e-3),
            4)
        .batchSizePerWorker(4)
        .workersPerNode(1)
        .rddTrainingApproach(RDDTrainingApproach.Direct);
  }

  static final class Recorded extends EmaSharedTrainingMaster {
    final transient List<INDArray> messages = new ArrayList<>();
    private transient UpdatesConsumer seen;

    Recorded(Builder builder) {
      super(builder);
    }

    @Override
    protected void prepareNetworkAndStuff(SparkDl4jMultiLayer mln, SparkComputationGraph graph) {
      super.prepareNetworkAndStuff(mln, graph);
      if (seen != updatesConsumer) {
        seen = updatesConsumer;
        ModelParameterServer.getInstance()
            .addUpdatesSubscriber(
                new AbstractUpdatesHandler() {
                  @Override
                  public synchronized void onNext(INDArray message) {
                    messages.add(message.dup());
                  }

                  @Override
                  public INDArray getParametersArray() {
                    throw new UnsupportedOperationException();
                  }
                });
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void fold(Kind kind, JavaSparkContext sc) {
    Model network = kind.create();
    float[] theta = Round.floats(network.params());
    float[] shadow = theta.clone();
    Recorded master =
        new Recorded(EmaSharedTrainingMaster.experimental(training()).workers(1).decay(DECAY));
    JavaRDD<DataSet> data = sc.parallelize(Minibatches.of(40, 4), 2);
    Runnable fit =
        network instanceof MultiLayerNetwork mln
            ? () -> new SparkDl4jMultiLayer(sc, mln, master).fit(data)
            : () -> new SparkComputationGraph(sc, (ComputationGraph) network, master).fit(data);
    long t = System.nanoTime();
    fit.run();
    int n = master.messages.size();
    System.out.println(
        kind
            + " "
            + n
            + " messages "
            + (System.nanoTime() - t) / 1e9
            + " it "
            + Networks.iterationCount(network)
            + " ep "
            + Networks.epochCount(network));
    fit.run();
    System.out.println(
        kind
            + " "
            + master.messages.size()
            + " messages "
            + (System.nanoTime() - t) / 1e9
            + " "
            + Networks.iterationCount(network)
            + " "
            + master.ema());
    for (INDArray message : master.messages) {
      INDArray u = Nd4j.create(network.params().shape());
      int type = message.data().getInt(3);
      if (type == ThresholdCompression.FLEXIBLE_ENCODING) {
        Nd4j.getExecutioner().thresholdDecode(message, u);
      } else {
        Nd4j.getExecutioner().bitmapDecode(message, u);
      }
      float[] uu = Round.floats(u);
      for (int i = 0; i < uu.length; i++) {
        theta[i] -= uu[i];
        shadow[i] -= (float) (1 - DECAY) * (shadow[i] - theta[i]);
      }
    }
    assertArrayEquals(theta, Round.floats(network.params()), 0);
    assertArrayEquals(shadow, Round.floats(master.ema().shadow()), 0);
    assertEquals(master.messages.size(), master.ema().updateCount());
    assertTrue(n > 10);
  }
}
