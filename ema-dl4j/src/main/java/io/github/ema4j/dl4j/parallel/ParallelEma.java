// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import io.github.ema4j.dl4j.EmaListener;
import java.lang.reflect.Field;
import java.util.Objects;
import org.deeplearning4j.parallelism.EarlyStoppingParallelTrainer;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Averages the weights of a network that a {@link ParallelWrapper} trains. The call comes after the
 * wrapper is built and before it fits; the listener is not registered with the network:
 *
 * <pre>{@code
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * try (ParallelWrapper wrapper = new ParallelWrapper.Builder<>(net).workers(4).build()) {
 *   ParallelEma.attach(wrapper, ema);
 *   wrapper.fit(trainingData);
 * }
 * MultiLayerNetwork averaged = ema.averagedNetwork(net);
 * }</pre>
 *
 * <p>What is averaged is the sequence of weights that the workers agree on. In AVERAGING mode that
 * is once in {@code averagingFrequency} iterations, right after the workers have been averaged, and
 * at the end of a fit, when the network has the weights of the first worker for the iterations that
 * are left over. In SHARED_GRADIENTS mode it is after every iteration. An update has the decays of
 * all iterations since the last one, {@code decay^k} for k of them, so that a decay means the same
 * whatever the averaging frequency. Iterations are counted as Deeplearning4j counts those of the
 * network: with w workers an epoch has w times fewer of them, and an average of 1,000 iterations
 * reaches back over w times as many examples. An average whose unit is examples counts those that
 * all workers were given since the last update.
 *
 * <p>What follows the average is called on the thread that fits, while no worker trains, with the
 * network itself: {@code iterationDone} after each update of the average, {@code onEpochStart} and
 * {@code onEpochEnd} at the ends of each call of {@code fit}: histories, checkpoints and all that
 * is subscribed with {@code ema.andThen}. Deeplearning4j counts no epochs with a ParallelWrapper,
 * so the network's epoch count stays as it is.
 *
 * <p>The training itself is Deeplearning4j's but for two things that are mended: workers do not
 * begin before all have their copy of the network, and a failing worker, even one that dies of an
 * Error, ends the fit rather than leaving it waiting for ever. After a fit that failed the average
 * is as it was at the last synchronisation, and not up to date: {@link EmaListener#declareCurrent}
 * gives access to it.
 */
public final class ParallelEma {

  private static final Logger log = LoggerFactory.getLogger(ParallelEma.class);

  private ParallelEma() {}

  /**
   * Attaches an average to a wrapper, for all its fits from now on.
   *
   * @param wrapper as its builder made it, in AVERAGING or SHARED_GRADIENTS mode; it may have
   *     fitted before
   * @param ema keeps one average or several: a new listener or group, or one that goes on with
   *     averages of the wrapper's network. To be used as with one worker, between fits and from its
   *     followers, which are called at the points of synchronisation
   * @throws IllegalStateException if the wrapper has an average already, is in CUSTOM mode, has a
   *     TrainerContext or suppliers of its own, an averagingFrequency of 0, shares the gradients of
   *     a network with truncated backpropagation through time, or is in the middle of a fit; if the
   *     listener averages another network, is a member of a group, swapped in, has an {@code
   *     updateEvery} that does not fit, the policy {@code RESTORE} or a start after epochs, or if a
   *     listener of EMA4J is registered with the network. All but the first are checked again when
   *     a fit begins. A fit in SHARED_GRADIENTS mode that failed is the wrapper's last
   */
  public static void attach(ParallelWrapper wrapper, EmaListener ema) {
    Objects.requireNonNull(wrapper, "wrapper");
    Objects.requireNonNull(ema, "ema");
    Requirements.checkNew(wrapper);
    Requirements.check(wrapper, ema);
    ema.start(wrapper.getModel());
    wrapper.setTrainerContext(
        new Workers(
            new Synchronisation(wrapper, ema), new Exchange(wrapper.getGradientsAccumulator())));
    log.info(
        "Averaging what {} workers agree on {}",
        wrapper.getWorkers(),
        wrapper.getGradientsAccumulator() == null
            ? "every %d iterations".formatted(wrapper.getAveragingFrequency())
            : "at every iteration");
  }

  /**
   * Attaches an average to the wrapper that an early-stopping trainer has made; see {@link
   * #attach(ParallelWrapper, EmaListener)}. Have the average scored and stored by {@code
   * EmaEarlyStopping.wrap}.
   *
   * <p>Deeplearning4j gives no access to that wrapper: it is read from a private field of the
   * trainer, by reflection.
   *
   * @param trainer that has not ended yet
   * @param ema keeps the average
   * @throws IllegalStateException as above; also if the trainer has ended, or is of a version of
   *     Deeplearning4j that keeps its wrapper elsewhere
   */
  public static void attach(EarlyStoppingParallelTrainer<?> trainer, EmaListener ema) {
    Objects.requireNonNull(trainer, "trainer");
    attach(wrapperOf(trainer), ema);
  }

  private static ParallelWrapper wrapperOf(EarlyStoppingParallelTrainer<?> trainer) {
    ParallelWrapper wrapper;
    try {
      Field field = EarlyStoppingParallelTrainer.class.getDeclaredField("wrapper");
      field.setAccessible(true);
      wrapper = (ParallelWrapper) field.get(trainer);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new IllegalStateException(
          "The wrapper of the EarlyStoppingParallelTrainer is out of reach: this needs"
              + " Deeplearning4j 1.0.0-M2.1 on the class path (not the module path)",
          e);
    }
    if (wrapper == null) {
      throw new IllegalStateException(
          "This EarlyStoppingParallelTrainer has ended and has no wrapper any more: make a new"
              + " one");
    }
    return wrapper;
  }
}
