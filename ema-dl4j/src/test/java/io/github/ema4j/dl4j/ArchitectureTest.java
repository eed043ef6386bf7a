// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import io.github.ema4j.testing.LibraryRules;
import org.junit.jupiter.api.Test;

/** The plugin stands on the core and on DL4J, on nothing else. */
class ArchitectureTest extends LibraryRules {
  private static final String ROOT = "io.github.ema4j.dl4j";

  ArchitectureTest() {
    super(ROOT, ROOT + ".internal");
  }

  @Test
  void pluginUsesCoreAndDl4jAlone() {
    classes()
        .should(
            dependOnlyOn(
                ROOT + "..",
                "io.github.ema4j.core..",
                "org.deeplearning4j..",
                "org.nd4j..",
                "org.slf4j.."))
        .check(module());
  }

  /** deeplearning4j-parallel-wrapper is optional: everything else must run without it. */
  @Test
  void onlyTheRoomOfParallelWrapperRefersToIt() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.github.ema4j.dl4j.parallel")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.deeplearning4j.parallelism..", "io.github.ema4j.dl4j.parallel")
        .check(module());
  }
}
