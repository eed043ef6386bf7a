// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.util.ArrayList;
import java.util.List;
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

  /** Who uses the library need not know what may change with any version. */
  @Test
  final void publicMembersShowNothingInternal() {
    List<String> shown = new ArrayList<>();
    for (JavaClass type : module()) {
      if (isInternal(type) || !type.getModifiers().contains(JavaModifier.PUBLIC)) {
        continue;
      }
      for (JavaCodeUnit member : type.getCodeUnits()) {
        if (isForUsers(member)
            && (isInternal(member.getRawReturnType())
                || member.getRawParameterTypes().stream().anyMatch(LibraryRules::isInternal))) {
          shown.add(member.getFullName());
        }
      }
      for (JavaField field : type.getFields()) {
        if (isForUsers(field) && isInternal(field.getRawType())) {
          shown.add(field.getFullName());
        }
      }
    }
    assertEquals(List.of(), shown);
  }

  private static boolean isInternal(JavaClass type) {
    return type.getPackageName().startsWith("io.github.ema4j.")
        && type.getPackageName().contains(".internal");
  }

  private static boolean isForUsers(JavaMember member) {
    return member.getModifiers().contains(JavaModifier.PUBLIC)
        || member.getModifiers().contains(JavaModifier.PROTECTED);
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
