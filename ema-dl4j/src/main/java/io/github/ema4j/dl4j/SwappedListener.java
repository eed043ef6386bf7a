// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.internal.KeptState;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A listener that sees the averaged weights in the network; see {@link ModelEmaListener#during}.
 */
final class SwappedListener implements TrainingListener, Overlap.Wrapper {

  private final ModelEmaListener ema;
  private final TrainingListener listener;

  SwappedListener(ModelEmaListener ema, TrainingListener listener) {
    this.ema = ema;
    this.listener = listener;
  }

  @Override
  public TrainingListener wrapped() {
    return listener;
  }

  private void swapped(Model network, Runnable callback) {
    if (!ema.isStarted() || !Networks.isNetwork(network)) {
      callback.run();
      return;
    }
    if (ema.followed().passesBy(network)) {
      return;
    }
    try (KeptState kept = KeptState.of(network);
        Swap ignored = ema.swap(network)) {
      callback.run();
    }
  }

  @Override
  public void iterationDone(Model network, int iteration, int epoch) {
    ema.followed()
        .requireToldOfStep(
            network, "The listener wrapped by during(...) would see the raw weights");
    swapped(network, () -> listener.iterationDone(network, iteration, epoch));
  }

  @Override
  public void onEpochStart(Model network) {
    swapped(network, () -> listener.onEpochStart(network));
  }

  @Override
  public void onEpochEnd(Model network) {
    swapped(network, () -> listener.onEpochEnd(network));
  }

  @Override
  public void onForwardPass(Model network, List<INDArray> activations) {
    listener.onForwardPass(network, activations);
  }

  @Override
  public void onForwardPass(Model network, Map<String, INDArray> activations) {
    listener.onForwardPass(network, activations);
  }

  @Override
  public void onGradientCalculation(Model network) {
    listener.onGradientCalculation(network);
  }

  @Override
  public void onBackwardPass(Model network) {
    listener.onBackwardPass(network);
  }
}
