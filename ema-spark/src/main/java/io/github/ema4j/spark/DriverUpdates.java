// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.internal.Networks;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.parameterserver.networking.v2.UpdatesConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.parameterserver.distributed.v2.util.AbstractUpdatesHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies the workers' updates to the driver's weights, one after the other, and moves the average
 * after each. It takes the place of Deeplearning4j's consumer on the driver, which gathers 32 of
 * them before it applies any, and which writes to the weights whenever messages come, also between
 * two fits.
 *
 * <p>Messages come on several threads of the transport. They are applied under the lock of the
 * average, under which weights are swapped too, and only while a fit is under way and the averaged
 * weights are not swapped in; else they wait, in the order in which they came. So between two fits
 * neither weights nor average change.
 */
class DriverUpdates extends AbstractUpdatesHandler {

  private static final Logger log = LoggerFactory.getLogger(DriverUpdates.class);

  private final Model network;
  private final ModelEmaListener ema;
  private final ParameterAverage average;
  private final UpdatesConsumer decoder;

  // The rest is guarded by the lock of the average.
  private final Queue<INDArray> waiting = new ArrayDeque<>();
  private UpdatesConsumer replaced;
  private boolean open;
  private Runnable eachUpdate = () -> {};
  private long received;
  private long lastReceived; // System.nanoTime
  private RuntimeException failure;

  /** For a network that this listener is attached to. */
  DriverUpdates(Model network, ModelEmaListener ema) {
    this.network = network;
    this.ema = ema;
    average = ema.average();
    INDArray params = Networks.params(network);
    decoder =
        UpdatesConsumer.builder()
            .params(params)
            .updates(Nd4j.create(params.dataType(), params.shape(), params.ordering()))
            .stepFunction(network.getOptimizer().getStepFunction())
            .build();
  }

  /**
   * Takes the place of a consumer, which from now on only serves the weights to executors that
   * start again. Call it before the workers are started.
   */
  void replace(UpdatesConsumer consumer) {
    synchronized (average) {
      consumer.bypassMode(true);
      replaced = consumer;
    }
  }

  /**
   * A fit begins: applies what came after the last one.
   *
   * @param eachUpdate is run for every update that comes until the fit ends
   */
  void open(Runnable eachUpdate) {
    synchronized (average) {
      this.eachUpdate = eachUpdate;
      if (!waiting.isEmpty()) {
        log.info(
            "{} updates came after the last fit had returned, and are applied now", waiting.size());
      }
      failure = null;
      open = true;
      applyWaiting();
    }
  }

  /** How many have come, in all fits and between them. */
  long received() {
    synchronized (average) {
      return received;
    }
  }

  /**
   * Waits until so many have come in all, but no longer than this after the last one.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  void await(long expected, Duration afterLast) throws InterruptedException {
    synchronized (average) {
      lastReceived = System.nanoTime();
      long left = afterLast.toMillis();
      while (received < expected && left > 0) {
        average.wait(left);
        left = afterLast.minusNanos(System.nanoTime() - lastReceived).toMillis();
      }
    }
  }

  /** A fit ends. */
  void close() {
    synchronized (average) {
      applyWaiting();
      open = false;
      eachUpdate = () -> {};
      ema.declareCurrent(network); // which counts iterations at the end of a fit
    }
  }

  /**
   * Looks back on a fit.
   *
   * @throws IllegalStateException if an update could not be applied; those after it were dropped
   */
  void requireApplied() {
    synchronized (average) {
      if (failure != null) {
        throw new IllegalStateException(
            "An update of a worker could not be applied, and those after it were dropped: the"
                + " driver's network and its average lack them",
            failure);
      }
    }
  }

  @Override
  public void onNext(INDArray message) {
    synchronized (average) {
      received++;
      lastReceived = System.nanoTime();
      eachUpdate.run();
      waiting.add(message);
      applyWaiting();
      average.notifyAll();
    }
  }

  private void applyWaiting() {
    while (open && !average.isSwapped() && !waiting.isEmpty()) {
      INDArray message = waiting.remove();
      if (failure == null) {
        try {
          apply(message, replaced);
        } catch (RuntimeException e) {
          // Not thrown: the parameter server would never call anybody again, and not say so.
          log.warn("An update could not be applied: the fit will fail at its end", e);
          failure = e;
        }
      }
    }
  }

  /** Applies an update and averages; under the lock. */
  void apply(INDArray message, UpdatesConsumer server) {
    synchronized (server) { // as it does when it copies the weights
      decoder.onNext(message);
      decoder.flush();
    }
    ema.update(network);
  }

  @Override
  public INDArray getParametersArray() {
    synchronized (average) {
      return Networks.params(network).dup();
    }
  }
}
