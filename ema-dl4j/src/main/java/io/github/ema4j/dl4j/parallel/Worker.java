// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.trainer.DefaultTrainer;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * One worker of a wrapper: Deeplearning4j's own, of both modes, which in addition says when it has
 * copied the network, and whose end, by whatever, leaves nobody waiting.
 *
 * <p>The thread that fits feeds it, waits for it and shuts it down; {@link #run} and {@link
 * #postInit} are on the worker's own thread.
 */
final class Worker extends DefaultTrainer {

  private static final long POLL_NANOS = 1_000;

  private final Workers workers;
  private final Exchange exchange;
  private final CountDownLatch copied = new CountDownLatch(1);
  private volatile boolean ended;
  private volatile Throwable failure;
  private boolean stopped;

  Worker(
      Workers workers,
      Exchange exchange,
      Model network,
      String uuid,
      int threadId,
      boolean useMds,
      ParallelWrapper wrapper,
      WorkspaceMode mode,
      int averagingFrequency) {
    this.workers = workers;
    this.exchange = exchange;
    // replicatedModel stays null until there is a replica: a worker that fails before closes what
    // it has, which would be the original.
    this.originalModel = network;
    this.uuid = uuid + "_thread_" + threadId;
    this.threadId = threadId;
    this.useMDS = useMds;
    this.parallelWrapper = wrapper;
    this.workspaceMode = mode;
    this.averagingFrequency = averagingFrequency;
  }

  // ---------------------------------------------------------------- on the worker's thread

  @Override
  public void run() {
    try {
      super.run();
    } catch (Throwable t) {
      failure = t;
      exchange.breakOff(failure()); // the others may be waiting for its gradients
      throw t;
    } finally {
      ended = true;
      copied.countDown();
    }
  }

  /** Called when the network has been copied, and its listeners are set. */
  @Override
  protected void postInit() {
    super.postInit();
    GradientsAccumulator accumulator = parallelWrapper.getGradientsAccumulator();
    if (accumulator != null) {
      if (replicatedModel instanceof MultiLayerNetwork network) {
        network.setGradientsAccumulator(accumulator);
      } else {
        ((ComputationGraph) replicatedModel).setGradientsAccumulator(accumulator);
      }
      accumulator.touch();
    }
    copied.countDown();
  }

  // ---------------------------------------------------------------- on the thread that fits

  /** Waits until this worker has its copy of the network, or has failed to make it. */
  void awaitCopied() throws InterruptedException {
    copied.await();
  }

  boolean hasFailed() {
    return failure() != null;
  }

  void requireAlive() {
    boolean over = stopped || ended; // read first, as a failure is known before the end
    if (hasFailed()) {
      throw new IllegalStateException(
          "Worker %d of the ParallelWrapper has failed: close the wrapper before the next fit"
              .formatted(threadId),
          failure());
    }
    if (over) {
      throw new IllegalStateException(
          "Worker %d of the ParallelWrapper has ended with a fit that failed at its end: close the wrapper before the next fit"
              .formatted(threadId));
    }
  }

  /** An exception is known to Deeplearning4j, and to the fit, some time before it ends the run. */
  private Throwable failure() {
    return thrownException != null ? thrownException : failure;
  }

  @Override
  public void feedDataSet(DataSet data, long etlTime) {
    workers.beforeFeeding(this, data.numExamples());
    super.feedDataSet(data, etlTime);
  }

  @Override
  public void feedMultiDataSet(MultiDataSet data, long etlTime) {
    workers.beforeFeeding(this, data.getFeatures(0).size(0));
    super.feedMultiDataSet(data, etlTime);
  }

  /** As Deeplearning4j waits, but not for a worker that has died of an Error. */
  @Override
  public void waitTillRunning() {
    // Its name notwithstanding, isRunning() says that there is nothing left to do.
    while (!isRunning()) {
      requireAlive();
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  @Override
  public void shutdown() {
    workers.awaitCopies(); // what fails before does not always say that it has stopped
    if (!stopped && !ended) {
      super.shutdown();
    }
    stopped = true;
    workers.afterShutdown(this);
  }

  @Override
  public boolean averagingRequired() {
    return parallelWrapper.getGradientsAccumulator() == null;
  }
}
