// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.ClassPredictions;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.evaluation.Gain;
import io.github.ema4j.train.record.Score;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** Scores raw and averaged weights on the validation images. */
final class Validation {
  private final DataSetIterator images;
  private final Optional<DataSetIterator> calibration;

  /**
   * Scores on these images.
   *
   * @param images in a fixed order; can be reset
   * @param calibration images to fit the batch-norm statistics of averaged weights to, if at all
   */
  Validation(DataSetIterator images, Optional<DataSetIterator> calibration) {
    this.images = images;
    this.calibration = calibration;
  }

  EvaluationResult raw(Model network) {
    return EvaluationResult.of(network, images, new ClassScores(), new ClassPredictions());
  }

  /** The result of averaged weights; empty as long as there was no update. */
  Optional<EvaluationResult> averaged(ModelEmaListener ema, Model network) {
    return ema.updateCount() == 0
        ? Optional.empty()
        : Optional.of(evaluator(ema).averaged(network));
  }

  EmaEvaluator evaluator(EmaListener ema) {
    EmaEvaluator evaluator =
        new EmaEvaluator(ema, images, new ClassScores(), new ClassPredictions());
    return calibration.map(evaluator::recalibratingOn).orElse(evaluator);
  }

  static Score score(EvaluationResult result) {
    return result.get(ClassScores.class).score();
  }

  /** What averaging is worth; empty where one of the two has diverged. */
  static Optional<Gain> gain(EvaluationResult raw, EvaluationResult averaged) {
    return raw.isFinite() && averaged.isFinite()
        ? Optional.of(
            Gain.of(raw.get(ClassPredictions.class), averaged.get(ClassPredictions.class)))
        : Optional.empty();
  }

  static double accuracy(EvaluationResult result) {
    return score(result).accuracy();
  }
}
