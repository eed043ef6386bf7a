// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.testing.ArchitectureRules;

/** Examples have no cycles either. */
class ArchitectureTest extends ArchitectureRules {

  ArchitectureTest() {
    super("io.github.ema4j.examples");
  }
}
