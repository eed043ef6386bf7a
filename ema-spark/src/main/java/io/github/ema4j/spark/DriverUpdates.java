// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.network.Networks;
import java.util.ArrayDeque;
import java.util.Queue;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.parameterserver.networking.v2.UpdatesConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;
import org.nd4j.parameterserver.distributed.v2.transport.UpdatesHandler;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies the workers' updates to the driver's weights, one after the other, and moves the average
 * after each. Deeplearning4j's own consumer on the driver gathers 32 of them before it does, and
 * writes to the weights whenever a message comes, also between two fits; this one takes its place.
 *
 * <p>Messages come on several threads of the transport. They are applied under the lock of the
 * average, under which weights are also swapped, while a fit is under way and the averaged weights
 * are not swapped in; else they wait, in order, for the next fit. So between two fits neither
 * weights nor average change.
 */
final class DriverUpdates implements UpdatesHandler {

  private static final Logger log = LoggerFactory.getLogger(DriverUpdates.class);

  private final Model network;
  private final ModelEmaListener ema;
  private final ParameterAverage average;
  private final UpdatesConsumer decoder;

  // The rest is guarded by the lock of the average.
  private final Queue<INDArray> waiting = new ArrayDeque<>();
  private UpdatesConsumer replaced;
  private boolean open;
  private RuntimeException failure;

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
   * Takes the place of a consumer that the parameter server calls, once for each; it goes on to
   * serve the weights to executors that start again. Call it before the workers are started.
   */
  void replace(UpdatesConsumer consumer) {
    synchronized (average) {
      if (consumer != replaced) {
        consumer.bypassMode(true);
        replaced = consumer;
        ModelParameterServer.getInstance().addUpdatesSubscriber(this);
      }
    }
  }

  /** A fit begins: applies what came after the last one. */
  void open() {
    synchronized (average) {
      if (!waiting.isEmpty()) {
        log.info("{} updates came after the last fit had returned: applied now", waiting.size());
      }
      open = true;
      applyWaiting();
    }
  }

  /** A fit ends. */
  void close() {
    synchronized (average) {
      open = false;
    }
  }

  /**
   * Call it at the end of a fit.
   *
   * @throws IllegalStateException if an update could not be applied; those after it were dropped
   */
  void requireApplied() {
    synchronized (average) {
      RuntimeException cause = failure;
      failure = null;
      if (cause != null) {
        throw new IllegalStateException(
            "An update of a worker could not be applied, and those after it in this fit were dropped: the driver's network and the average lack them",
            cause);
      }
    }
  }

  @Override
  public void onNext(INDArray message) {
    synchronized (average) {
      waiting.add(message);
      applyWaiting();
    }
  }

  private void applyWaiting() {
    while (open && !average.isSwapped() && !waiting.isEmpty()) {
      INDArray message = waiting.remove();
      if (failure == null) {
        try {
          apply(message, replaced);
        } catch (RuntimeException e) {
          // Not thrown: the parameter server would silently call nobody any more.
          failure = e;
        }
      }
    }
  }

  private void apply(INDArray message, UpdatesConsumer server) {
    synchronized (server) { // under which it copies the weights
      decoder.onNext(message);
      decoder.flush();
    }
    ema.update(network);
  }

  @Override
  public INDArray getParametersArray() {
    return replaced.getParametersArray();
  }

  @Override
  public void onSubscribe(Subscription subscription) {}

  @Override
  public void onError(Throwable error) {
    throw new IllegalStateException(error);
  }

  @Override
  public void onComplete() {}
}
