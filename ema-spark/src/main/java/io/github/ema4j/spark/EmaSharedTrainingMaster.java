// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.ModelEmaListener;
import java.lang.reflect.Field;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.BaseTrainingMaster;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingMaster;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingWorker;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.parameterserver.distributed.v2.transport.impl.StaticPortSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Spike. */
public class EmaSharedTrainingMaster extends SharedTrainingMaster {

  private static final Logger log = LoggerFactory.getLogger(EmaSharedTrainingMaster.class);

  // Transient, as Deeplearning4j writes all other fields to JSON.
  private final transient int workers;
  private final transient double decay;

  // From the first fit.
  private transient ModelEmaListener ema;
  private transient DriverUpdates updates;

  EmaSharedTrainingMaster(Builder builder) {
    this(builder, builder.training.build());
  }

  private EmaSharedTrainingMaster(Builder builder, SharedTrainingMaster like) {
    super(
        like.getVoidConfiguration(),
        like.getNumWorkers(),
        like.getRddTrainingApproach(),
        like.getStorageLevel(),
        like.getIsCollectTrainingStats(),
        like.getRepartitionStrategy(),
        like.getRepartition(),
        like.getThresholdAlgorithm(),
        like.getResidualPostProcessor(),
        like.getRddDataSetNumExamples(),
        batchSizePerWorkerOf(like),
        like.getDebugLongerIterations(),
        like.getNumWorkersPerNode(),
        like.getWorkerPrefetchBatches(),
        like.getRepartitioner(),
        like.getWorkerTogglePeriodicGC(),
        like.getWorkerPeriodicGCFrequency(),
        like.isEncodingDebugMode());
    workers = builder.workers;
    decay = builder.decay;
  }

  /** Deeplearning4j shows all settings but this one. */
  private static int batchSizePerWorkerOf(SharedTrainingMaster master) {
    try {
      Field field = BaseTrainingMaster.class.getDeclaredField("batchSizePerWorker");
      field.setAccessible(true);
      return field.getInt(master);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("This is not the SharedTrainingMaster of Deeplearning4j 1.0.0-M2", e);
    }
  }

  public static Builder experimental(SharedTrainingMaster.Builder training) {
    return new Builder(training);
  }

  public ModelEmaListener ema() {
    if (ema == null) {
      throw new IllegalStateException(
          "There is no average yet: call fit first, which tells the network");
    }
    return ema;
  }

  private void begin(Model network, JavaSparkContext sc) {
    Refusals.requireTrainable(network, false);
    AeronSettings.settle();
    if (voidConfiguration.getPortSupplier() instanceof StaticPortSupplier) {
      voidConfiguration.setPortSupplier(new OwnPort());
    }
    if (ema == null) {
      Refusals.requireOrderOfWorkers(network);
      ema =
          new ModelEmaListener(AveragingConfig.of(Math.pow(decay, 1.0 / workers))).attach(network);
      updates = new DriverUpdates(network, ema);
      log.warn("EXPERIMENTAL");
    }
  }

  @Override
  protected void prepareNetworkAndStuff(SparkDl4jMultiLayer mln, SparkComputationGraph graph) {
    if (mln != null) {
      begin(mln.getNetwork(), mln.getSparkContext());
    } else {
      begin(graph.getNetwork(), graph.getSparkContext());
    }
    super.prepareNetworkAndStuff(mln, graph);
    updates.replace(updatesConsumer);
    updates.open();
  }

  private void closing(Runnable fit) {
    try {
      fit.run();
    } finally {
      if (updates != null) {
        updates.close();
      }
    }
    updates.requireApplied();
  }

  @Override
  public void executeTraining(SparkDl4jMultiLayer spark, JavaRDD<DataSet> data) {
    closing(() -> super.executeTraining(spark, data));
  }

  @Override
  public void executeTraining(SparkComputationGraph spark, JavaRDD<DataSet> data) {
    closing(() -> super.executeTraining(spark, data));
  }

  @Override
  public void executeTrainingMDS(SparkComputationGraph spark, JavaRDD<MultiDataSet> data) {
    closing(() -> super.executeTrainingMDS(spark, data));
  }

  @Override
  public void executeTrainingPaths(
      SparkDl4jMultiLayer mln,
      SparkComputationGraph graph,
      JavaRDD<String> paths,
      DataSetLoader loader,
      MultiDataSetLoader multiLoader) {
    closing(() -> super.executeTrainingPaths(mln, graph, paths, loader, multiLoader));
  }

  @Override
  public SharedTrainingWorker getWorkerInstance(SparkDl4jMultiLayer spark) {
    return new SharingWorker(super.getWorkerInstance(spark));
  }

  @Override
  public SharedTrainingWorker getWorkerInstance(SparkComputationGraph spark) {
    return new SharingWorker(super.getWorkerInstance(spark));
  }

  @Override
  public void setListeners(StatsStorageRouter router, Collection<TrainingListener> listeners) {
    Refusals.requireNoAveraging(listeners == null ? List.of() : listeners, "a worker");
    super.setListeners(router, listeners);
  }

  public static final class Builder {

    private final SharedTrainingMaster.Builder training;
    private int workers;
    private double decay = Double.NaN;

    private Builder(SharedTrainingMaster.Builder training) {
      this.training = Objects.requireNonNull(training, "training");
    }

    public Builder workers(int workers) {
      this.workers = workers;
      return this;
    }

    public Builder decay(double decay) {
      this.decay = decay;
      return this;
    }

    public EmaSharedTrainingMaster build() {
      return new EmaSharedTrainingMaster(this);
    }
  }
}
