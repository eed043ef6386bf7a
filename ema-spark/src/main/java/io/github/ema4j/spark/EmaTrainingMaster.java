// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.RepartitionStrategy;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.api.worker.NetBroadcastTuple;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains on Spark as {@link ParameterAveragingTrainingMaster} does, and keeps an exponential moving
 * average of the weights on the driver. It is made from that class's builder, and takes its place:
 *
 * <pre>{@code
 * EmaTrainingMaster master =
 *     EmaTrainingMaster.builder(
 *             new ParameterAveragingTrainingMaster.Builder(workers, examplesPerDataSet)
 *                 .batchSizePerWorker(32)
 *                 .averagingFrequency(5)
 *                 .saveUpdater(true)
 *                 .rddTrainingApproach(RDDTrainingApproach.Direct))
 *         .decay(0.999)
 *         .build();
 * SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, net, master);
 * spark.fit(trainingData);
 *
 * MultiLayerNetwork averaged = master.ema().averagedNetwork(net);
 * }</pre>
 *
 * <p>At the end of each round, when the driver has the mean of the workers' weights, the average
 * moves towards it once, by the decays of all iterations of the round: {@code decay^k} for an
 * averaging frequency of k. See {@link Horizon} for what the decay counts, and {@link
 * Builder#averageEveryStep} for an average over every step of the workers. The average is state of
 * the driver alone, changed after a round has succeeded: tasks that fail and run again, on other
 * executors too, do not change it.
 *
 * <p>What follows the average, subscribed with {@code ema().andThen}, is called on the driver, with
 * its network: {@code iterationDone} after each round, {@code onEpochStart} and {@code onEpochEnd}
 * at the ends of each call of {@code fit}.
 *
 * <p>With {@link Builder#checkpoints} each round's state is kept in a file system of Hadoop, and a
 * new driver goes on from it with {@link #open}, in the middle of an epoch too. Rounds draw their
 * data by a seed per epoch, taken from the builder's {@code rngSeed}, and every worker gets the
 * same minibatches whenever a round is run again. So with training data that has the same order
 * whenever it is computed, and without dropout or other random numbers on the workers, a run that
 * was interrupted ends with the same bits as one that was not (with up to two workers; with more,
 * sums of floats in another order differ in the last digits, with and without an interruption).
 *
 * <p>One master trains one network. Not thread-safe: it belongs to the driver's thread that calls
 * {@code fit}.
 */
public class EmaTrainingMaster extends ParameterAveragingTrainingMaster {

  private static final Logger log = LoggerFactory.getLogger(EmaTrainingMaster.class);

  // Transient, as Deeplearning4j writes all other fields to JSON.
  private final transient AveragePlan plan;
  private final transient boolean dividesSplits;
  private final transient long newSeed;

  private transient SparkRun run; // null until the network is known
  private transient RoundData roundData; // of this fit
  private transient FitWatch watch; // of this fit

  EmaTrainingMaster(Builder builder) {
    super(builder.training);
    plan = builder.plan();
    newSeed = rng.nextLong();
    dividesSplits =
        repartition == Repartition.Always && repartitionStrategy == RepartitionStrategy.Balanced;
    if (dividesSplits) {
      repartition = Repartition.Never; // not again by Deeplearning4j
    }
  }

  /**
   * Begins to configure a master.
   *
   * @param training how to train, as for Deeplearning4j's own master; its {@code build()} is not
   *     called
   * @return a builder, without a decay yet
   */
  public static Builder builder(ParameterAveragingTrainingMaster.Builder training) {
    return new Builder(training);
  }

  // ---------------------------------------------------------------- the run

  /**
   * The average. Evaluate, export and report with it as after training on one machine; do not
   * register it with the network.
   *
   * @return the same object for the whole run
   * @throws IllegalStateException before {@link #open} or the first {@code fit}
   */
  public ModelEmaListener ema() {
    if (run == null) {
      throw new IllegalStateException(
          "There is no average yet: call open or fit first, which tell the network");
    }
    return run.ema();
  }

  /**
   * Rounds done, those of the run before a resume included.
   *
   * @return from 0
   */
  public long rounds() {
    return run == null ? 0 : run.rounds();
  }

  /**
   * Begins the run with this network, or goes on with it if there is a checkpoint: then puts the
   * saved weights, updater state and counts into the network, and the average and position into
   * this master, and the next {@code fit} leaves out the splits of the epoch that are done. Without
   * checkpoints the first {@code fit} does as well.
   *
   * @param sc the Spark context
   * @param network an initialised MultiLayerNetwork or ComputationGraph, as the program makes it
   *     for a new run
   * @return true if it goes on with a checkpoint
   * @throws IllegalStateException if the run has begun already
   * @throws IOException if the checkpoint cannot be read, is damaged, or is of another network,
   *     average or division of the data; the message says what differs
   */
  public boolean open(JavaSparkContext sc, Model network) throws IOException {
    if (run != null) {
      throw new IllegalStateException("The run has begun already: call open before the first fit");
    }
    if (numWorkers == null) {
      numWorkers = sc.defaultParallelism();
    }
    Refusals.requireTrainable(network, plan.everyStep());
    Refusals.requireOrderOfWorkers(network);
    run = SparkRun.open(plan, settings(), network, sc.hadoopConfiguration(), newSeed);
    warn(network);
    LocalityWait.cost(sc.getConf(), numWorkers).ifPresent(log::warn);
    return run.isResumed();
  }

  private RunSettings settings() {
    return new RunSettings(
        numWorkers,
        averagingFrequency,
        batchSizePerWorker,
        rddDataSetNumExamples,
        plan.horizon(),
        plan.everyStep());
  }

  private void warn(Model network) {
    if (!saveUpdater && Refusals.hasUpdaterState(network)) {
      log.warn(
          "saveUpdater is false, Deeplearning4j's default: what the updater has gathered (momentum,"
              + " the moments of Adam) is dropped after every round. To keep it, call"
              + " saveUpdater(true) on the builder");
    }
    if (network instanceof ComputationGraph) {
      log.info(
          "Deeplearning4j's workers count the iterations of a ComputationGraph from 0 in every"
              + " round: learning-rate schedules and the bias correction of Adam start again with"
              + " it");
    }
    if (!dividesSplits && plan.checkpoints().isPresent()) {
      log.warn(
          "With another repartitioning than Deeplearning4j's default, a round that is run again may"
              + " train on other minibatches: a resumed run goes on, but not bit for bit");
    }
  }

  // ---------------------------------------------------------------- fit
  // What Deeplearning4j calls, in the order in which it does: setListeners at any time before;
  // executeTraining for each epoch, which calls getSplitRDDs once, and for each split, which is one
  // round, doIteration, getWorkerInstance and processResults.

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

  @Override
  public void executeTraining(SparkDl4jMultiLayer spark, JavaRDD<DataSet> data) {
    requireExportable();
    fit(spark.getNetwork(), spark.getSparkContext(), () -> super.executeTraining(spark, data));
  }

  @Override
  public void executeTrainingMDS(SparkComputationGraph spark, JavaRDD<MultiDataSet> data) {
    requireExportable();
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

  /** Deeplearning4j's workers stop at a number of files that is right for smaller objects only. */
  private void requireExportable() {
    if (rddTrainingApproach == RDDTrainingApproach.Export
        && rddDataSetNumExamples > batchSizePerWorker) {
      throw new IllegalStateException(
          "RDDTrainingApproach.Export would leave out most of the data: objects of %d examples are exported as files of batchSizePerWorker = %d, but workers stop as if each file still had %d. Use RDDTrainingApproach.Direct, or objects of at most batchSizePerWorker examples"
              .formatted(rddDataSetNumExamples, batchSizePerWorker, rddDataSetNumExamples));
    }
  }

  private void fit(Model network, JavaSparkContext sc, Runnable training) {
    begin(network, sc);
    try (FitWatch watching = new FitWatch(sc, "the workers' results", Optional.empty(), log)) {
      watch = watching;
      training.run();
    } finally {
      watch = null;
    }
  }

  /** Before the first task of a fit. */
  private void begin(Model network, JavaSparkContext sc) {
    if (run == null) {
      openNew(network, sc);
    }
    Refusals.requireTrainable(network, plan.everyStep());
    run.beginFit(network);
    rng = new Random(run.epochSeed());
    roundData = new RoundData(numWorkers, batchSizePerWorker, averagingFrequency);
  }

  private void openNew(Model network, JavaSparkContext sc) {
    try {
      if (plan.hasCheckpoints(sc.hadoopConfiguration())) {
        throw new IllegalStateException(
            "%s holds checkpoints of a run: call open(sc, network) before the first fit to go on with it, or give a new run another directory"
                .formatted(plan.checkpoints().orElseThrow().directory()));
      }
      open(sc, network);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected <T> JavaRDD<T>[] getSplitRDDs(JavaRDD<T> data, int objects, int examplesPerObject) {
    JavaRDD<T>[] splits = super.getSplitRDDs(data, objects, examplesPerObject);
    run.requireSplits(splits.length);
    long perRound = getNumDataSetObjectsPerSplit(examplesPerObject);
    if (objects < perRound) {
      log.warn(
          "The data has {} DataSet objects, but a full round takes {}: this is one short round,"
              + " which still counts as {} iterations",
          objects,
          perRound,
          averagingFrequency);
    }
    return splits;
  }

  @Override
  protected void doIteration(
      SparkDl4jMultiLayer spark, JavaRDD<DataSet> split, int number, int splits) {
    if (!run.isDone(number)) {
      watchRound();
      super.doIteration(spark, divided(split, rddDataSetNumExamples), number, splits);
    }
  }

  @Override
  protected void doIteration(
      SparkComputationGraph spark, JavaRDD<MultiDataSet> split, int number, int splits) {
    if (!run.isDone(number)) {
      watchRound();
      super.doIteration(spark, divided(split, rddDataSetNumExamples), number, splits);
    }
  }

  @Override
  protected void doIterationPaths(
      SparkDl4jMultiLayer mln,
      SparkComputationGraph graph,
      JavaRDD<String> split,
      int number,
      int splits,
      int examplesPerObject,
      DataSetLoader loader,
      MultiDataSetLoader multiLoader) {
    if (!run.isDone(number)) {
      watchRound();
      super.doIterationPaths(
          mln,
          graph,
          divided(split, examplesPerObject),
          number,
          splits,
          examplesPerObject,
          loader,
          multiLoader);
    }
  }

  private void watchRound() {
    watch.begin("Round " + (run.rounds() + 1));
  }

  private <T> JavaRDD<T> divided(JavaRDD<T> split, int examplesPerObject) {
    return dividesSplits
        ? roundData.divide(split, numObjectsEachWorker(examplesPerObject), examplesPerObject)
        : split;
  }

  @Override
  public ParameterAveragingTrainingWorker getWorkerInstance(SparkDl4jMultiLayer spark) {
    if (!plan.everyStep()) {
      return super.getWorkerInstance(spark);
    }
    MultiLayerNetwork network = spark.getNetwork();
    return perStepWorker(
        spark.getSparkContext(),
        new NetBroadcastTuple(
            network.getLayerWiseConfigurations(),
            network.params(),
            network.getUpdater().getStateViewArray()),
        false);
  }

  @Override
  public ParameterAveragingTrainingWorker getWorkerInstance(SparkComputationGraph spark) {
    if (!plan.everyStep()) {
      return super.getWorkerInstance(spark);
    }
    ComputationGraph network = spark.getNetwork();
    return perStepWorker(
        spark.getSparkContext(),
        new NetBroadcastTuple(
            network.getConfiguration(), network.params(), network.getUpdater().getStateViewArray()),
        true);
  }

  private ParameterAveragingTrainingWorker perStepWorker(
      JavaSparkContext sc, NetBroadcastTuple network, boolean isGraph) {
    if (collectTrainingStats) {
      stats.logBroadcastStart();
    }
    Broadcast<NetBroadcastTuple> broadcast = sc.broadcast(network);
    Broadcast<PerStepStart> start = run.broadcastAverage(sc);
    if (collectTrainingStats) {
      stats.logBroadcastEnd();
    }
    return new PerStepWorker(
        broadcast,
        saveUpdater,
        new WorkerConfiguration(
            isGraph,
            rddDataSetNumExamples,
            batchSizePerWorker,
            averagingFrequency,
            prefetchNumBatches,
            collectTrainingStats),
        trainingHookList,
        listeners,
        getRouterProvider(),
        start);
  }

  @Override
  protected void processResults(
      SparkDl4jMultiLayer mln,
      SparkComputationGraph graph,
      JavaRDD<ParameterAveragingTrainingResult> results,
      int number,
      int splits) {
    Model network = mln != null ? mln.getNetwork() : graph.getNetwork();
    int before = Networks.iterationCount(network);
    super.processResults(mln, graph, run.watched(results), number, splits);
    watch.came();
    watch.end();
    run.roundDone(network, Networks.iterationCount(network) - before, number, splits);
    if (number == splits) {
      roundData.warnOfLeftOver();
      run.fitDone(network);
    }
  }

  /** Configures an {@link EmaTrainingMaster}. Each setter checks its value at once. */
  public static final class Builder {

    private final ParameterAveragingTrainingMaster.Builder training;
    private AveragingConfig averaging; // null where the two below say it
    private DecaySchedule schedule;
    private OptionalLong startAfter = OptionalLong.empty();
    private ParameterSelection selection = ParameterSelection.averageAll();
    private Horizon horizon = Horizon.ITERATIONS;
    private boolean everyStep;
    private Optional<AveragePlan.Checkpoints> checkpoints = Optional.empty();

    private Builder(ParameterAveragingTrainingMaster.Builder training) {
      this.training = Objects.requireNonNull(training, "training");
    }

    /**
     * A constant decay per step; see {@link #horizon} for what is a step.
     *
     * @param decay in [0, 1], typically 0.99 to 0.9999
     * @return this
     * @throws IllegalArgumentException if the decay is not in [0, 1]
     */
    public Builder decay(double decay) {
      return schedule(DecaySchedule.constant(decay));
    }

    /**
     * A decay schedule, asked with numbers of steps; see {@link #horizon} for what is a step.
     *
     * @param schedule the decay of each step
     * @return this
     */
    public Builder schedule(DecaySchedule schedule) {
      this.schedule = Objects.requireNonNull(schedule, "schedule");
      averaging = null;
      return this;
    }

    /**
     * Steps before averaging begins, as for {@link AveragingConfig.Builder#startAfter}; see {@link
     * #horizon} for what is a step. Until then the average is a copy of the weights.
     *
     * @param steps at least 0, the default
     * @return this
     * @throws IllegalArgumentException if negative
     */
    public Builder startAfter(long steps) {
      AveragingConfig.builder().startAfter(steps); // refuses it if need be
      startAfter = OptionalLong.of(steps);
      return this;
    }

    /**
     * Schedule, start and precision of the average. Schedules are asked with numbers of steps; see
     * {@link #horizon} for what is a step.
     *
     * @param averaging with {@code updateEvery} 1, as the end of a round is when updates are made,
     *     and decays corrected for the interval
     * @return this
     * @throws IllegalArgumentException if the configuration has another interval, decays are not
     *     corrected for it, weights are to be restored, examples counted or epochs awaited
     */
    public Builder averaging(AveragingConfig averaging) {
      if (averaging.updateEvery() != 1) {
        throw new IllegalArgumentException(
            "On Spark the average is updated at the end of every round: leave updateEvery at 1, not"
                + " "
                + averaging.updateEvery());
      }
      if (!averaging.correctDecayForInterval()) {
        throw new IllegalArgumentException(
            "On Spark an update stands for all iterations of a round, and correctDecayForInterval"
                + "(false) would give it the decay of one: leave it at true");
      }
      if (averaging.onNonFinite() == NonFinitePolicy.RESTORE) {
        throw new IllegalArgumentException(
            "On Spark the workers train copies of the network, with updaters of their own, which"
                + " NonFinitePolicy.RESTORE does not reach: use SKIP, or THROW");
      }
      if (averaging.unit() != AveragingUnit.STEPS) {
        throw new IllegalArgumentException(
            "On Spark the average counts steps, as workers do not say how many examples a round had:"
                + " for an average whose length does not depend on the number of workers call"
                + " horizon(Horizon.EXAMPLES)");
      }
      if (averaging.startAfterEpochs() > 0) {
        throw new IllegalArgumentException(
            "On Spark averaging begins after steps: use startAfter instead of startAfterEpochs(%d)"
                .formatted(averaging.startAfterEpochs()));
      }
      this.averaging = averaging;
      schedule = null;
      return this;
    }

    /**
     * Which parameters are averaged, copied or left out.
     *
     * @param selection all are averaged by default
     * @return this
     */
    public Builder parameters(ParameterSelection selection) {
      this.selection = Objects.requireNonNull(selection, "selection");
      return this;
    }

    /**
     * What the decay counts.
     *
     * @param horizon {@link Horizon#ITERATIONS} by default
     * @return this
     */
    public Builder horizon(Horizon horizon) {
      this.horizon = Objects.requireNonNull(horizon, "horizon");
      return this;
    }

    /**
     * Averages on the workers after every step, rather than on the driver once per round. Every
     * worker goes on from the driver's average, and the driver takes the mean of theirs: this is
     * the average over every step of the mean of the workers' weights, and with one worker that of
     * training without Spark. It differs from the default by about {@code (k - 1) / 2 * (1 -
     * decay)} of the distance between weights and average, for k iterations per round, and costs
     * one more vector of parameters sent to and from every worker in every round.
     *
     * @return this
     */
    public Builder averageEveryStep() {
      everyStep = true;
      return this;
    }

    /**
     * Keeps a checkpoint of every round, and the two newest of them, in a directory of this run.
     *
     * @param directory in any file system of Hadoop, such as {@code hdfs://host/runs/7}; made if it
     *     does not exist; without a scheme, in the default file system of the Spark context
     * @return this
     */
    public Builder checkpoints(String directory) {
      return checkpoints(directory, 1, 2);
    }

    /**
     * Keeps checkpoints in a directory of this run. One is an {@code EmaCheckpoint}, which plain
     * Deeplearning4j loads as the raw network, with the position in the run among its metadata.
     *
     * @param directory in any file system of Hadoop
     * @param everyRounds rounds from one checkpoint to the next, at least 1; the last round of an
     *     epoch has one in any case
     * @param keepLast how many of the newest to keep, at least 1
     * @return this
     * @throws IllegalArgumentException if a number is below 1
     */
    public Builder checkpoints(String directory, int everyRounds, int keepLast) {
      Objects.requireNonNull(directory, "directory");
      requirePositive(everyRounds, "everyRounds");
      requirePositive(keepLast, "keepLast");
      checkpoints = Optional.of(new AveragePlan.Checkpoints(directory, everyRounds, keepLast));
      return this;
    }

    private static void requirePositive(int value, String name) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be at least 1, but was " + value);
      }
    }

    /**
     * Builds the master.
     *
     * @return a master for one network
     * @throws IllegalStateException if neither a decay nor a configuration was given; if {@code
     *     startAfter} was called beside a configuration, which says it too; if every step is to be
     *     averaged with a horizon in examples, or with a schedule of one's own, which the workers
     *     cannot be told; if Spark, in this process, serializes by Kryo without what arrays need
     */
    public EmaTrainingMaster build() {
      KryoArrays.require();
      if (averaging == null && schedule == null) {
        throw new IllegalStateException(
            "An average needs a decay: call decay(0.999) or averaging(...) before build()");
      }
      if (averaging != null && startAfter.isPresent()) {
        throw new IllegalStateException(
            "startAfter(%d) goes with decay(...) or schedule(...): averaging(...) says by itself when averaging begins, so call startAfter on the builder of that configuration"
                .formatted(startAfter.getAsLong()));
      }
      if (everyStep) {
        requirePerStep();
      }
      return new EmaTrainingMaster(this);
    }

    private AveragePlan plan() {
      return new AveragePlan(config(), selection, horizon, everyStep, checkpoints);
    }

    private AveragingConfig config() {
      return averaging != null
          ? averaging
          : AveragingConfig.builder().schedule(schedule).startAfter(startAfter.orElse(0)).build();
    }

    private void requirePerStep() {
      if (horizon != Horizon.ITERATIONS) {
        throw new IllegalStateException(
            "averageEveryStep() counts steps of one worker, which are iterations: leave the horizon"
                + " at ITERATIONS, or average once per round");
      }
      try {
        DecaySchedule.parse(config().schedule().spec());
      } catch (IllegalArgumentException e) {
        throw new IllegalStateException(
            "averageEveryStep() sends the schedule to the workers as text, and '%s' is not one that can be read back (%s): average once per round"
                .formatted(config().schedule().spec(), e.getMessage()),
            e);
      }
    }
  }
}
