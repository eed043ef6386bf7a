// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who averages parameters needs nothing of what gradient sharing needs. */
class ClassPathTest {

  private static final Path CLASSES = Path.of("target", "classes");
  private static final Pattern OF_GRADIENT_SHARING =
      Pattern.compile("parameter-?server|aeron|parallel-wrapper|rxjava|reactive-streams");
  private static final Pattern ITS_CLASSES =
      Pattern.compile("org/(deeplearning4j/spark|nd4j)/parameterserver|org/agrona|io/aeron");
  private static final Set<String> GRADIENT_SHARING =
      Set.of(
          "AeronSettings",
          "DriverUpdates",
          "EmaSharedTrainingMaster",
          "OwnPort",
          "SharingAddress",
          "SharingWorker",
          "UpdateBalance");

  private URLClassLoader without;

  @BeforeEach
  void leaveOut() throws Exception {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<URL> urls = new ArrayList<>();
    int leftOut = 0;
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      File file = new File(entry);
      if (OF_GRADIENT_SHARING.matcher(file.getName()).find()) {
        leftOut++;
      } else {
        urls.add(file.toURI().toURL());
      }
    }
    assertTrue(leftOut >= 5, leftOut + " jars left out");
    without = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  @AfterEach
  void close() throws Exception {
    without.close();
  }

  private static List<String> names() throws Exception {
    try (Stream<Path> files = Files.walk(CLASSES.resolve("io"))) {
      return files
          .map(file -> CLASSES.relativize(file).toString())
          .filter(name -> name.endsWith(".class") && !name.endsWith("package-info.class"))
          .map(name -> name.substring(0, name.length() - ".class".length()))
          .map(name -> name.replace(File.separatorChar, '.'))
          .toList();
    }
  }

  private static boolean isOfGradientSharing(String name) {
    return GRADIENT_SHARING.contains(name.substring(name.lastIndexOf('.') + 1).split("\\$", 2)[0]);
  }

  @Test
  void allOtherClassesLoadWithoutItsJars() throws Exception {
    int members = 0;
    for (String name : names()) {
      if (!isOfGradientSharing(name)) {
        Class<?> type = Class.forName(name, true, without);
        members += type.getDeclaredFields().length + type.getDeclaredMethods().length;
      }
    }
    assertTrue(members > 100, members + " fields and methods");
    assertThrows(
        LinkageError.class,
        () -> Class.forName("io.github.ema4j.spark.EmaSharedTrainingMaster", true, without));
  }

  @Test
  void noneOfThemNamesItsClasses() throws Exception {
    for (String name : names()) {
      Path file = CLASSES.resolve(name.replace('.', '/') + ".class");
      boolean found =
          ITS_CLASSES.matcher(Files.readString(file, StandardCharsets.ISO_8859_1)).find();
      assertTrue(isOfGradientSharing(name) || !found, name);
      assertTrue(found || !name.endsWith(".EmaSharedTrainingMaster"), "a test of nothing");
    }
  }
}
