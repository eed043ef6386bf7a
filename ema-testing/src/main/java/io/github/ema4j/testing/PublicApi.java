// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import com.tngtech.archunit.core.domain.JavaClass;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a program can use of a module, as text: each public type that is not internal, with its
 * public and protected members, in alphabetical order. Two texts differ exactly where a program
 * that compiles with one might not compile with the other, or where something was added.
 */
final class PublicApi {

  private static final int SHOWN =
      Modifier.PUBLIC
          | Modifier.PROTECTED
          | Modifier.STATIC
          | Modifier.FINAL
          | Modifier.ABSTRACT
          | Modifier.INTERFACE;

  private PublicApi() {}

  static List<String> of(Iterable<JavaClass> module) {
    List<Class<?>> types = new ArrayList<>();
    for (JavaClass type : module) {
      if (contains(type)) {
        types.add(type.reflect());
      }
    }
    types.sort(Comparator.comparing(Class::getName));
    List<String> lines = new ArrayList<>();
    for (Class<?> type : types) {
      lines.add(header(type));
      members(type).distinct().sorted().forEach(member -> lines.add("  " + member));
    }
    return lines;
  }

  /** Whether a program can name a type. */
  static boolean contains(JavaClass type) {
    return !type.getPackageName().contains(".internal") && isReachable(type.reflect());
  }

  private static boolean isReachable(Class<?> type) {
    return isForUsers(type.getModifiers())
        && (type.getEnclosingClass() == null || isReachable(type.getEnclosingClass()));
  }

  private static boolean isForUsers(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static String header(Class<?> type) {
    String kind =
        type.isEnum() ? "enum " : type.isRecord() ? "record " : type.isInterface() ? "" : "class ";
    StringBuilder header = new StringBuilder(modifiers(type.getModifiers()));
    header.append(type.isSealed() ? "sealed " : "").append(kind).append(type.getName());
    header.append(variables(type.getTypeParameters()).stripTrailing());
    if (type.getGenericSuperclass() != null && type.getSuperclass() != Object.class) {
      header.append(" extends ").append(name(type.getGenericSuperclass()));
    }
    if (type.getInterfaces().length > 0) {
      header.append(type.isInterface() ? " extends " : " implements ");
      header.append(names(type.getGenericInterfaces()));
    }
    return header.toString();
  }

  /** Also those inherited from types of ours that a program cannot name. */
  private static Stream<String> members(Class<?> type) {
    Class<?> parent = type.getSuperclass();
    Stream<String> inherited =
        parent != null && !isReachable(parent) && parent.getName().startsWith("io.github.ema4j.")
            ? members(parent).filter(member -> !member.startsWith("constructor "))
            : Stream.of();
    Stream<String> own =
        Stream.of(
                Arrays.stream(type.getDeclaredFields()).map(PublicApi::field),
                Arrays.stream(type.getDeclaredConstructors()).map(PublicApi::constructor),
                Arrays.stream(type.getDeclaredMethods()).map(PublicApi::method))
            .flatMap(members -> members)
            .filter(member -> !member.isEmpty());
    return Stream.concat(inherited, own);
  }

  private static String field(Field field) {
    return isForUsers(field.getModifiers()) && !field.isSynthetic()
        ? modifiers(field.getModifiers()) + name(field.getGenericType()) + " " + field.getName()
        : "";
  }

  private static String constructor(Constructor<?> constructor) {
    return isForUsers(constructor.getModifiers()) && !constructor.isSynthetic()
        ? "constructor "
            + modifiers(constructor.getModifiers())
            + variables(constructor.getTypeParameters())
            + signature("", constructor)
        : "";
  }

  private static String method(Method method) {
    return isForUsers(method.getModifiers()) && !method.isSynthetic()
        ? modifiers(method.getModifiers())
            + (method.isDefault() ? "default " : "")
            + variables(method.getTypeParameters())
            + name(method.getGenericReturnType())
            + " "
            + signature(method.getName(), method)
        : "";
  }

  private static String signature(String name, Executable executable) {
    String parameters = names(executable.getGenericParameterTypes());
    if (executable.isVarArgs()) {
      parameters = parameters.substring(0, parameters.length() - "[]".length()) + "...";
    }
    String failures = names(executable.getGenericExceptionTypes());
    return name + "(" + parameters + ")" + (failures.isEmpty() ? "" : " throws " + failures);
  }

  private static String modifiers(int modifiers) {
    // The bits of synchronized, native and varargs say nothing to a caller.
    String text = Modifier.toString(modifiers & SHOWN);
    return text.isEmpty() ? "" : text + " ";
  }

  private static String variables(TypeVariable<?>[] variables) {
    return variables.length == 0
        ? ""
        : Arrays.stream(variables)
            .map(variable -> variable.getName() + " extends " + names(variable.getBounds()))
            .collect(Collectors.joining(", ", "<", "> "));
  }

  private static String names(Type... types) {
    return Arrays.stream(types).map(PublicApi::name).collect(Collectors.joining(", "));
  }

  private static String name(Type type) {
    return type.getTypeName().replace("java.lang.", "");
  }
}
