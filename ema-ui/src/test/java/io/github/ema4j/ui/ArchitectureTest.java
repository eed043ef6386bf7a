// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import io.github.ema4j.testing.LibraryRules;
import org.junit.jupiter.api.Test;

/** The page stands on the plugin and on DL4J's UI, on nothing else. */
class ArchitectureTest extends LibraryRules {

  ArchitectureTest() {
    super("io.github.ema4j.ui");
  }

  @Test
  void pageUsesPluginAndUiAlone() {
    classes()
        .should(
            dependOnlyOn(
                "io.github.ema4j.ui..",
                "io.github.ema4j.core..",
                "io.github.ema4j.dl4j..",
                "org.deeplearning4j..",
                "org.nd4j..",
                "org.slf4j..",
                "io.vertx..",
                "io.netty.handler.codec.http.."))
        .check(module());
  }
}
