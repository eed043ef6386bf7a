// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.factory.TrainerContext;
import org.deeplearning4j.parallelism.trainer.Trainer;

/**
 * The workers of one fit, which the wrapper makes anew for each, and the moments at which none of
 * them trains: before the first worker is fed, and after the last one has been shut down. There the
 * average is brought up to date. All methods are called on the thread that fits.
 */
final class Workers implements TrainerContext {

  private final Synchronisation synchronisation;
  private final Exchange exchange;
  private final List<Worker> workers = new ArrayList<>();
  private boolean started;
  private boolean ended;

  Workers(Synchronisation synchronisation, Exchange exchange) {
    this.synchronisation = synchronisation;
    this.exchange = exchange;
  }

  /** Before any worker is made: the last occasion to refuse a fit. */
  @Override
  public void init(Model network, Object... ignored) {
    exchange.requireUnbroken();
    workers.clear();
    started = false;
    ended = false;
    synchronisation.fitBegins(network);
  }

  @Override
  public Trainer create(
      String uuid,
      int threadId,
      Model network,
      int rootDevice,
      boolean useMds,
      ParallelWrapper wrapper,
      WorkspaceMode mode,
      int averagingFrequency) {
    Worker worker =
        new Worker(
            this, exchange, network, uuid, threadId, useMds, wrapper, mode, averagingFrequency);
    workers.add(worker);
    return worker;
  }

  /** The wrapper feeds its workers in their order, the first one once per round. */
  void beforeFeeding(Worker worker, long examples) {
    try {
      if (worker == workers.get(0)) {
        awaitCopies();
        workers.forEach(Worker::requireAlive);
        synchronisation.roundBegins();
      }
      worker.requireAlive();
      synchronisation.workerIsFed(examples);
    } catch (Throwable t) {
      exchange.breakOff(t); // which expects gradients of this round
      throw t;
    }
  }

  /**
   * Waits until all replicas are made. Deeplearning4j does not: it lets the first worker train the
   * network that the others are copying, so that they start from weights of either side of an
   * update, or of both.
   */
  void awaitCopies() {
    if (started) {
      return;
    }
    try {
      for (Worker worker : workers) {
        worker.awaitCopied();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while the workers copied the network", e);
    }
    started = true;
  }

  /** The wrapper shuts its workers down in their order, at the end of a fit. */
  void afterShutdown(Worker worker) {
    if (worker == workers.get(workers.size() - 1) && !ended) {
      ended = true;
      if (workers.stream().anyMatch(Worker::hasFailed)) {
        synchronisation.fitFailed();
      } else {
        synchronisation.fitEnds();
      }
    }
  }

  /** Never called by this version of Deeplearning4j. */
  @Override
  public void finalizeRound(Model network, Model... replicas) {}

  /** Never called by this version of Deeplearning4j. */
  @Override
  public void finalizeTraining(Model network, Model... replicas) {}
}
