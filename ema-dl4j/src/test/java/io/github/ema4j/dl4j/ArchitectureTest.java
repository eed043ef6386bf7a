// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The plugin stands on the core and on DL4J, on nothing else. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.github.ema4j.dl4j");

  @Test
  void pluginUsesCoreAndDl4jAlone() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.deeplearning4j..",
            "org.nd4j..",
            "org.slf4j..",
            "io.github.ema4j.core..",
            "io.github.ema4j.dl4j..")
        .check(CLASSES);
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
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("io.github.ema4j.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void staticStateIsConstant() {
    fields().that().areStatic().should().beFinal().check(CLASSES);
  }

  @Test
  void nothingIsPrinted() {
    NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
  }
}
