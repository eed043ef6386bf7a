// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.spark;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * What the average adds to a round with as many parameters as ResNet-18 has, 11.7 million: the time
 * of one update against that of a round of Deeplearning4j's own master without an average. The
 * round is the cheapest there is: two workers in this process, one minibatch of one example each,
 * no updater state. So any real round takes longer, and the share of the average is smaller.
 *
 * <p>Argument: how many rounds to measure, 15 by default.
 */
public final class RoundCost {

  private static final int IN = 3000;
  private static final int OUT = 899;

  private RoundCost() {}

  /**
   * Measures.
   *
   * @param args the number of rounds, optional
   */
  public static void main(String[] args) {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 15;
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("RoundCost")
            .set("spark.ui.enabled", "false");
    try (JavaSparkContext sc = new JavaSparkContext(conf)) {
      MultiLayerNetwork network = network();
      SparkDl4jMultiLayer spark =
          new SparkDl4jMultiLayer(
              sc,
              network,
              new ParameterAveragingTrainingMaster.Builder(2, 1)
                  .batchSizePerWorker(1)
                  .averagingFrequency(1)
                  .rddTrainingApproach(RDDTrainingApproach.Direct)
                  .build());
      JavaRDD<DataSet> data =
          sc.parallelize(
              List.of(
                  new DataSet(Nd4j.rand(1, IN), Nd4j.rand(1, OUT)),
                  new DataSet(Nd4j.rand(1, IN), Nd4j.rand(1, OUT))),
              2);
      ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.999), network.params());
      List<Double> roundTimes = new ArrayList<>();
      List<Double> updateTimes = new ArrayList<>();
      for (int i = -3; i < rounds; i++) { // the first three to warm up
        double round = milliseconds(() -> spark.fit(data));
        double update = milliseconds(() -> average.update(network.params(), 5));
        if (i >= 0) {
          roundTimes.add(round);
          updateTimes.add(update);
        }
      }
      double round = median(roundTimes);
      double update = median(updateTimes);
      System.out.printf(
          Locale.ROOT,
          "%,d parameters, medians of %d: a round without average %.0f ms, one update %.1f ms: %.1f %%%n",
          network.numParams(),
          rounds,
          round,
          update,
          100 * update / round);
    }
  }

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.01))
                .list()
                .layer(
                    new DenseLayer.Builder().nIn(IN).nOut(IN).activation(Activation.RELU).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(IN)
                        .nOut(OUT)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
    network.init();
    return network;
  }

  private static double milliseconds(Runnable task) {
    long start = System.nanoTime();
    task.run();
    return (System.nanoTime() - start) / 1e6;
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return Arrays.stream(sorted)
        .skip((sorted.length - 1) / 2)
        .limit(2 - sorted.length % 2)
        .average()
        .orElseThrow();
  }
}
