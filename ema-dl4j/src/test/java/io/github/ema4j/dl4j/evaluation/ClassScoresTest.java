// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Numbers of scikit-learn's f1_score(average='macro') and balanced_accuracy_score. */
class ClassScoresTest {

  private static INDArray oneHot(int classes, int... of) {
    INDArray array = Nd4j.zeros(DataType.FLOAT, of.length, classes);
    for (int i = 0; i < of.length; i++) {
      array.putScalar(i, of[i], 1);
    }
    return array;
  }

  private static Evaluation evaluation(int classes, int[] labels, int[] predictions) {
    Evaluation evaluation = new Evaluation(classes);
    evaluation.eval(oneHot(classes, labels), oneHot(classes, predictions));
    return evaluation;
  }

  @Test
  void aCollapsedNetworkScoresLow() {
    Evaluation collapsed =
        evaluation(3, new int[] {0, 0, 1, 1, 2, 2}, new int[] {0, 0, 0, 0, 0, 0});

    assertEquals(1 / 6.0, ClassScores.macroF1(collapsed), 1e-12);
    assertEquals(1 / 3.0, ClassScores.balancedAccuracy(collapsed), 1e-12);
    assertTrue(collapsed.f1() > 0.49, "else Deeplearning4j does it right by now");
  }

  @Test
  void classesThatAreNowhereDoNotCount() {
    Evaluation evaluation = evaluation(5, new int[] {0, 0, 1, 3}, new int[] {0, 1, 1, 1});

    // F1 of 0: 2/3, of 1: 1/2, of 3: 0. Recalls 1/2, 1 and 0.
    assertEquals((2 / 3.0 + 1 / 2.0) / 3, ClassScores.macroF1(evaluation), 1e-12);
    assertEquals(0.5, ClassScores.balancedAccuracy(evaluation), 1e-12);
  }

  @Test
  void ofOneColumnBothClassesCount() {
    Evaluation evaluation = new Evaluation();
    evaluation.eval(
        Nd4j.create(new float[] {1, 0, 0, 0}).reshape(4, 1),
        Nd4j.create(new float[] {0.1f, 0.2f, 0.3f, 0.4f}).reshape(4, 1));

    assertEquals((6 / 7.0 + 0) / 2, ClassScores.macroF1(evaluation), 1e-12);
    assertEquals(0.5, ClassScores.balancedAccuracy(evaluation), 1e-12);
  }

  @Test
  void nothingIsNoScore() {
    assertThrows(IllegalArgumentException.class, () -> ClassScores.macroF1(new Evaluation(3)));
  }
}
