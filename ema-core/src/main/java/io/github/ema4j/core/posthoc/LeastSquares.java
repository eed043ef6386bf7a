// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

/** Least squares from inner products, in plain double: the same bits on every machine. */
final class LeastSquares {

  /** Squared share of a vector outside the span of others that rounding alone can make up. */
  private static final double NEGLIGIBLE = 1e-14;

  private LeastSquares() {}

  /**
   * The coefficients with which vectors add up to the point of their span that is closest to a
   * target: the solution of {@code gram x = dots}, by a Cholesky decomposition with pivoting.
   *
   * <p>Profiles of snapshots taken shortly after one another are dependent as far as doubles can
   * tell, and a plain solution may then cancel huge coefficients. So an orthonormal basis is built
   * from the vectors, always from the one farthest from the span so far, and what is within
   * rounding of that span gets coefficient 0.
   *
   * @param gram inner products of the vectors with each other
   * @param dots inner products of the vectors with the target
   */
  static double[] solve(double[][] gram, double[] dots) {
    int n = dots.length;
    double[] scale = new double[n]; // to unit length
    double[] outside = new double[n]; // squared distance of each vector from the span so far
    for (int i = 0; i < n; i++) {
      scale[i] = 1 / Math.sqrt(gram[i][i]);
      outside[i] = 1;
    }
    double[][] coordinates = new double[n][n]; // of each vector in the basis
    int[] chosen = new int[n]; // the vector that each basis vector was made from
    int rank = 0;
    for (; rank < n; rank++) {
      int next = largest(outside);
      if (outside[next] < NEGLIGIBLE) {
        break;
      }
      double distance = Math.sqrt(outside[next]);
      for (int i = 0; i < n; i++) {
        if (outside[i] > 0) {
          double dot = gram[i][next] * scale[i] * scale[next];
          for (int k = 0; k < rank; k++) {
            dot -= coordinates[i][k] * coordinates[next][k];
          }
          coordinates[i][rank] = dot / distance;
          outside[i] -= coordinates[i][rank] * coordinates[i][rank];
        }
      }
      outside[next] = 0;
      chosen[rank] = next;
    }

    double[] target = new double[rank]; // its coordinates
    for (int k = 0; k < rank; k++) {
      double[] row = coordinates[chosen[k]];
      target[k] = dots[chosen[k]] * scale[chosen[k]];
      for (int j = 0; j < k; j++) {
        target[k] -= row[j] * target[j];
      }
      target[k] /= row[k];
    }
    double[] x = new double[n];
    for (int k = rank - 1; k >= 0; k--) {
      double coefficient = target[k] / coordinates[chosen[k]][k];
      for (int j = 0; j < k; j++) {
        target[j] -= coefficient * coordinates[chosen[k]][j];
      }
      x[chosen[k]] = coefficient * scale[chosen[k]];
    }
    return x;
  }

  private static int largest(double[] values) {
    int largest = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[largest]) {
        largest = i;
      }
    }
    return largest;
  }
}
