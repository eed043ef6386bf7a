// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.examples.data.Pumps;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.SingletonMultiDataSetIterator;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The average of a {@link ComputationGraph} with two inputs and two outputs.
 *
 * <p>From vibrations and operation of a pump it tells the kind of wear, a classification, and the
 * hours left, a regression. {@link EmaEvaluator} evaluates each output by its own measure.
 */
public final class MultiInputGraphExample {
  private static final Logger log = LoggerFactory.getLogger(MultiInputGraphExample.class);
  private static final int KIND = 0;
  private static final int HOURS = 1;

  private MultiInputGraphExample() {}

  /** Trains, and logs what raw and averaged weights get right. */
  public static void main(String[] args) {
    OpenMp.useOneThreadUnlessSet();
    Comparison comparison = train(1);
    log.info(line("raw weights     ", comparison.raw()));
    log.info(line("averaged weights", comparison.averaged()));
  }

  static Comparison train(long seed) {
    List<MultiDataSet> training = Pumps.recorded(100, 16, seed);
    MultiDataSetIterator test =
        new SingletonMultiDataSetIterator(Pumps.examined(1, 2000, seed + 1).get(0));

    ComputationGraph net = new ComputationGraph(configuration(seed));
    net.init();
    ModelEmaListener ema = new ModelEmaListener(0.99);
    net.addListeners(ema); // the one added line

    for (int epoch = 0; epoch < 6; epoch++) {
      for (MultiDataSet batch : training) {
        net.fit(batch);
      }
    }

    EmaEvaluator evaluator =
        new EmaEvaluator(
            ema,
            test,
            Map.of(KIND, List.of(new Evaluation()), HOURS, List.of(new RegressionEvaluation())));
    return evaluator.compare(net);
  }

  private static ComputationGraphConfiguration configuration(long seed) {
    return new NeuralNetConfiguration.Builder()
        .seed(seed)
        .updater(new Adam(0.02))
        .activation(Activation.RELU)
        .graphBuilder()
        .addInputs("vibrations", "operation")
        .addLayer("shaking", dense(Pumps.VIBRATIONS, 16), "vibrations")
        .addLayer("working", dense(Pumps.OPERATIONS, 16), "operation")
        .addVertex("pump", new MergeVertex(), "shaking", "working")
        .addLayer("shared", dense(32, 32), "pump")
        .addLayer(
            "kind",
            new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(32)
                .nOut(Pumps.KINDS)
                .activation(Activation.SOFTMAX)
                .build(),
            "shared")
        .addLayer(
            "hours",
            new OutputLayer.Builder(LossFunction.MSE)
                .nIn(32)
                .nOut(1)
                .activation(Activation.IDENTITY)
                .build(),
            "shared")
        .setOutputs("kind", "hours")
        .build();
  }

  private static DenseLayer dense(int in, int out) {
    return new DenseLayer.Builder().nIn(in).nOut(out).build();
  }

  private static String line(String name, EvaluationResult result) {
    return String.format(
        Locale.ROOT,
        "%s %.2f %% of the kinds right, hours left wrong by %.0f (RMS)",
        name,
        100 * kindAccuracy(result),
        1000 * hoursError(result));
  }

  /** The share of kinds told correctly, 0 to 1. */
  static double kindAccuracy(EvaluationResult result) {
    return result.get(KIND, Evaluation.class).accuracy();
  }

  /** The root mean square error of the hours left, in thousands of hours. */
  static double hoursError(EvaluationResult result) {
    return result.get(HOURS, RegressionEvaluation.class).averagerootMeanSquaredError();
  }
}
