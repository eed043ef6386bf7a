// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.Swap;
import io.github.ema4j.core.internal.kernel.Kernels;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * A training run on Spark with averaged weights. The same program begins the run and, after the
 * driver was lost, goes on with it where it was:
 *
 * <pre>{@code
 * EmaTrainingMaster master =
 *     EmaTrainingMaster.builder(training).decay(0.999).checkpoints("hdfs://host/runs/7").build();
 * EmaSparkTraining<MultiLayerNetwork> run = EmaSparkTraining.of(sc, net, master);
 * run.fit(trainingData, 10);
 *
 * Comparison comparison = run.compare(validationData, 64);
 * MultiLayerNetwork averaged = run.ema().averagedNetwork(run.network());
 * }</pre>
 *
 * <p>Not thread-safe: it belongs to the driver's thread that trains.
 *
 * @param <N> MultiLayerNetwork or ComputationGraph
 */
public final class EmaSparkTraining<N extends Model> {

  private final N network;
  private final EmaTrainingMaster master;
  private final SparkNetwork spark;

  private EmaSparkTraining(N network, EmaTrainingMaster master, SparkNetwork spark) {
    this.network = network;
    this.master = master;
    this.spark = spark;
  }

  /**
   * Begins a run, or goes on with it if the master's directory has a checkpoint: then the network
   * takes over the saved weights and counts.
   *
   * @param sc the Spark context
   * @param network as the program makes it for a new run; initialised if it is not
   * @param master an {@link EmaTrainingMaster}
   * @return the run
   * @throws IllegalArgumentException if the master is of another class, such as
   *     SharedTrainingMaster or EmaSharedTrainingMaster; the message says why
   * @throws IOException if a checkpoint cannot be read, or is of another run
   */
  public static EmaSparkTraining<MultiLayerNetwork> of(
      JavaSparkContext sc, MultiLayerNetwork network, TrainingMaster<?, ?> master)
      throws IOException {
    EmaTrainingMaster averaging = Refusals.requireAveraging(master);
    KryoArrays.require();
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, averaging);
    averaging.open(sc, network);
    return new EmaSparkTraining<>(network, averaging, new SparkNetwork.OfLayers(spark));
  }

  /**
   * Begins or goes on with a run of a ComputationGraph; see {@link #of(JavaSparkContext,
   * MultiLayerNetwork, TrainingMaster)}.
   *
   * @param sc the Spark context
   * @param network as the program makes it for a new run; initialised if it is not
   * @param master an {@link EmaTrainingMaster}
   * @return the run
   * @throws IllegalArgumentException if the master is of another class
   * @throws IOException if a checkpoint cannot be read, or is of another run
   */
  public static EmaSparkTraining<ComputationGraph> of(
      JavaSparkContext sc, ComputationGraph network, TrainingMaster<?, ?> master)
      throws IOException {
    EmaTrainingMaster averaging = Refusals.requireAveraging(master);
    KryoArrays.require();
    SparkComputationGraph spark = new SparkComputationGraph(sc, network, averaging);
    averaging.open(sc, network);
    return new EmaSparkTraining<>(network, averaging, new SparkNetwork.OfGraph(spark));
  }

  // ---------------------------------------------------------------- training

  /**
   * Trains until the network has made so many epochs, those before a resume included. To look at
   * the run after every epoch, call it with 1, 2, 3 and so on.
   *
   * @param data in an order that is the same whenever it is computed, if the run is to be resumed
   * @param epochs at least 1; nothing is done if the network has made as many already
   * @throws IllegalArgumentException if {@code epochs} is below 1
   */
  public void fit(JavaRDD<DataSet> data, int epochs) {
    until(epochs, () -> spark.fit(data));
  }

  /**
   * Trains a ComputationGraph of several inputs or outputs; see {@link #fit}.
   *
   * @param data in an order that is the same whenever it is computed, if the run is to be resumed
   * @param epochs at least 1
   * @throws UnsupportedOperationException for a MultiLayerNetwork
   */
  public void fitMultiDataSet(JavaRDD<MultiDataSet> data, int epochs) {
    until(epochs, () -> spark.fitMultiDataSet(data));
  }

  /**
   * Trains on files, each of which {@code DataSet.save} has written; see {@link #fit}.
   *
   * @param paths of the files, in an order that is the same whenever it is computed, if the run is
   *     to be resumed
   * @param epochs at least 1
   */
  public void fitPaths(JavaRDD<String> paths, int epochs) {
    until(epochs, () -> spark.fitPaths(paths));
  }

  private void until(int epochs, Runnable epoch) {
    if (epochs < 1) {
      throw new IllegalArgumentException("epochs must be at least 1, but was " + epochs);
    }
    while (Networks.epochCount(network) < epochs) {
      epoch.run();
    }
  }

  // ---------------------------------------------------------------- evaluation

  /**
   * Evaluates raw and averaged weights on the workers. The averaged weights are in the network for
   * the time of their evaluation; the raw ones are put back after it, bit for bit, also when it
   * throws. Raw weights that are NaN or infinite are not evaluated: their result {@linkplain
   * EvaluationResult#isFinite says so}.
   *
   * @param data its objects must not have more examples than {@code batchSize}, which
   *     Deeplearning4j's iterator on the workers cannot take apart
   * @param batchSize examples per forward pass, at least 1
   * @param evaluations what to evaluate, {@code new Evaluation()} if none is given; only their
   *     settings are used
   * @return both results; the averaged one is empty before the first update
   * @throws IllegalStateException if the averaged weights are swapped in already, or the data is
   *     empty
   */
  public Comparison compare(JavaRDD<DataSet> data, int batchSize, IEvaluation<?>... evaluations) {
    return compare(() -> spark.evaluate(data, batchSize, orDefault(evaluations)));
  }

  /**
   * Evaluates raw and averaged weights of a ComputationGraph of several inputs and one output; see
   * {@link #compare}.
   *
   * @param data its objects must not have more examples than {@code batchSize}
   * @param batchSize examples per forward pass, at least 1
   * @param evaluations what to evaluate, {@code new Evaluation()} if none is given
   * @return both results; the averaged one is empty before the first update
   * @throws UnsupportedOperationException for a MultiLayerNetwork
   */
  public Comparison compareMultiDataSet(
      JavaRDD<MultiDataSet> data, int batchSize, IEvaluation<?>... evaluations) {
    return compare(() -> spark.evaluateMultiDataSet(data, batchSize, orDefault(evaluations)));
  }

  private static IEvaluation<?>[] orDefault(IEvaluation<?>... evaluations) {
    return evaluations.length == 0 ? new IEvaluation<?>[] {new Evaluation()} : evaluations;
  }

  private Comparison compare(Supplier<IEvaluation<?>[]> evaluation) {
    ModelEmaListener ema = ema();
    if (ema.isSwapped()) {
      throw new IllegalStateException(
          "The averaged weights are swapped into the network already: close the Swap first");
    }
    return Comparison.of(
        network, raw(evaluation), ema.members(), member -> averaged(member, evaluation));
  }

  /** Workers are not set to fail over weights that have diverged. */
  private EvaluationResult raw(Supplier<IEvaluation<?>[]> evaluation) {
    INDArray params = Networks.params(network);
    return Kernels.forArrays(params).isFinite(params)
        ? result(evaluation.get())
        : EvaluationResult.notFinite(
            new IllegalStateException("The raw weights have diverged: they are not finite"));
  }

  private EvaluationResult averaged(ModelEmaListener ema, Supplier<IEvaluation<?>[]> evaluation) {
    try (Swap ignored = ema.swap(network)) {
      return result(evaluation.get());
    }
  }

  private static EvaluationResult result(IEvaluation<?>[] evaluations) {
    if (evaluations == null) {
      throw new IllegalStateException("There is nothing to evaluate: the data is empty");
    }
    return new EvaluationResult(Map.of(0, List.of(evaluations)));
  }

  // ---------------------------------------------------------------- what there is

  /**
   * The network, with its raw weights.
   *
   * @return the one given to {@code of}
   */
  public N network() {
    return network;
  }

  /**
   * What trains.
   *
   * @return the one given to {@code of}
   */
  public EmaTrainingMaster master() {
    return master;
  }

  /**
   * The average; see {@link EmaTrainingMaster#ema}.
   *
   * @return the same object for the whole run
   */
  public ModelEmaListener ema() {
    return master.ema();
  }

  /**
   * Rounds done, those before a resume included.
   *
   * @return from 0
   */
  public long rounds() {
    return master.rounds();
  }
}
