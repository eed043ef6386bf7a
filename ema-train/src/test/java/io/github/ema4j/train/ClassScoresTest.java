// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.record.Score;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

class ClassScoresTest {
  private static final INDArray LABELS =
      Nd4j.create(new double[][] {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}});

  private static Score score(double[][] predictions) {
    ClassScores scores = new ClassScores();
    scores.eval(LABELS, Nd4j.create(predictions));
    return scores.score();
  }

  @Test
  void countsAndAveragesByHand() {
    Score score =
        score(new double[][] {{0.5, 0.3, 0.2}, {0.6, 0.3, 0.1}, {0, 0.25, 0.75}, {0.8, 0.1, 0.1}});

    assertEquals(0.75, score.accuracy());
    assertEquals(
        -(Math.log(0.5) + Math.log(0.3) + Math.log(0.75) + Math.log(0.8)) / 4, score.loss(), 1e-7);
  }

  @Test
  void hasTheAccuracyOfDeeplearning4j() {
    Random random = new Random(1);
    ClassScores scores = new ClassScores();
    Evaluation evaluation = new Evaluation();
    for (int batch = 0; batch < 5; batch++) {
      INDArray labels = Nd4j.zeros(16, 4);
      for (int i = 0; i < 16; i++) {
        labels.putScalar(i, random.nextInt(4), 1);
      }
      INDArray predictions =
          Transforms.softmax(Nd4j.rand(16, 4).addi(labels.mul(random.nextDouble())), true);
      scores.eval(labels, predictions);
      evaluation.eval(labels, predictions);
    }
    assertEquals(evaluation.accuracy(), scores.score().accuracy());
  }

  @Test
  void impossibleProbabilitiesCostAsMuchAsInTraining() {
    Score score = score(new double[][] {{0, 1, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}});

    assertEquals(0.75, score.accuracy());
    assertEquals(-Math.log(1e-10) / 4, score.loss(), 1e-6);
  }

  @Test
  void aDivergedNetworkIsWrongEverywhere() {
    double[] lost = {Double.NaN, Double.NaN, Double.NaN};
    Score score = score(new double[][] {lost, lost, lost, lost});

    assertEquals(0, score.accuracy());
    assertTrue(Double.isNaN(score.loss()));
  }
}
