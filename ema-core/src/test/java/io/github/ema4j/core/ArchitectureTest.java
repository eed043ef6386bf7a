// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import io.github.ema4j.testing.LibraryRules;
import org.junit.jupiter.api.Test;

/** Which way the arrows point: state → average → kernel, schedule. */
class ArchitectureTest extends LibraryRules {
  private static final String AVERAGE = "io.github.ema4j.core";
  private static final String KERNEL = "io.github.ema4j.core.internal.kernel..";
  private static final String SCHEDULE = "io.github.ema4j.core.schedule..";
  private static final String[] LIBRARIES = {"org.nd4j..", "org.bytedeco.javacpp..", "org.slf4j.."};

  ArchitectureTest() {
    super(AVERAGE, KERNEL, SCHEDULE);
  }

  @Test
  void coreUsesNd4jAlone() {
    classes().should(dependOnlyOn(AVERAGE + "..", LIBRARIES)).check(module());
  }

  @Test
  void kernelsStandAlone() {
    classes()
        .that()
        .resideInAPackage(KERNEL)
        .should(dependOnlyOn(KERNEL, LIBRARIES))
        .check(module());
  }

  @Test
  void schedulesStandAlone() {
    classes().that().resideInAPackage(SCHEDULE).should(dependOnlyOn(SCHEDULE)).check(module());
  }
}
