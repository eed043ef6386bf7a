// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Coefficients of given vectors whose sum comes closest to a target. */
class LeastSquaresTest {

  private static double[] solve(double[][] vectors, double[] target) {
    int n = vectors.length;
    double[][] gram = new double[n][n];
    double[] dots = new double[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        gram[i][j] = dot(vectors[i], vectors[j]);
      }
      dots[i] = dot(vectors[i], target);
    }
    return LeastSquares.solve(gram, dots);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] residual(double[][] vectors, double[] x, double[] target) {
    double[] residual = target.clone();
    for (int i = 0; i < vectors.length; i++) {
      for (int k = 0; k < residual.length; k++) {
        residual[k] -= x[i] * vectors[i][k];
      }
    }
    return residual;
  }

  @Test
  void aTargetInTheSpanIsReachedByItsCoefficients() {
    double[][] vectors = {{1, 0, 0}, {1, 1, 0}, {1, 1, 1}};
    assertArrayEquals(new double[] {-3, 2, 5}, solve(vectors, new double[] {4, 7, 5}), 1e-12);
  }

  @Test
  void whatRemainsIsAtRightAnglesToAllVectors() {
    Random random = new Random(3);
    for (int round = 0; round < 50; round++) {
      double[][] vectors = new double[1 + round % 5][8];
      double[] target = new double[8];
      for (int k = 0; k < 8; k++) {
        for (double[] vector : vectors) {
          vector[k] = random.nextGaussian();
        }
        target[k] = random.nextGaussian();
      }
      double[] residual = residual(vectors, solve(vectors, target), target);
      for (double[] vector : vectors) {
        assertEquals(0, dot(vector, residual), 1e-10);
      }
    }
  }

  @Test
  void theLengthsOfTheVectorsDoNotMatter() {
    double[][] vectors = {{1e-9, 0}, {1e9, 1e9}};
    double[] x = solve(vectors, new double[] {5, 3});
    assertEquals(2, x[0] * 1e-9, 1e-12);
    assertEquals(3, x[1] * 1e9, 1e-12);
  }

  /** Twice the same vector leaves the equations without one solution. */
  @Test
  void aVectorInTheSpanOfOthersIsNotUsed() {
    double[][] vectors = {{1, 2}, {1, 2}, {3, 0}, {4, 2}};
    double[] target = {1, 4};
    double[] x = solve(vectors, target);
    assertArrayEquals(new double[2], residual(vectors, x, target), 1e-12);
    int unused = 0;
    for (double coefficient : x) {
      unused += coefficient == 0 ? 1 : 0;
    }
    assertEquals(2, unused);
  }
}
