// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

import org.junit.jupiter.api.Test;

/** The rules for a module that people use in programs of their own. */
public abstract class LibraryRules extends ArchitectureRules {

  private final String root;
  private final String[] below;

  /**
   * The rules for a library.
   *
   * @param root its topmost package, which all others of it may use
   * @param below the packages that the topmost one uses itself
   */
  protected LibraryRules(String root, String... below) {
    super(root);
    this.root = root;
    this.below = below;
  }

  @Test
  final void rootPackageUsesOnlyWhatIsBelowIt() {
    classes()
        .that()
        .resideInAPackage(root)
        .should()
        .onlyDependOnClassesThat(
            resideOutsideOfPackages(root + "..")
                .or(resideInAPackage(root))
                .or(resideInAnyPackage(below)))
        .check(module());
  }

  @Test
  final void programsAreOtherModules() {
    methods()
        .that()
        .arePublic()
        .and()
        .areStatic()
        .should()
        .haveNameNotMatching("main")
        .allowEmptyShould(true)
        .check(module());
  }

  @Test
  final void nothingIsPrinted() {
    NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(module());
  }
}
