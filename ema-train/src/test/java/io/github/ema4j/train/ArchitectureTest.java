// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import io.github.ema4j.testing.ArchitectureRules;
import org.junit.jupiter.api.Test;

/** The command stands on its rooms: images, models and the record of a run. */
class ArchitectureTest extends ArchitectureRules {

  ArchitectureTest() {
    super("io.github.ema4j.train");
  }

  /** {@code train eval} is given files of strangers. */
  @Test
  void nothingIsDeserializedByJava() {
    noClasses().should(deserializeByJava()).check(module());
  }
}
