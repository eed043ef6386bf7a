// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.concurrent.atomic.AtomicLong;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.ResidualPostProcessor;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Counts the updates that a worker sends. Not every minibatch gives one: what is below the
 * threshold is kept for later. Deeplearning4j's encoder calls its post-processor once for each
 * update that it makes, and only then, so this stands in its place and calls it.
 */
final class SentUpdates implements ResidualPostProcessor {

  private static final long serialVersionUID = 1;

  // Of this JVM, for whose life Deeplearning4j keeps the encoder of its first task.
  private static final AtomicLong SENT = new AtomicLong();

  private final ResidualPostProcessor given; // null if there is none

  SentUpdates(ResidualPostProcessor given) {
    this.given = given;
  }

  /** How many were sent since this was last asked in this JVM, by tasks that failed too. */
  static long take() {
    return SENT.getAndSet(0);
  }

  @Override
  public void processResidual(int iteration, int epoch, double lastThreshold, INDArray residual) {
    SENT.incrementAndGet();
    if (given != null) {
      given.processResidual(iteration, epoch, lastThreshold, residual);
    }
  }

  @Override
  public ResidualPostProcessor clone() {
    return new SentUpdates(given == null ? null : given.clone());
  }
}
