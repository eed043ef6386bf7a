// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import java.util.Objects;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;

/**
 * A listener that acts on an average, and subscribes itself to it when it is made. So it is called
 * after the average has been moved, whatever trains the network, and need not be registered. To
 * register it with the network as well changes nothing, whether before or after the average: what
 * the network tells it is ignored but for a check that the average is told the same.
 */
public abstract class EmaFollower extends BaseTrainingListener {

  /** So many iterations without an epoch are no accident. */
  private static final int MANY = 100;

  private final EmaListener ema;
  private int iterationsOutsideEpochs;

  /**
   * Subscribes to an average.
   *
   * @param ema keeps one average or several
   */
  protected EmaFollower(EmaListener ema) {
    this.ema = Objects.requireNonNull(ema, "ema");
    ema.andThen(new Subscription());
  }

  /**
   * What this listener follows.
   *
   * @return as given to the constructor
   */
  protected final EmaListener ema() {
    return ema;
  }

  /**
   * Comes before the first step that this listener will hear of, and before others too.
   *
   * @param network that is averaged
   */
  protected void beforeStep(Model network) {}

  /**
   * Comes when the average has taken in a step, or the steps since it last did.
   *
   * @param network that is averaged
   * @param iterations iterations done, with the present one, which Deeplearning4j counts later
   * @param epoch epochs done
   */
  protected void afterStep(Model network, int iterations, int epoch) {}

  /**
   * Comes at the end of an epoch, in the ways to train that have epochs.
   *
   * @param network that is averaged
   */
  protected void afterEpoch(Model network) {}

  /**
   * Comes once, after a hundred iterations outside of epochs, of which {@code fit(DataSet)} and
   * {@code fit(INDArray, INDArray)} have none.
   */
  protected void withoutEpochs() {}

  /**
   * Iterations that no epoch surrounded.
   *
   * @return from 0, since this listener was made
   */
  protected final int iterationsOutsideEpochs() {
    return iterationsOutsideEpochs;
  }

  /** What the average tells, as opposed to the network. */
  private final class Subscription extends BaseTrainingListener implements Overlap.Wrapper {

    private boolean inEpoch;

    @Override
    public TrainingListener wrapped() {
      return EmaFollower.this;
    }

    @Override
    public void onEpochStart(Model network) {
      inEpoch = true;
      beforeStep(network);
    }

    @Override
    public void onGradientCalculation(Model network) {
      beforeStep(network);
    }

    @Override
    public void iterationDone(Model network, int iteration, int epoch) {
      if (!inEpoch && ++iterationsOutsideEpochs == MANY) {
        withoutEpochs();
      }
      afterStep(network, iteration + 1, epoch);
    }

    @Override
    public void onEpochEnd(Model network) {
      inEpoch = false;
      afterEpoch(network);
    }
  }

  /**
   * Checks that the average is moved by what calls this listener.
   *
   * @throws IllegalStateException if it is not registered with the network
   */
  @Override
  public final void iterationDone(Model network, int iteration, int epoch) {
    ema.members()
        .get(0)
        .followed()
        .requireToldOfStep(network, "This %s does nothing".formatted(getClass().getSimpleName()));
  }
}
