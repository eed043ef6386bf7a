// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.dl4j.EmaFollower;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.posthoc.PostHocEmaListener;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.solvers.accumulation.EncodedGradientsAccumulator;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.factory.DefaultTrainerContext;
import org.deeplearning4j.parallelism.factory.SymmetricTrainerContext;
import org.deeplearning4j.parallelism.factory.TrainerContext;

/** What a wrapper must be like for its average to be right. */
final class Requirements {

  private Requirements() {}

  /** Whether an average can be attached to a wrapper. */
  static void checkNew(ParallelWrapper wrapper) {
    TrainerContext context = wrapper.getTrainerContext();
    if (context instanceof Workers) {
      throw new IllegalStateException(
          "This ParallelWrapper has an average attached already: build another wrapper for another"
              + " average");
    }
    if (context == null
        || (context.getClass() != DefaultTrainerContext.class
            && context.getClass() != SymmetricTrainerContext.class)) {
      throw new IllegalStateException(
          "This ParallelWrapper has a TrainerContext of its own, %s, whose workers may do anything: an average is attached to one that is as its builder made it"
              .formatted(context == null ? "null" : context.getClass().getName()));
    }
    boolean sharing = context.getClass() == SymmetricTrainerContext.class;
    Object accumulator = wrapper.getGradientsAccumulator();
    if (sharing != (accumulator != null)
        || (sharing && accumulator.getClass() != EncodedGradientsAccumulator.class)) {
      throw new IllegalStateException(
          "The training mode CUSTOM, with a GradientsAccumulator of one's own (%s), is not supported, since the weights on which its workers agree are not known: use AVERAGING, or SHARED_GRADIENTS"
              .formatted(accumulator == null ? "none" : accumulator.getClass().getName()));
    }
    if (wrapper.getZoo() != null) {
      throw new IllegalStateException(
          "This ParallelWrapper has workers of a fit that is under way or has failed: call"
              + " close() on it first");
    }
  }

  /** Whether wrapper and average go together, now that a fit may begin. */
  static void check(ParallelWrapper wrapper, EmaListener ema) {
    int frequency = wrapper.getAveragingFrequency();
    if (frequency < 1) {
      throw new IllegalStateException(
          "averagingFrequency must be at least 1, but was %d, by which Deeplearning4j would divide"
              .formatted(frequency));
    }
    if (wrapper.getModelParamsSupplier() != null || wrapper.getUpdaterParamsSupplier() != null) {
      throw new IllegalStateException(
          "A modelParamsSupplier or updaterParamsSupplier puts weights between the rounds that no"
              + " worker has trained, which cannot be averaged: build the wrapper without");
    }
    if (ema instanceof ModelEmaListener single && single.isInGroup()) {
      throw new IllegalStateException(
          "This ModelEmaListener is a member of a ModelEmaGroup, which updates it: attach the"
              + " group to the ParallelWrapper");
    }
    boolean sharing = wrapper.getGradientsAccumulator() != null;
    boolean truncated = Networks.isTruncatedInTime(wrapper.getModel());
    if (sharing && truncated) {
      throw new IllegalStateException(
          "In SHARED_GRADIENTS mode a network with truncated backpropagation through time waits for"
              + " ever in its second segment, as Deeplearning4j exchanges gradients once per"
              + " minibatch: use AVERAGING");
    }
    int every = ema.members().stream().mapToInt(m -> m.config().updateEvery()).max().orElseThrow();
    if (every > 1 && truncated) {
      throw new IllegalStateException(
          "updateEvery is %d, but with truncated backpropagation through time a minibatch is of several iterations, after whose last only the workers agree on the weights: leave updateEvery at 1, as the decay accounts for the iterations of each update"
              .formatted(every));
    }
    if (every > 1 && frequency > 1 && !sharing) {
      throw new IllegalStateException(
          "updateEvery is %d, but the workers agree on the weights every %d iterations only: leave updateEvery at 1, as the decay accounts for the iterations of each update"
              .formatted(every, frequency));
    }
    if (ema.members().stream()
        .anyMatch(member -> member.config().onNonFinite() == NonFinitePolicy.RESTORE)) {
      throw new IllegalStateException(
          "NonFinitePolicy.RESTORE puts weights into one network, but the workers train copies of"
              + " it, with updaters of their own: use SKIP, or THROW");
    }
    if (ema.members().stream().anyMatch(member -> member.config().startAfterEpochs() > 0)) {
      throw new IllegalStateException(
          "Deeplearning4j counts no epochs with a ParallelWrapper, so that averaging would never"
              + " begin: use startAfter instead of startAfterEpochs");
    }
    if (ema.isSwapped()) {
      throw new IllegalStateException(
          "Training while the averaged weights are swapped in would train them and lose the raw"
              + " ones: close the Swap first");
    }
    requireNoneRegistered(wrapper);
  }

  private static void requireNoneRegistered(ParallelWrapper wrapper) {
    Model network = wrapper.getModel();
    Stream.concat(wrapper.getListeners().stream(), Networks.listeners(network).stream())
        .filter(Requirements::isOfAverage)
        .findFirst()
        .ifPresent(
            listener -> {
              throw new IllegalStateException(
                  "A %s is registered with the network or the ParallelWrapper, whose workers would all call it: build the wrapper from a network without it, and attach the average with ParallelEma.attach(wrapper, ema), whose followers are called too"
                      .formatted(listener.getClass().getSimpleName()));
            });
  }

  private static boolean isOfAverage(TrainingListener listener) {
    return listener instanceof EmaListener
        || listener instanceof EmaFollower
        || listener instanceof PostHocEmaListener;
  }
}
