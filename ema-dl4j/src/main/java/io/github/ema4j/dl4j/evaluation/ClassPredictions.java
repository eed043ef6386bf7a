// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.nd4j.common.primitives.Triple;
import org.nd4j.evaluation.BaseEvaluation;
import org.nd4j.evaluation.IMetric;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which class a classifier took each example for, and whether it is as sure as it is right. Two of
 * them say what averaging changes: {@link Gain}.
 *
 * <pre>{@code
 * EmaEvaluator evaluator =
 *     new EmaEvaluator(ema, validationData, new Evaluation(), new ClassPredictions());
 * System.out.println(evaluator.compare(net).gain().orElseThrow());
 * }</pre>
 *
 * <p>Labels are one-hot or probabilities, predictions are probabilities: {@code [examples,
 * classes]}, or one column for the probability of the second of two classes; the steps of sequences
 * {@code [examples, classes, steps]} and the pixels of images {@code [examples, classes, height,
 * width]} count one by one, but for those that a mask leaves out. It keeps eight bytes for each. A
 * prediction that is NaN is wrong, and makes the calibration error NaN.
 *
 * <p>Not thread-safe.
 */
public final class ClassPredictions extends BaseEvaluation<ClassPredictions> {

  private static final long serialVersionUID = 1L;

  /** As many as Guo et al. 2017 take. */
  private static final int BINS = 15;

  private static final int NONE = -1;

  /** The scores that this evaluation has. */
  public enum Metric implements IMetric {
    /** Share of the examples whose class was found, 0 to 1. */
    ACCURACY,
    /** See {@link ClassPredictions#calibrationError}. */
    CALIBRATION_ERROR;

    @Override
    public Class<ClassPredictions> getEvaluationClass() {
      return ClassPredictions.class;
    }

    @Override
    public boolean minimize() {
      return this == CALIBRATION_ERROR;
    }
  }

  private int count;
  private int[] labels = new int[1_024];
  private int[] predicted = new int[1_024]; // NONE where the prediction is NaN
  private final long[] rightInBin = new long[BINS];
  private final double[] confidenceInBin = new double[BINS];

  /** Nothing is evaluated yet. */
  public ClassPredictions() {}

  @Override
  public void eval(
      INDArray labels,
      INDArray predictions,
      INDArray mask,
      List<? extends Serializable> recordMetaData) {
    Triple<INDArray, INDArray, INDArray> flat =
        reshapeAndExtractNotMasked(labels, predictions, mask, 1);
    if (flat == null) { // masked, all of it
      return;
    }
    if (flat.getThird() != null) {
      throw new UnsupportedOperationException(
          "ClassPredictions takes a mask of examples or steps, not one of single classes");
    }
    int classes = (int) flat.getFirst().size(1);
    double[] expected = values(flat.getFirst());
    double[] probabilities = values(flat.getSecond());
    for (int from = 0; from < expected.length; from += classes) {
      add(ofClasses(expected, from, classes), ofClasses(probabilities, from, classes));
    }
  }

  /** Row by row; a matrix of Java takes ND4J a while for each row. */
  private static double[] values(INDArray matrix) {
    return matrix.dup('c').data().asDouble();
  }

  /** A single probability is that of the second of two classes. */
  private static double[] ofClasses(double[] values, int from, int classes) {
    return classes == 1
        ? new double[] {1 - values[from], values[from]}
        : Arrays.copyOfRange(values, from, from + classes);
  }

  private void add(double[] label, double[] probabilities) {
    if (count == labels.length) {
      labels = Arrays.copyOf(labels, 2 * count);
      predicted = Arrays.copyOf(predicted, 2 * count);
    }
    int likeliest = largest(probabilities);
    double confidence = probabilities[likeliest];
    boolean known = Arrays.stream(probabilities).noneMatch(Double::isNaN);
    labels[count] = largest(label);
    predicted[count] = known ? likeliest : NONE;
    // Bin m holds the confidences in (m/15, (m+1)/15].
    int bin = known ? (int) Math.max(0, Math.min(BINS - 1, Math.ceil(confidence * BINS) - 1)) : 0;
    rightInBin[bin] += isRight(count) ? 1 : 0;
    confidenceInBin[bin] += known ? confidence : Double.NaN;
    count++;
  }

