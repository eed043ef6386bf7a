// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import java.util.List;

/**
 * The weighted sum of stored profiles that comes closest to a wanted one. Since averages are linear
 * in the parameters, the same sum of stored averages comes closest to the wanted average.
 *
 * <p>Least squares over time: with {@code A[i][j] = p_i · p_j} of the stored profiles and {@code
 * b[i] = p_i · q} for the wanted {@code q}, the coefficients solve {@code A x = b}; then they are
 * scaled to sum to 1, as every average's weights do (Karras et al. 2024, arXiv 2312.02696, section
 * 3.2 and algorithm 3; the scaling as in the authors' program). Immutable.
 */
final class ProfileFit {

  private final double[] coefficients;
  private final double error;

  private ProfileFit(double[] coefficients, double error) {
    this.coefficients = coefficients;
    this.error = error;
  }

  /**
   * Fits stored profiles to a target.
   *
   * @param stored the profiles that there are; of some that hardly differ only one is used
   * @param target the profile that is wanted
   * @return the fit
   * @throws IllegalArgumentException if none is stored
   */
  static ProfileFit of(List<PowerFunctionProfile> stored, PowerFunctionProfile target) {
    int n = stored.size();
    if (n == 0) {
      throw new IllegalArgumentException("There are no stored profiles to combine");
    }
    double[][] a = new double[n][n];
    double[] b = new double[n];
    for (int i = 0; i < n; i++) {
      b[i] = stored.get(i).dot(target);
      for (int j = 0; j < n; j++) {
        a[i][j] = stored.get(i).dot(stored.get(j));
      }
    }
    double[] x = LeastSquares.solve(a, b);
    double sum = 0;
    for (double coefficient : x) {
      sum += coefficient;
    }
    for (int i = 0; i < n; i++) {
      x[i] /= sum;
    }
    return new ProfileFit(x, relativeError(a, b, target.dot(target), x));
  }

  /** {@code |sum_i x_i p_i - q| / |q|}, the square expanded into inner products. */
  private static double relativeError(double[][] a, double[] b, double targetSquared, double[] x) {
    double squared = targetSquared;
    for (int i = 0; i < x.length; i++) {
      double row = 0;
      for (int j = 0; j < x.length; j++) {
        row += a[i][j] * x[j];
      }
      squared += x[i] * (row - 2 * b[i]);
    }
    return Math.sqrt(Math.max(0, squared) / targetSquared);
  }

  /**
   * The weight of each stored profile, in their order; negative ones are usual.
   *
   * @return a copy; sums to 1
   */
  double[] coefficients() {
    return coefficients.clone();
  }

  /**
   * How far the sum is from the target: the norm of the difference of the two profiles over the
   * norm of the target. Exact down to about 1e-7, the square root of double precision.
   *
   * @return at least 0; 0 is perfect, and 0.1 a fair likeness
   */
  double error() {
    return error;
  }
}
