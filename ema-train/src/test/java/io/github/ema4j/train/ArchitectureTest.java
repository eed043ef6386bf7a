// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.testing.ArchitectureRules;

/** The command stands on its rooms: images, models and the record of a run. */
class ArchitectureTest extends ArchitectureRules {

  ArchitectureTest() {
    super("io.github.ema4j.train");
  }
}
