// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accelerates every network that trains with it, as {@link OneDnn#accelerate} does: for networks
 * that the program does not make itself, such as the replicas of a {@code ParallelWrapper}.
 *
 * <p>A network is accelerated when its first epoch begins, or where Deeplearning4j announces no
 * epochs, as in {@code fit(DataSet)} and in replicas, after its first step. What the network's
 * {@code setLearningRate} undoes is done again when the next epoch begins. The report on the first
 * network is logged at level INFO, and those on others where they differ.
 *
 * <p>May be shared by networks that train in several threads. Keeps no network alive.
 */
public final class OneDnnListener extends BaseTrainingListener {

  private static final Logger LOG = LoggerFactory.getLogger(OneDnnListener.class);

  private final List<WeakReference<Model>> seen = new CopyOnWriteArrayList<>();
  private final List<String> logged = new CopyOnWriteArrayList<>();

  /** A listener that has not seen any network. */
  public OneDnnListener() {}

  @Override
  public void onEpochStart(Model model) {
    accelerate(model);
  }

  @Override
  public void iterationDone(Model model, int iteration, int epoch) {
    if (!hasSeen(model)) {
      accelerate(model);
    }
  }

  private void accelerate(Model model) {
    if (!(model instanceof MultiLayerNetwork || model instanceof ComputationGraph)) {
      return;
    }
    AccelerationReport report = OneDnn.apply(model, true);
    if (!hasSeen(model)) {
      seen.removeIf(reference -> reference.get() == null);
      seen.add(new WeakReference<>(model));
    }
    log(report.toString());
  }

  private boolean hasSeen(Model model) {
    for (WeakReference<Model> reference : seen) {
      if (reference.get() == model) {
        return true;
      }
    }
    return false;
  }

  private synchronized void log(String report) {
    if (!logged.contains(report)) {
      logged.add(report);
      LOG.info("{}", report);
    }
  }
}
