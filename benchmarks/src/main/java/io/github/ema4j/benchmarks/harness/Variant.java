// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.util.Arrays;

/**
 * One way to do the work, as a row of a table.
 *
 * @param label what a reader sees
 * @param worker runs it
 * @param operation its name in the worker
 * @param threads that it may use
 * @param bytes that it must move per parameter at least, for GB/s; 0 if that says nothing
 */
public record Variant(String label, Worker worker, String operation, int threads, int bytes) {

  /**
   * Lets the worker run the operation once on a shadow of ones and parameters of halves.
   *
   * @param expected each element of the shadow afterwards
   * @throws WorkerException if the shadow holds something else: then timing it would be pointless
   */
  public void verify(double expected) {
    String values = worker.ask("verify", operation, threads);
    if (Arrays.stream(values.split(" "))
        .mapToDouble(Double::parseDouble)
        .anyMatch(value -> !(Math.abs(value - expected) < 1e-6))) {
      throw new WorkerException(
          "%s with %d threads does not compute what it is compared for: expected %s, got %s"
              .formatted(label, threads, expected, values));
    }
  }
}
