// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.ResidualPostProcessor;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.BaseTrainingMaster;
import org.deeplearning4j.spark.parameterserver.networking.v2.UpdatesConsumer;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingMaster;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingResult;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingWorker;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;
import org.nd4j.parameterserver.distributed.v2.transport.impl.StaticPortSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * <b>Experimental:</b> trains on Spark by gradient sharing, as {@link SharedTrainingMaster} does,
 * and keeps an exponential moving average of the driver's weights. Train with {@link
 * EmaTrainingMaster} unless you know that you need this.
 *
 * <pre>{@code
 * EmaSharedTrainingMaster master =
 *     EmaSharedTrainingMaster.experimental(
 *             new SharedTrainingMaster.Builder(voidConfiguration, examplesPerDataSet)
 *                 .batchSizePerWorker(32)
 *                 .workersPerNode(1)
 *                 .rddTrainingApproach(RDDTrainingApproach.Direct))
 *         .executors(4)
 *         .decay(0.999)
 *         .build();
 * new SparkDl4jMultiLayer(sc, net, master).fit(trainingData);
 *
 * MultiLayerNetwork averaged = master.ema().averagedNetwork(net);
 * }</pre>
 *
 * <p><b>What it is an average of.</b> With gradient sharing the workers do not wait for each other:
 * each sends what it changed as an encoded update, and applies those of others when they come. So
 * their weights differ, from each other and from the driver's, and the run has no one sequence of
 * weights. The driver's weights are what {@code fit} returns, so the average is of them: the driver
 * applies every update that reaches it as soon as it does, one after the other, and the average
 * then moves towards its weights by {@code decay^(1/W)}, for W workers. Of W updates, about one
 * iteration in which every worker sends one, that makes {@code decay}.
 *
 * <p><b>What it is not.</b> It cannot be reproduced: the order of the updates is that in which they
 * happen to come. It is not the average of any worker's weights. It counts updates, and not every
 * minibatch gives one. There are no checkpoints, no resuming within an epoch, and no {@link
 * EmaSparkTraining}.
 *
 * <p><b>Late updates.</b> {@code fit} waits for the updates that the workers have sent, but no
 * longer than 5 seconds after the last one that came. What comes later waits until the next fit
 * begins, and is applied first then; after the last fit it is lost. So between two fits neither the
 * driver's network nor the average changes, and {@link #ema} may be used for everything, {@code
 * swap} included. A fit is refused while averaged weights are swapped in.
 *
 * <p><b>Lost hosts.</b> A fit throws if an executor is lost during it or was before, if more of the
 * updates that the workers sent are missing than half of what one executor sends, or if no
 * minibatch gave an update. Deeplearning4j would end such a fit as if all were well.
 *
 * <p>Deeplearning4j's own master applies updates to the driver's network in groups of 32, also
 * between two fits; the weights are the same but for the rounding of their sums.
 *
 * <p>What Deeplearning4j 1.0.0-M2 needs in order to start at all is done here, on the driver and on
 * the executors: Aeron's {@code aeron.publication.unblock.timeout} is set to 60 seconds if it is
 * not set, and where the port supplier is a {@code StaticPortSupplier}, which gives 49876 whatever
 * port it was made with, every JVM takes the first free UDP port from 49876 on. For other ports,
 * give {@code VoidConfiguration} a port supplier of another class.
 *
 * <p>What cannot be mended is refused: an executor that may run two tasks at once (as it does with
 * {@code local[2]}) or has more than one worker, where Deeplearning4j's gradient sharing comes to
 * wait for ever. So executors have one core, or {@code spark.task.cpus} is the number of their
 * cores.
 *
 * <p>Needs {@code dl4j-spark-parameterserver_2.12}. One master trains one network. Not thread-safe:
 * it belongs to the driver's thread that calls {@code fit}, and so does the average; during a fit
 * other threads may read its counters, but not its arrays.
 */
public class EmaSharedTrainingMaster extends SharedTrainingMaster {

  private static final Logger log = LoggerFactory.getLogger(EmaSharedTrainingMaster.class);

  /** After that a line in the log says that no update has come yet. */
  private static final Duration FIRST_UPDATE = Duration.ofSeconds(20);

  /** From one of the last updates of a fit to the next. */
  private static final Duration LAST_UPDATES = Duration.ofSeconds(5);

  // Transient, as Deeplearning4j writes all other fields to JSON.
  private final transient int executors;
  private final transient double decay;

  // From the first fit.
  private transient ModelEmaListener ema;
  private transient Optional<DriverUpdates> updates = Optional.empty();
  private transient UpdatesConsumer replaced;
  private transient UpdateBalance balance;
  private transient ExecutorLoss loss;