  /** The first of the largest. */
  private static int largest(double[] values) {
    int largest = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[largest]) {
        largest = i;
      }
    }
    return largest;
  }

  private boolean isRight(int example) {
    return predicted[example] == labels[example];
  }

  /**
   * How many examples were evaluated.
   *
   * @return the count
   */
  public long count() {
    return count;
  }

  /**
   * The share of the examples whose class was found.
   *
   * @return 0 to 1; NaN if nothing was evaluated
   */
  public double accuracy() {
    return (double) Arrays.stream(rightInBin).sum() / count;
  }

  /**
   * The expected calibration error (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599):
   * examples are put into 15 bins by the probability of the class that they were taken for, and the
   * distance between the mean of these probabilities and the accuracy is averaged over the bins, by
   * the number of their examples. A network that is 90 % sure should be right nine times in ten.
   *
   * @return 0 to 1; NaN if nothing was evaluated or a prediction was NaN
   */
  public double calibrationError() {
    double sum = 0; // distances of means, times the number of examples
    for (int bin = 0; bin < BINS; bin++) {
      sum += Math.abs(confidenceInBin[bin] - rightInBin[bin]);
    }
    return sum / count;
  }

  /** What another set of weights makes of the same examples, against these. */
  Gain gainOf(ClassPredictions averaged) {
    if (count == 0) {
      throw new IllegalArgumentException(
          "No example was evaluated, so there is nothing to compare");
    }
    if (count != averaged.count
        || !Arrays.equals(labels, 0, count, averaged.labels, 0, averaged.count)) {
      throw new IllegalArgumentException(
          "Raw and averaged weights were evaluated on other examples or in another order: give the"
              + " evaluator an iterator that does not shuffle");
    }
    long onlyRaw = 0;
    long onlyAveraged = 0;
    long differing = 0;
    for (int example = 0; example < count; example++) {
      onlyRaw += isRight(example) && !averaged.isRight(example) ? 1 : 0;
      onlyAveraged += !isRight(example) && averaged.isRight(example) ? 1 : 0;
      differing += predicted[example] == averaged.predicted[example] ? 0 : 1;
    }
    return new Gain(
        count, onlyRaw, onlyAveraged, differing, calibrationError(), averaged.calibrationError());
  }

  @Override
  public void merge(ClassPredictions other) {
    int all = Math.addExact(count, other.count);
    labels = Arrays.copyOf(labels, Math.max(all, labels.length));
    predicted = Arrays.copyOf(predicted, Math.max(all, predicted.length));
    System.arraycopy(other.labels, 0, labels, count, other.count);
    System.arraycopy(other.predicted, 0, predicted, count, other.count);
    for (int bin = 0; bin < BINS; bin++) {
      rightInBin[bin] += other.rightInBin[bin];
      confidenceInBin[bin] += other.confidenceInBin[bin];
    }
    count = all;
  }

  @Override
  public void reset() {
    count = 0;
    Arrays.fill(rightInBin, 0);
    Arrays.fill(confidenceInBin, 0);
  }

  @Override
  public String stats() {
    return String.format(
        Locale.ROOT,
        "accuracy %.4f, calibration error %.4f over %d examples",
        accuracy(),
        calibrationError(),
        count);
  }

  @Override
  public double getValue(IMetric metric) {
    if (metric == Metric.ACCURACY) {
      return accuracy();
    }
    if (metric == Metric.CALIBRATION_ERROR) {
      return calibrationError();
    }
    throw new IllegalArgumentException("ClassPredictions has no metric " + metric);
  }

  @Override
  public ClassPredictions newInstance() {
    return new ClassPredictions();
  }
}
