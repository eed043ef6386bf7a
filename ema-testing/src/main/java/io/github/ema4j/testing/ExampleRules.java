// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import org.junit.jupiter.api.Test;

/** The rules for programs that are written as a user's would be. */
public abstract class ExampleRules extends ArchitectureRules {

  /**
   * The rules for examples.
   *
   * @param root their topmost package
   */
  protected ExampleRules(String root) {
    super(root);
  }

  @Test
  final void internalsAreForTheModulesOfEma4jAlone() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.github.ema4j..internal..")
        .check(module());
  }
}
