// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.evaluation.BaseEvaluation;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.IMetric;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Gives an evaluation only the examples, or the pixels, that a mask counts. ND4J's evaluations take
 * a mask of examples or of pixels over the labels of images for one of single outputs, and a mask
 * of a single example for none that they know, and throw. Masks of time steps and of single outputs
 * are left to the evaluation.
 */
final class MaskedEvaluation extends BaseEvaluation<MaskedEvaluation> {

  private static final long serialVersionUID = 1L;

  private final transient IEvaluation<?> evaluation;

  MaskedEvaluation(IEvaluation<?> evaluation) {
    this.evaluation = evaluation;
  }

  @Override
  public void eval(
      INDArray labels,
      INDArray predictions,
      INDArray mask,
      List<? extends Serializable> recordMetaData) {
    if (mask == null) {
      evaluation.eval(labels, predictions, null, recordMetaData);
    } else if (isOfExamples(mask, labels)) {
      int[] rows = counted(mask);
      if (rows.length > 0) {
        evaluation.eval(
            pull(labels, rows),
            pull(predictions, rows),
            null,
            recordMetaData == null
                ? null
                : Arrays.stream(rows).mapToObj(recordMetaData::get).toList());
      }
    } else if (isOfPixels(mask, labels)) {
      int[] rows = counted(mask);
      if (rows.length > 0) {
        evaluation.eval(pull(pixels(labels), rows), pull(pixels(predictions), rows));
      }
    } else {
      evaluation.eval(labels, predictions, mask, recordMetaData);
    }
  }

  /** A number for each example: [n], [n, 1] or [n, 1, 1, 1]. */
  private static boolean isOfExamples(INDArray mask, INDArray labels) {
    return (labels.rank() == 2 || labels.rank() == 4)
        && mask.length() == labels.size(0)
        && mask.size(0) == labels.size(0);
  }

  /** A number for each pixel of labels [n, c, h, w]: [n, 1, h, w]. */
  private static boolean isOfPixels(INDArray mask, INDArray labels) {
    return labels.rank() == 4
        && Arrays.equals(
            mask.shape(), new long[] {labels.size(0), 1, labels.size(2), labels.size(3)});
  }

  private static int[] counted(INDArray mask) {
    float[] values = mask.castTo(DataType.FLOAT).dup('c').data().asFloat();
    return IntStream.range(0, values.length).filter(i -> values[i] != 0).toArray();
  }

  /** [n, c, h, w] as [n h w, c]. */
  private static INDArray pixels(INDArray images) {
    return images
        .permute(0, 2, 3, 1)
        .dup('c')
        .reshape('c', new long[] {images.length() / images.size(1), images.size(1)});
  }

  private static INDArray pull(INDArray values, int[] rows) {
    long size = values.size(0);
    INDArray flat = values.dup('c').reshape('c', new long[] {size, values.length() / size});
    long[] shape = values.shape().clone();
    shape[0] = rows.length;
    return Nd4j.pullRows(flat, 1, rows, 'c').reshape('c', shape);
  }

  @Override
  public void merge(MaskedEvaluation other) {
    throw new UnsupportedOperationException("Only for one pass on one thread");
  }

  @Override
  public void reset() {
    evaluation.reset();
  }

  @Override
  public String stats() {
    return evaluation.stats();
  }

  @Override
  public double getValue(IMetric metric) {
    return evaluation.getValue(metric);
  }

  @Override
  public MaskedEvaluation newInstance() {
    return new MaskedEvaluation(evaluation.newInstance());
  }
}
