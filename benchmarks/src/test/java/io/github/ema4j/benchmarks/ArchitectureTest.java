// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks;

import io.github.ema4j.testing.ArchitectureRules;

/** The benchmarks, like all modules. */
class ArchitectureTest extends ArchitectureRules {

  ArchitectureTest() {
    super("io.github.ema4j.benchmarks");
  }
}
