// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

class ClassPredictionsTest {

  private static ClassPredictions of(double[][] labels, double[][] predictions) {
    ClassPredictions result = new ClassPredictions();
    result.eval(Nd4j.createFromArray(labels), Nd4j.createFromArray(predictions));
    return result;
  }

  private static final double[] FIRST = {1, 0};
  private static final double[] SECOND = {0, 1};

  /**
   * Worked out by hand: the bins of 0.55 and 0.6 are (8/15, 9/15], that of 0.9 is (13/15, 14/15].
   */
  @Test
  void calibrationErrorIsTheDistanceOfSurenessFromAccuracyByBins() {
    ClassPredictions predictions =
        of(
            new double[][] {FIRST, FIRST, FIRST, SECOND},
            new double[][] {{0.55, 0.45}, {0.4, 0.6}, {0.9, 0.1}, {0.9, 0.1}});
    assertEquals(0.5, predictions.accuracy());
    double first = Math.abs((0.55 + 0.6) / 2 - 0.5) * 2 / 4;
    double second = Math.abs(0.9 - 0.5) * 2 / 4;
    assertEquals(first + second, predictions.calibrationError(), 1e-15);
    assertEquals(4, predictions.count());
    assertEquals(0.5, predictions.getValue(ClassPredictions.Metric.ACCURACY));
    assertEquals(
        first + second, predictions.getValue(ClassPredictions.Metric.CALIBRATION_ERROR), 1e-15);
    assertEquals("accuracy 0.5000, calibration error 0.2375 over 4 examples", predictions.stats());
  }

  /** Bin m is (m/15, (m+1)/15]: with the edge in the bin above, these two would cancel out. */
  @Test
  void edgesBelongToTheBinBelow() {
    ClassPredictions predictions =
        of(new double[][] {FIRST, SECOND}, new double[][] {{0.6, 0.4}, {0.61, 0.39}});
    assertEquals((0.4 + 0.61) / 2, predictions.calibrationError(), 1e-15);
  }

  /** Examples whose class is found as often as their probability says. */
  @Test
  void calibratedPredictionsHaveNoError() {
    Random random = new Random(1);
    int n = 20_000;
    double[][] labels = new double[n][];
    double[][] predictions = new double[n][];
    for (int i = 0; i < n; i++) {
      double p = random.nextDouble();
      predictions[i] = new double[] {p, 1 - p};
      labels[i] = random.nextDouble() < p ? FIRST : SECOND;
    }
    assertEquals(0, of(labels, predictions).calibrationError(), 0.03);
  }

  @Test
  void oneColumnIsTheProbabilityOfTheSecondClass() {
    ClassPredictions one = of(new double[][] {{1}, {0}, {1}}, new double[][] {{0.7}, {0.2}, {0.4}});
    ClassPredictions two =
        of(
            new double[][] {SECOND, FIRST, SECOND},
            new double[][] {{0.3, 0.7}, {0.8, 0.2}, {0.6, 0.4}});
    assertEquals(two.accuracy(), one.accuracy());
    assertEquals(two.calibrationError(), one.calibrationError(), 1e-15);
  }

  @Test
  void stepsOfSequencesCountOneByOneUnlessMasked() {
    INDArray labels = Nd4j.createFromArray(new double[][][] {{{1, 1, 0}, {0, 0, 1}}});
    INDArray predictions =
        Nd4j.createFromArray(new double[][][] {{{0.9, 0.2, 0.5}, {0.1, 0.8, 0.5}}});
    ClassPredictions all = new ClassPredictions();
    all.eval(labels, predictions);
    assertEquals(3, all.count());
    ClassPredictions masked = new ClassPredictions();
    masked.eval(labels, predictions, Nd4j.createFromArray(new double[][] {{1, 1, 0}}));
    assertEquals(2, masked.count());
    assertEquals(0.5, masked.accuracy());
    ClassPredictions none = new ClassPredictions();
    none.eval(labels, predictions, Nd4j.createFromArray(new double[][] {{0, 0, 0}}));
    assertEquals(0, none.count());
  }

  @Test
  void notANumberIsWrongAndHasNoCalibration() {
    ClassPredictions predictions =
        of(new double[][] {FIRST, FIRST}, new double[][] {{Double.NaN, 0.5}, {0.9, 0.1}});
    assertEquals(0.5, predictions.accuracy());
    assertTrue(Double.isNaN(predictions.calibrationError()));
  }

  /** More than the first arrays hold, in one go and in parts. */
  @Test
  void partsMergeToTheWhole() {
    DataSet data = Data.points(1, 3_000);
    MultiLayerNetwork net = Nets.mlp();
    INDArray output = net.output(data.getFeatures());
    ClassPredictions whole = new ClassPredictions();
    whole.eval(data.getLabels(), output);
    ClassPredictions merged = new ClassPredictions();
    List.of(new int[] {0, 1_500}, new int[] {1_500, 3_000})
        .forEach(
            range -> {
              ClassPredictions part = merged.newInstance();
              part.eval(data.getLabels().getRows(rows(range)), output.getRows(rows(range)));
              merged.merge(part);
            });
    assertEquals(whole.stats(), merged.stats());
    assertEquals(0, Gain.of(whole, merged).churn());
    Evaluation evaluation = new Evaluation();
    evaluation.eval(data.getLabels(), output);
    assertEquals(evaluation.accuracy(), whole.accuracy(), 1e-12);
    merged.reset();
    assertEquals(0, merged.count());
    assertTrue(Double.isNaN(merged.accuracy()));
  }

  private static int[] rows(int[] range) {
    return IntStream.range(range[0], range[1]).toArray();
  }

  @Test
  void comparisonHasTheGainOfEachAverage() {
    MultiLayerNetwork net = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaEvaluator evaluator =
        new EmaEvaluator(
            ema,
            new ListDataSetIterator<>(Data.points(9, 200).batchBy(50), 1),
            new Evaluation(),
            new ClassPredictions());
    ema.start(net);
    assertTrue(evaluator.compare(net).gain().isEmpty(), "no update yet");
    net.setListeners(ema);
    for (int i = 0; i < 30; i++) {
      net.fit(Data.points(i, 8, 0.3));
    }
    Comparison comparison = evaluator.compare(net);
    Gain gain = comparison.gain().orElseThrow();
    assertEquals(
        comparison.averaged(Evaluation.class).accuracy()
            - comparison.raw(Evaluation.class).accuracy(),
        gain.accuracy(),
        1e-12);
    assertEquals(200, gain.examples());
    assertEquals(
        comparison.raw(ClassPredictions.class).calibrationError(), gain.rawCalibrationError());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new EmaEvaluator(ema, new ListDataSetIterator<>(List.of(Data.points(9, 20)), 1))
                .compare(net)
                .gain());
  }
}
