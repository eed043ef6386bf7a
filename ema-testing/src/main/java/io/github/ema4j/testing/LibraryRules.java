// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The rules for a module that people use in programs of their own. */
public abstract class LibraryRules extends ArchitectureRules {

  private static final String OF_LISTENERS = "io.github.ema4j.dl4j";

  /** By name, as no module is known here. */
  private static final Set<String> LISTENERS =
      Set.of(OF_LISTENERS + ".ModelEmaListener", OF_LISTENERS + ".ModelEmaGroup");

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

  /** A program must not come to depend on what may change with any version. */
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

  /**
   * So that a change of what programs use is seen, and made on purpose. After one, write the file
   * anew as CONTRIBUTING.md says, and look at what git shows.
   */
  @Test
  final void publicApiIsAsRecorded() throws IOException {
    Path recorded = Path.of("api.txt");
    List<String> now = PublicApi.of(module());
    if ("write".equals(System.getProperty("ema4j.api"))) {
      Files.write(recorded, now);
    }
    List<String> before = Files.readAllLines(recorded);
    List<String> removed = new ArrayList<>(before);
    removed.removeAll(now);
    List<String> added = new ArrayList<>(now);
    added.removeAll(before);
    assertTrue(
        before.equals(now),
        () ->
            "The public API is not as in %s: it lacks %s and has %s besides. If that is meant, run the test again with -Dema4j.api=write"
                .formatted(recorded, removed, added));
  }

  /** One average or several: whatever follows an average takes either. */
  @Test
  final void whatFollowsAnAverageTakesAnyEmaListener() {
    List<String> narrow = new ArrayList<>();
    for (JavaClass type : module()) {
      if (!PublicApi.contains(type) || type.getPackageName().equals(OF_LISTENERS)) {
        continue;
      }
      for (JavaCodeUnit member : type.getCodeUnits()) {
        if (isForUsers(member)
            && member.getRawParameterTypes().stream()
                .anyMatch(parameter -> LISTENERS.contains(parameter.getFullName()))) {
          narrow.add(member.getFullName());
        }
      }
    }
    assertEquals(List.of(), narrow, "take an EmaListener, and ask it for only() or members()");
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

  /** Files may come from strangers. */
  @Test
  final void nothingIsDeserializedByJava() {
    noClasses().should(deserializeByJava()).check(module());
  }

  @Test
  final void nothingIsPrinted() {
    NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(module());
  }
}
