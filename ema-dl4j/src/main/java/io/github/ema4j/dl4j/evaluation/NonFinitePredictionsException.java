// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

/** An evaluation was asked for that could not be made: the predictions were NaN or infinite. */
final class NonFinitePredictionsException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  NonFinitePredictionsException(Throwable cause) {
    super(
        "The predictions were not finite, so there is no such evaluation: the weights have diverged."
            + " Ask EvaluationResult.isFinite() first, or score(...), which gives NaN",
        cause);
  }
}
