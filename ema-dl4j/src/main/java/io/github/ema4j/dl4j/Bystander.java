// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.dl4j.internal.Networks;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;

/** Models for which Deeplearning4j calls a listener although they are not averaged, and why. */
final class Bystander {

  private Bystander() {}

  /**
   * The warning to give about a model.
   *
   * @param model that a callback is about
   * @param averaged the network that is averaged; null if none is yet
   * @return empty for a network that may be averaged
   */
  static Optional<String> warningAbout(Model model, Model averaged) {
    if (!Networks.isNetwork(model)) {
      return Optional.of(
          "Pretraining of single layers is not averaged; the average begins with fit() of the"
              + " network. To average pretraining too, register in its place a listener whose"
              + " iterationDone calls ema.update(net), and ema.start(net) before: see"
              + " docs/beyond-fit.md");
    }
    if (model == averaged) {
      return Optional.empty();
    }
    if (isReplica()) {
      return Optional.of(
          "ParallelWrapper trains replicas of the network and calls its listeners for each of them."
              + " This one leaves the replicas out, and so averages at best the weights of the"
              + " first worker, as they are before the workers are averaged. Do not register it"
              + " with the network: call ParallelEma.attach(wrapper, ema) once the wrapper is"
              + " built");
    }
    if (averaged != null && Networks.listeners(model) == Networks.listeners(averaged)) {
      return Optional.of(
          "A clone of a ComputationGraph shares its listeners, this one too, but it is not"
              + " averaged. To average it, copy it with ModelSerializer and give it a listener of"
              + " its own");
    }
    return Optional.empty();
  }

  /**
   * Whether this thread is a worker of ParallelWrapper: a plain thread of a pool, known only by its
   * handler of exceptions. By name, since the plugin does not depend on
   * deeplearning4j-parallel-wrapper.
   */
  private static boolean isReplica() {
    return Thread.currentThread()
        .getUncaughtExceptionHandler()
        .getClass()
        .getName()
        .startsWith("org.deeplearning4j.parallelism.");
  }
}
