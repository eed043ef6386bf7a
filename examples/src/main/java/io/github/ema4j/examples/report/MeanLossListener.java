// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.report;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/**
 * The mean of the mini-batch losses of the latest epoch; {@code score()} is that of the last one.
 */
public final class MeanLossListener extends BaseTrainingListener {
  private double sum;
  private int count;

  @Override
  public void onEpochStart(Model model) {
    sum = 0;
    count = 0;
  }

  @Override
  public void iterationDone(Model model, int iteration, int epoch) {
    sum += model.score();
    count++;
  }

  /** The mean so far in the latest epoch, NaN before the first iteration. */
  public double mean() {
    return sum / count;
  }
}
