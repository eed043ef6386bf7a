// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

/** Arrays or networks, and the tasks that work on them. */
interface Scene {

  /**
   * A task by its name.
   *
   * @throws IllegalArgumentException if there is none
   */
  Task task(String operation);

  /** What a driver may want to know of the scene, such as a number of parameters. */
  default String describe() {
    return "ready";
  }

  /** The task once, from known values; see the request {@code verify}. */
  default String verify(String operation) {
    throw new IllegalArgumentException("Nothing to verify in " + getClass().getSimpleName());
  }

  static IllegalArgumentException unknown(String operation) {
    return new IllegalArgumentException("There is no task '" + operation + "' in this scene");
  }
}
