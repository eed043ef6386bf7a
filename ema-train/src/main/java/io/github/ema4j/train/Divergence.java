// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.record.EpochResult;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.longer.MatchCondition;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.conditions.Conditions;

/** Tells a run that has diverged, be its weights finite or not. */
final class Divergence {

  /**
   * So many times the loss of guessing, and that of the first epoch, is no bad luck. Ten times, of
   * ten classes, is as bad as can be: the cross entropy ends at -ln(1e-10).
   */
  private static final double HOPELESS = 5;

  private Divergence() {}

  /**
   * How a run has diverged.
   *
   * @param weights the raw ones at its end
   * @param epochs all
   * @param classes how many the network tells apart
   * @return empty if it has not
   */
  static Optional<String> of(INDArray weights, List<EpochResult> epochs, int classes) {
    if (!isFinite(weights)) {
      return Optional.of("they are not finite");
    }
    if (epochs.isEmpty()) {
      return Optional.empty();
    }
    EpochResult last = epochs.get(epochs.size() - 1);
    double loss = last.raw().loss();
    if (!Double.isFinite(loss) || !Double.isFinite(last.trainLoss())) {
      return Optional.of("their loss is not finite");
    }
    double guessing = Math.log(classes);
    if (loss <= HOPELESS * Math.max(guessing, epochs.get(0).raw().loss())) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "their loss is %.3g, and that of guessing %.3g; lower the learning rate",
            loss,
            guessing));
  }

  private static boolean isFinite(INDArray weights) {
    MatchCondition notFinite = new MatchCondition(weights, Conditions.notFinite());
    return Nd4j.getExecutioner().exec(notFinite).getLong(0) == 0;
  }
}
