// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaListener;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.datasets.iterator.utilty.SingletonDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.EvaluationBinary;
import org.nd4j.evaluation.classification.EvaluationCalibration;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class MaskedEvaluationTest {

  private static final int EXAMPLES = 6;
  private static final int HEIGHT = 4;
  private static final int WIDTH = 5;
  private static final int CLASSES = 3;

  private static MultiLayerNetwork classifier() {
    NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder().seed(1).list();
    layers.layer(new ConvolutionLayer.Builder(2, 2).nOut(2).build());
    layers.layer(
        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
            .nOut(CLASSES)
            .activation(Activation.SOFTMAX)
            .build());
    return network(layers);
  }

  private static MultiLayerNetwork segmenter() {
    NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder().seed(1).list();
    layers.layer(new ConvolutionLayer.Builder(1, 1).nOut(CLASSES).build());
    layers.layer(
        new CnnLossLayer.Builder(LossFunctions.LossFunction.MCXENT)
            .activation(Activation.SOFTMAX)
            .build());
    return network(layers);
  }

  private static MultiLayerNetwork network(NeuralNetConfiguration.ListBuilder layers) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            layers.setInputType(InputType.convolutional(HEIGHT, WIDTH, 2)).build());
    network.init();
    return network;
  }

  private static INDArray images(int examples) {
    return Nd4j.rand(7L, new long[] {examples, 2, HEIGHT, WIDTH});
  }

  private static INDArray oneHot(long... shape) {
    INDArray labels = Nd4j.zeros(shape);
    INDArray classes = Nd4j.argMax(Nd4j.rand(8L, shape), 1);
    for (int c = 0; c < CLASSES; c++) {
      labels
          .get(NDArrayIndex.all(), NDArrayIndex.point(c))
          .assign(classes.eq(c).castTo(labels.dataType()));
    }
    return labels;
  }

  private static IEvaluation<?>[] evaluations() {
    return new IEvaluation<?>[] {
      new Evaluation(),
      new EvaluationBinary(),
      new EvaluationCalibration(),
      new ROCMultiClass(20),
      new RegressionEvaluation(CLASSES)
    };
  }

  private static List<String> evaluated(MultiLayerNetwork network, DataSet data) {
    EmaEvaluator evaluator =
        new EmaEvaluator(
            new ModelEmaListener(0.9).start(network),
            new SingletonDataSetIterator(data),
            evaluations());
    EvaluationResult raw = evaluator.raw(network);
    assertTrue(raw.isFinite());
    return raw.all().stream().map(IEvaluation::toJson).toList();
  }

  private static INDArray first(INDArray all, int examples) {
    return all.get(NDArrayIndex.interval(0, examples)).dup();
  }

  @ParameterizedTest
  @CsvSource({"false, 2", "true, 1", "true, 2", "true, 4"})
  void examplesThatTheMaskLeavesOutDoNotCount(boolean perPixel, int rank) {
    MultiLayerNetwork network = perPixel ? segmenter() : classifier();
    INDArray features = images(EXAMPLES);
    INDArray labels =
        perPixel ? oneHot(EXAMPLES, CLASSES, HEIGHT, WIDTH) : oneHot(EXAMPLES, CLASSES);
    long[] shape = new long[rank];
    Arrays.fill(shape, 1);
    shape[0] = EXAMPLES;
    INDArray mask = Nd4j.ones(shape);
    mask.putScalar(EXAMPLES - 1, 0);
    mask.putScalar(EXAMPLES - 2, 0);
    assertEquals(
        evaluated(network, new DataSet(first(features, EXAMPLES - 2), first(labels, EXAMPLES - 2))),
        evaluated(network, new DataSet(features, labels, null, mask)));
  }

  /** Against a count by hand. */
  @Test
  void pixelsThatTheMaskLeavesOutDoNotCount() {
    MultiLayerNetwork network = segmenter();
    INDArray features = images(EXAMPLES);
    INDArray labels = oneHot(EXAMPLES, CLASSES, HEIGHT, WIDTH);
    INDArray mask =
        Nd4j.rand(9L, new long[] {EXAMPLES, 1, HEIGHT, WIDTH}).gt(0.4).castTo(labels.dataType());
    INDArray wanted = Nd4j.argMax(labels, 1);
    INDArray predicted = Nd4j.argMax(network.output(features), 1);
    int counted = 0;
    int right = 0;
    for (int i = 0; i < EXAMPLES; i++) {
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          if (mask.getDouble(i, 0, y, x) == 1) {
            counted++;
            right += wanted.getInt(i, y, x) == predicted.getInt(i, y, x) ? 1 : 0;
          }
        }
      }
    }
    Evaluation evaluation =
        EvaluationResult.of(
                network,
                new SingletonDataSetIterator(new DataSet(features, labels, null, mask)),
                new Evaluation())
            .get(Evaluation.class);
    assertEquals(counted, evaluation.getNumRowCounter());
    assertEquals((double) right / counted, evaluation.accuracy(), 1e-12);
  }

  /** A last batch of one example, for which Deeplearning4j throws. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void singleExampleWithAMaskIsEvaluated(int counts) {
    DataSet one = new DataSet(images(1), oneHot(1, CLASSES), null, Nd4j.ones(1, 1).muli(counts));
    assertThrows(
        IllegalStateException.class,
        () -> classifier().doEvaluation(new SingletonDataSetIterator(one), new Evaluation()));
    Evaluation evaluation =
        EvaluationResult.of(classifier(), new SingletonDataSetIterator(one), new Evaluation())
            .get(Evaluation.class);
    assertEquals(counts, evaluation.getNumRowCounter());
  }

  /** Such a mask means something to an evaluation of single outputs, and to no other. */
  @Test
  void maskOfSingleOutputsIsLeftToTheEvaluation() {
    MultiLayerNetwork network = classifier();
    INDArray mask = Nd4j.ones(EXAMPLES, CLASSES);
    mask.putScalar(0, 0, 0);
    DataSet data = new DataSet(images(EXAMPLES), oneHot(EXAMPLES, CLASSES), null, mask);
    EvaluationBinary expected = new EvaluationBinary();
    network.doEvaluation(new SingletonDataSetIterator(data), expected);
    EvaluationBinary actual =
        EvaluationResult.of(network, new SingletonDataSetIterator(data), new EvaluationBinary())
            .get(EvaluationBinary.class);
    assertEquals(expected.toJson(), actual.toJson());
    assertEquals(EXAMPLES - 1, actual.totalCount(0));
    assertThrows(
        IllegalStateException.class,
        () -> EvaluationResult.of(network, new SingletonDataSetIterator(data), new Evaluation()));
  }
}
