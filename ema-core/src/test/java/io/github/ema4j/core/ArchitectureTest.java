// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Which way the arrows point: state → average → kernel, schedule. */
class ArchitectureTest {
  private static final String AVERAGE = "io.github.ema4j.core";
  private static final String KERNEL = "io.github.ema4j.core.kernel..";
  private static final String SCHEDULE = "io.github.ema4j.core.schedule..";
  private static final String[] LIBRARIES = {
    "java..", "org.nd4j..", "org.bytedeco.javacpp..", "org.slf4j.."
  };

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(AVERAGE);

  @Test
  void coreUsesNd4jAlone() {
    classes()
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(LIBRARIES).or(resideInAPackage(AVERAGE + "..")))
        .check(CLASSES);
  }

  @Test
  void averagingKnowsOnlyKernelsAndSchedules() {
    classes()
        .that()
        .resideInAPackage(AVERAGE)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(LIBRARIES).or(resideInAnyPackage(AVERAGE, KERNEL, SCHEDULE)))
        .check(CLASSES);
  }

  @Test
  void kernelsStandAlone() {
    classes()
        .that()
        .resideInAPackage(KERNEL)
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(LIBRARIES).or(resideInAPackage(KERNEL)))
        .check(CLASSES);
  }

  @Test
  void schedulesStandAlone() {
    classes()
        .that()
        .resideInAPackage(SCHEDULE)
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage("java..", SCHEDULE))
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
