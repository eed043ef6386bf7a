// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

/** Systems of linear equations, in plain double: the same bits on every machine. */
final class LinearSystem {

  private LinearSystem() {}

  /**
   * Solves {@code a x = b} by Gaussian elimination with partial pivoting.
   *
   * <p>Profiles of two snapshots taken shortly after one another are almost dependent. Pivoting
   * bears that: the residual stays small even where {@code x} is hardly determined.
   */
  static double[] solve(double[][] a, double[] b) {
    int n = b.length;
    double[][] rows = new double[n][];
    double[] x = b.clone();
    for (int i = 0; i < n; i++) {
      rows[i] = a[i].clone();
    }
    for (int k = 0; k < n; k++) {
      int pivot = k;
      for (int i = k + 1; i < n; i++) {
        if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) {
          pivot = i;
        }
      }
      double[] row = rows[pivot];
      rows[pivot] = rows[k];
      rows[k] = row;
      double value = x[pivot];
      x[pivot] = x[k];
      x[k] = value;
      for (int i = k + 1; i < n; i++) {
        double factor = rows[i][k] / row[k];
        for (int j = k; j < n; j++) {
          rows[i][j] -= factor * row[j];
        }
        x[i] -= factor * value;
      }
    }
    for (int k = n - 1; k >= 0; k--) {
      for (int j = k + 1; j < n; j++) {
        x[k] -= rows[k][j] * x[j];
      }
      x[k] /= rows[k][k];
    }
    return x;
  }
}
