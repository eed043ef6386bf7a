// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import java.io.ObjectInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** How the packages of a module may depend on each other: the rules for every module. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // reading the classes takes longest
public abstract class ArchitectureRules {

  private final JavaClasses module;

  /**
   * The rules for a module.
   *
   * @param root its topmost package
   */
  protected ArchitectureRules(String root) {
    module =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/jmh_generated/"))
            .importPackages(root);
  }

  /** The classes of the module without those of its tests. */
  protected final JavaClasses module() {
    return module;
  }

  /** To depend on Java, one package of our own and these libraries alone. */
  protected static ArchCondition<JavaClass> dependOnlyOn(String own, String... libraries) {
    return ArchConditions.onlyDependOnClassesThat(
        resideInAnyPackage("java..", own).or(resideInAnyPackage(libraries)));
  }

  /**
   * To make objects of bytes by Java's deserialization, directly or by Deeplearning4j, whose ways
   * to load a model do so with an entry {@code preprocessor.bin}.
   */
  protected static ArchCondition<JavaClass> deserializeByJava() {
    return ArchConditions.accessTargetWhere(
        DescribedPredicate.describe(
            "the target deserializes by Java", ArchitectureRules::isDeserialization));
  }

  private static boolean isDeserialization(JavaAccess<?> access) {
    JavaClass owner = access.getTargetOwner();
    String name = access.getTarget().getName();
    return switch (owner.getSimpleName()) {
      case "ModelSerializer" -> name.startsWith("restore") || name.equals("getObjectFromFile");
      case "ModelGuesser" -> true;
      case "MultiLayerNetwork", "ComputationGraph" -> name.equals("load");
      case "SerializationUtils" -> name.startsWith("deserialize") || name.startsWith("read");
      default ->
          owner.isAssignableTo(ObjectInputStream.class)
              && (name.equals("<init>") || name.startsWith("readObject"));
    };
  }

  @Test
  final void packagesHaveNoCycles() {
    slices().matching("io.github.ema4j.(**)").should().beFreeOfCycles().check(module);
  }

  @Test
  final void staticStateIsConstant() {
    fields().that().areStatic().should().beFinal().check(module);
  }
}
