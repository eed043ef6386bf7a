// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The page stands on the plugin and on DL4J's UI, on nothing else. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.github.ema4j.ui");

  @Test
  void pageUsesPluginAndUiAlone() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.deeplearning4j..",
            "org.nd4j..",
            "org.slf4j..",
            "io.vertx..",
            "io.netty.handler.codec.http..",
            "io.github.ema4j.core..",
            "io.github.ema4j.dl4j..",
            "io.github.ema4j.ui..")
        .check(CLASSES);
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
