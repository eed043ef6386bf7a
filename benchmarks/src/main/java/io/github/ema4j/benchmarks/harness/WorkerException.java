// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

/** A worker process refused a request or ended. */
public final class WorkerException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  WorkerException(String message) {
    super(message);
  }
}
