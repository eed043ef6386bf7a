// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.spark;

import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.spark.EmaSparkTraining;
import io.github.ema4j.spark.EmaTrainingMaster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Trains a small network on noisy data on Spark, compares raw and averaged weights after every
 * epoch, and exports the averaged network.
 *
 * <p>Arguments: the master, {@code local[2]} by default, and a directory for checkpoints and the
 * exported network, {@code output/spark-example} by default. Started again with the same directory
 * it goes on where it was.
 */
public final class SparkExample {

  private static final int WORKERS = 2;
  private static final int BATCH = 20;
  private static final int EPOCHS = 4;

  private SparkExample() {}

  /**
   * Runs the example.
   *
   * @param args master and directory, both optional
   * @throws Exception if anything fails
   */
  public static void main(String[] args) throws Exception {
    String master = args.length > 0 ? args[0] : "local[" + WORKERS + "]";
    Path directory = Path.of(args.length > 1 ? args[1] : "output/spark-example").toAbsolutePath();
    SparkConf conf =
        new SparkConf()
            .setMaster(master)
            .setAppName("EMA4J")
            // Else one host often does the work of both workers, one after the other.
            .setIfMissing("spark.locality.wait", "0");
    try (JavaSparkContext sc = new JavaSparkContext(conf)) {
      run(sc, directory);
    }
  }

  /** Trains and returns the last comparison. */
  public static Comparison run(JavaSparkContext sc, Path directory) throws Exception {
    JavaRDD<DataSet> training = sc.parallelize(data(1, 120, 0.3), WORKERS);
    JavaRDD<DataSet> validation = sc.parallelize(data(2, 50, 0), WORKERS);

    EmaTrainingMaster master =
        EmaTrainingMaster.builder(
                new ParameterAveragingTrainingMaster.Builder(WORKERS, BATCH)
                    .batchSizePerWorker(BATCH)
                    .averagingFrequency(5)
                    .saveUpdater(true)
                    .rngSeed(7)
                    .rddTrainingApproach(RDDTrainingApproach.Direct))
            .decay(0.98)
            .checkpoints(directory.resolve("checkpoints").toUri().toString())
            .build();
    EmaSparkTraining<MultiLayerNetwork> run = EmaSparkTraining.of(sc, network(), master);

    Comparison comparison = null;
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
      run.fit(training, epoch);
      comparison = run.compare(validation, BATCH);
      System.out.printf(
          "epoch %d, round %d: accuracy %.3f raw, %.3f averaged%n",
          comparison.epoch(),
          run.rounds(),
          comparison.raw(Evaluation.class).accuracy(),
          comparison.averaged(Evaluation.class).accuracy());
    }
    Files.createDirectories(directory);
    EmaExport.save(directory.resolve("averaged.zip"), run.network(), run.ema());
    return comparison;
  }

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(0.02))
                .list()
                .layer(new DenseLayer.Builder().nIn(4).nOut(32).activation(Activation.RELU).build())
                .layer(new BatchNormalization.Builder().nOut(32).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(32)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }

  /** Points inside and outside a ball, some of them with the wrong label. */
  private static List<DataSet> data(long seed, int minibatches, double wrong) {
    Random random = new Random(seed);
    List<DataSet> data = new ArrayList<>();
    for (int i = 0; i < minibatches; i++) {
      INDArray features = Nd4j.create(BATCH, 4);
      INDArray labels = Nd4j.create(BATCH, 2);
      for (int row = 0; row < BATCH; row++) {
        double squares = 0;
        for (int column = 0; column < 4; column++) {
          double value = random.nextGaussian();
          features.putScalar(row, column, value);
          squares += value * value;
        }
        boolean inside = squares < 3.36; // half of the points
        boolean right = random.nextDouble() >= wrong;
        labels.putScalar(row, inside == right ? 0 : 1, 1);
      }
      data.add(new DataSet(features, labels));
    }
    return data;
  }
}
