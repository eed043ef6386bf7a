// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.internal.Networks;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings an average up to date whenever the workers of a wrapper agree on the weights, with the
 * decays of all iterations since the last time, and then calls its followers. Used on the thread
 * that fits, while no worker trains.
 */
final class Synchronisation {

  private static final Logger log = LoggerFactory.getLogger(Synchronisation.class);

  private final ParallelWrapper wrapper;
  private final Model network;
  private final boolean averaging;
  private final EmaListener ema;

  // At the last synchronisation: the wrapper's rounds, and the network's iterations. They differ
  // where an example takes several iterations, as truncated backpropagation through time does.
  private long rounds;
  private int iterations;
  private long examples; // given to all workers since then

  Synchronisation(ParallelWrapper wrapper, EmaListener ema) {
    this.wrapper = wrapper;
    this.network = wrapper.getModel();
    this.averaging = wrapper.getGradientsAccumulator() == null;
    this.ema = ema;
  }

  void fitBegins(Model fitted) {
    Requirements.check(wrapper, ema);
    if (fitted != network) {
      throw new IllegalStateException(
          "The wrapper was given another network after ParallelEma.attach: build a new wrapper");
    }
    ema.declareCurrent(network); // from here on what is done is seen
    for (ModelEmaListener member : ema.members()) {
      if (member.stepCount() == 0) {
        member.restart(network); // it may have other weights by now
      }
    }
    rounds = wrapper.getIterationsCounter().get();
    iterations = Networks.iterationCount(network);
    examples = 0;
    ema.followers().forEach(follower -> follower.onEpochStart(network));
  }

  void roundBegins() {
    long done = wrapper.getIterationsCounter().get();
    if (!averaging || done % wrapper.getAveragingFrequency() == 0) {
      synchronise(done);
    }
  }

  /** A worker of the present round gets a minibatch. */
  void workerIsFed(long examples) {
    this.examples += examples;
  }

  void fitEnds() {
    synchronise(wrapper.getIterationsCounter().get());
    ema.followers().forEach(follower -> follower.onEpochEnd(network));
  }

  /** The weights are those of a round that was broken off: the average stays where it was. */
  void fitFailed() {
    log.warn(
        "A worker of the ParallelWrapper has failed: the average stays as it was after {}"
            + " iterations, while the network has made {}",
        iterations,
        Networks.iterationCount(network));
  }

  private void synchronise(long done) {
    int steps = Networks.iterationCount(network) - iterations;
    if (done == rounds || steps == 0) {
      return;
    }
    // First, so that an exception is not met again when the wrapper is closed.
    rounds = done;
    iterations += steps;
    boolean countsExamples = ema.members().get(0).config().unit() == AveragingUnit.EXAMPLES;
    long count = countsExamples ? examples : steps;
    examples = 0;
    ema.update(network, count);
    ema.declareCurrent(network); // the wrapper has counted these steps
    // With the number that the iteration had while it ran, as in any fit.
    ema.followers()
        .forEach(
            follower ->
                follower.iterationDone(network, iterations - 1, Networks.epochCount(network)));
  }
}
