// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.testing.ExampleRules;

class ArchitectureTest extends ExampleRules {

  ArchitectureTest() {
    super("io.github.ema4j.examples");
  }
}