  private transient FitWatch watch; // of this fit
  private transient int fits;

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
        batchSizePerWorker(like),
        like.getDebugLongerIterations(),
        like.getNumWorkersPerNode(),
        like.getWorkerPrefetchBatches(),
        like.getRepartitioner(),
        like.getWorkerTogglePeriodicGC(),
        like.getWorkerPeriodicGCFrequency(),
        like.isEncodingDebugMode());
    executors = builder.executors;
    decay = builder.decay;
    requireOneWorkerPerNode();
  }

  /** Of all settings the only one that Deeplearning4j does not show. */
  private static int batchSizePerWorker(SharedTrainingMaster master) {
    try {
      Field field = BaseTrainingMaster.class.getDeclaredField("batchSizePerWorker");
      field.setAccessible(true);
      return field.getInt(master);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("SharedTrainingMaster is not that of Deeplearning4j 1.0.0-M2", e);
    }
  }

  private void requireOneWorkerPerNode() {
    if (numWorkersPerNode != 1) {
      throw new IllegalStateException(
          "workersPerNode must be 1, but was %s: where several workers share an executor, Deeplearning4j's gradient sharing comes to wait for ever. Call workersPerNode(1) on the SharedTrainingMaster.Builder, and use more executors"
              .formatted(numWorkersPerNode < 1 ? "left to Deeplearning4j" : numWorkersPerNode));
    }
  }

  /**
   * Begins to configure a master. What it makes is an experiment: read the description of this
   * class first.
   *
   * @param training how to train, as for Deeplearning4j's own master, with {@code
   *     workersPerNode(1)}
   * @return a builder, without a number of executors and a decay yet
   */
  public static Builder experimental(SharedTrainingMaster.Builder training) {
    return new Builder(training);
  }

  /**
   * The average. Evaluate, swap, export and report with it between fits; do not register it with
   * the network. Its updates are the workers' updates, and its decay is that of one of them. Its
   * followers are not called.
   *
   * @return the same object for the whole run
   * @throws IllegalStateException before the first {@code fit}
   */
  public ModelEmaListener ema() {
    if (ema == null) {
      throw new IllegalStateException(
          "There is no average yet: call fit first, which tells the network");
    }
    return ema;
  }

  // ---------------------------------------------------------------- fit

  @Override
  protected void prepareNetworkAndStuff(SparkDl4jMultiLayer mln, SparkComputationGraph graph) {
    super.prepareNetworkAndStuff(mln, graph);
    DriverUpdates applied = updates.orElseThrow();
    if (replaced != updatesConsumer) { // the parameter server was started
      applied.replace(updatesConsumer);
      ModelParameterServer.getInstance().addUpdatesSubscriber(applied);
      replaced = updatesConsumer;
    }
    applied.open(watch::came);
  }

  /** Before anything starts. */
  private void begin(Model network, JavaSparkContext sc) {
    Refusals.requireTrainable(network, false);
    if (updates.isEmpty()) {
      start(network, sc);
    }
    if (!ema.isAverageOf(network)) {
      throw new IllegalStateException(
          "This EmaSharedTrainingMaster averages another network: build a new one for each"
              + " network");
    }
    if (ema.isSwapped()) {
      throw new IllegalStateException(
          "Training while the averaged weights are swapped in would train them and lose the raw"
              + " ones: close the Swap first");
    }
    loss.requireNone(null);
    AeronSettings.settle();
    SharingAddress.settle(voidConfiguration, SingleTasks.isLocal(sc.getConf()));
    if (voidConfiguration.getPortSupplier() instanceof StaticPortSupplier) {
      voidConfiguration.setPortSupplier(new OwnPort());
    }
  }

  private void start(Model network, JavaSparkContext sc) {
    SingleTasks.require(sc.getConf());
    if (SingleTasks.isLocal(sc.getConf()) && executors != 1) {
      throw new IllegalStateException(
          "With the master %s there is one executor: say executors(1), not %d"
              .formatted(sc.master(), executors));
    }
    Refusals.requireOrderOfWorkers(network);
    ema = new ModelEmaListener(averaging()).start(network);
    balance = new UpdateBalance(sc, executors);
    loss = new ExecutorLoss();
    updates = Optional.of(updatesOf(network));
    sc.sc().addSparkListener(loss);
    LocalityWait.cost(sc.getConf(), executors).ifPresent(log::warn);
    log.warn(
        "EXPERIMENTAL: with gradient sharing there is no one sequence of weights to average. This"
            + " is an average of the driver's weights over the updates in the order in which they"
            + " come: not reproducible, not of any worker's weights, without checkpoints."
            + " EmaTrainingMaster, which averages parameters, is free of all that");
  }

  /** Of one update, of which all executors together send as many as there are of them. */
  AveragingConfig averaging() {
    return AveragingConfig.of(Math.pow(decay, 1.0 / executors));
  }

  /** Overridden in tests, to record the updates. */
  DriverUpdates updatesOf(Model network) {
    return new DriverUpdates(network, ema);
  }

  private void fit(Model network, JavaSparkContext sc, Runnable training) {
    begin(network, sc);
    DriverUpdates applied = updates.orElseThrow();
    fits++;
    try (FitWatch watching = new FitWatch(sc, "an update", Optional.of(FIRST_UPDATE), log)) {
      watch = watching;
      loss.during(watching);
      watching.begin("Fit " + fits);
      training.run();
      awaitUpdates(applied);
    } catch (Exception e) { // Spark's own are checked, and not declared
      loss.requireNone(e);
      throw e;
    } finally {
      loss.end();
      applied.close();
    }
    loss.requireNone(null);
    applied.requireApplied();
    balance.require(applied.received());
  }

  /** What the workers have sent is on its way: soon here, or lost. */
  private void awaitUpdates(DriverUpdates applied) {
    try {
      applied.await(balance.expected(), LAST_UPDATES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while the last updates were awaited", e);
    }
  }

  @Override
  protected void processResults(
      SparkDl4jMultiLayer mln, SparkComputationGraph graph, JavaRDD<SharedTrainingResult> results) {
    super.processResults(mln, graph, balance.watched(results));
  }

  @Override
  public void executeTraining(SparkDl4jMultiLayer spark, JavaRDD<DataSet> data) {
    fit(spark.getNetwork(), spark.getSparkContext(), () -> super.executeTraining(spark, data));
  }

  @Override
  public void executeTraining(SparkComputationGraph spark, JavaRDD<DataSet> data) {
    fit(spark.getNetwork(), spark.getSparkContext(), () -> super.executeTraining(spark, data));
  }

  @Override
  public void executeTrainingMDS(SparkComputationGraph spark, JavaRDD<MultiDataSet> data) {
    fit(spark.getNetwork(), spark.getSparkContext(), () -> super.executeTrainingMDS(spark, data));
  }

  @Override
  public void executeTrainingPaths(
      SparkDl4jMultiLayer mln,
      SparkComputationGraph graph,
      JavaRDD<String> paths,
      DataSetLoader loader,
      MultiDataSetLoader multiLoader) {
    fit(
        mln != null ? mln.getNetwork() : graph.getNetwork(),
        mln != null ? mln.getSparkContext() : graph.getSparkContext(),
        () -> super.executeTrainingPaths(mln, graph, paths, loader, multiLoader));
  }

  // ---------------------------------------------------------------- workers

  @Override
  public SharedTrainingWorker getWorkerInstance(SparkDl4jMultiLayer spark) {
    return counting(() -> super.getWorkerInstance(spark));
  }

  @Override
  public SharedTrainingWorker getWorkerInstance(SparkComputationGraph spark) {
    return counting(() -> super.getWorkerInstance(spark));
  }

  /** Deeplearning4j gives the worker the settings that this master has at the time. */
  private SharedTrainingWorker counting(Supplier<SharedTrainingWorker> worker) {
    ResidualPostProcessor given = getResidualPostProcessor();
    setResidualPostProcessor(new SentUpdates(given));
    try {
      return new SharingWorker(worker.get(), voidConfiguration);
    } finally {
      setResidualPostProcessor(given);
    }
  }

  /**
   * Sets listeners for the workers, as {@code SparkDl4jMultiLayer.setListeners} does.
   *
   * @throws IllegalArgumentException for a listener of EMA4J, which would see weights that nobody
   *     keeps
   */
  @Override
  public void setListeners(StatsStorageRouter router, Collection<TrainingListener> listeners) {
    Refusals.requireNoAveraging(listeners == null ? List.of() : listeners, "a worker");
    super.setListeners(router, listeners);
  }

  /** Configures an {@link EmaSharedTrainingMaster}. Each setter checks its value at once. */
  public static final class Builder {

    private final SharedTrainingMaster.Builder training;
    private int executors;
    private double decay = Double.NaN;

    private Builder(SharedTrainingMaster.Builder training) {
      this.training = Objects.requireNonNull(training, "training");
    }

    /**
     * How many executors train, each as one worker: 1 with a local master. It cannot be found out,
     * as executors come and go.
     *
     * @param executors at least 1
     * @return this
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder executors(int executors) {
      if (executors < 1) {
        throw new IllegalArgumentException("executors must be at least 1, but was " + executors);
      }
      this.executors = executors;
      return this;
    }

    /**
     * A constant decay per iteration, in which every worker sends one update.
     *
     * @param decay in [0, 1], typically 0.99 to 0.9999
     * @return this
     * @throws IllegalArgumentException if the decay is not in [0, 1]
     */
    public Builder decay(double decay) {
      this.decay = DecaySchedule.constant(decay).decayAt(1); // which checks it
      return this;
    }

    /**
     * Builds the master.
     *
     * @return a master for one network
     * @throws IllegalStateException without a number of executors or a decay; if {@code
     *     workersPerNode} is not 1; if Spark, in this process, serializes by Kryo without what
     *     arrays need
     */
    public EmaSharedTrainingMaster build() {
      KryoArrays.require();
      if (executors == 0) {
        throw new IllegalStateException(
            "The decay is of an iteration of all workers: call executors(...), of which each is"
                + " one, before build()");
      }
      if (Double.isNaN(decay)) {
        throw new IllegalStateException(
            "An average needs a decay: call decay(0.999) before build()");
      }
      return new EmaSharedTrainingMaster(this);
    }
  }
}
