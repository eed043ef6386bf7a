// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import io.github.ema4j.testing.LibraryRules;
import org.junit.jupiter.api.Test;

/** The module stands on DL4J, and on nothing else: not on the averages either. */
class ArchitectureTest extends LibraryRules {
  private static final String ROOT = "io.github.ema4j.onednn";

  ArchitectureTest() {
    super(ROOT, ROOT + ".backend", ROOT + ".internal..");
  }

  @Test
  void moduleUsesDl4jAlone() {
    classes()
        .should(
            dependOnlyOn(
                ROOT + "..",
                "org.bytedeco.javacpp..",
                "org.deeplearning4j..",
                "org.nd4j..",
                "org.slf4j.."))
        .check(module());
  }
}
