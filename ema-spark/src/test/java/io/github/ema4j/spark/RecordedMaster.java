// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.threshold.AdaptiveThresholdAlgorithm;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.parameterserver.networking.v2.UpdatesConsumer;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingMaster;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;
import org.nd4j.parameterserver.distributed.v2.util.AbstractUpdatesHandler;

/** Shares gradients on the loopback, and keeps the updates that the driver gets and applies. */
final class RecordedMaster extends EmaSharedTrainingMaster {

  private final transient List<INDArray> applied = new CopyOnWriteArrayList<>();
  private final transient AtomicInteger received = new AtomicInteger();
  private transient UpdatesConsumer server;

  RecordedMaster(Builder builder) {
    super(builder);
  }

  static SharedTrainingMaster.Builder training() {
    return training("127.0.0.1", "127.0.0.0/8");
  }

  static SharedTrainingMaster.Builder training(String driver, String mask) {
    return new SharedTrainingMaster.Builder(
            VoidConfiguration.builder().controllerAddress(driver).networkMask(mask).build(),
            new AdaptiveThresholdAlgorithm(1e-3),
            4)
        .batchSizePerWorker(4)
        .workersPerNode(1)
        .rddTrainingApproach(RDDTrainingApproach.Direct);
  }

  /** In the order in which they were applied. */
  List<INDArray> applied() {
    return List.copyOf(applied);
  }

  int received() {
    return received.get();
  }

  @Override
  DriverUpdates updatesOf(Model network) {
    return new DriverUpdates(network, ema()) {
      @Override
      void apply(INDArray message, UpdatesConsumer consumer) {
        applied.add(message.dup());
        super.apply(message, consumer);
      }
    };
  }

  @Override
  protected void prepareNetworkAndStuff(SparkDl4jMultiLayer mln, SparkComputationGraph graph) {
    super.prepareNetworkAndStuff(mln, graph);
    if (server != updatesConsumer) {
      server = updatesConsumer;
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
    }
  }
}
