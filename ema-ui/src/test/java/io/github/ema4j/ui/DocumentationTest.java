// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.ui.demo.Points;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.ui.VertxUIServer;
import org.deeplearning4j.ui.api.UIServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** What docs/ui.md shows compiles and runs. */
class DocumentationTest {

  private static final Path PAGE = Path.of("..", "docs", "ui.md");

  private static final List<String> IMPORTS =
      List.of(
          "io.github.ema4j.dl4j.*",
          "io.github.ema4j.dl4j.evaluation.*",
          "io.github.ema4j.ui.*",
          "java.io.File",
          "java.nio.file.Path",
          "org.deeplearning4j.core.storage.StatsStorage",
          "org.deeplearning4j.nn.multilayer.MultiLayerNetwork",
          "org.deeplearning4j.ui.api.UIServer",
          "org.deeplearning4j.ui.model.stats.StatsListener",
          "org.deeplearning4j.ui.model.storage.*",
          "org.nd4j.linalg.dataset.api.iterator.DataSetIterator");

  @AfterEach
  void stop() throws Exception {
    UIServer.stopInstance();
  }

  @Test
  void javaBlocksCompileAndRun(@TempDir Path directory) throws Exception {
    List<String> blocks =
        Pattern.compile("(?ms)^```java\\R(.*?)^```")
            .matcher(Files.readString(PAGE))
            .results()
            .map(match -> match.group(1))
            .toList();
    assertEquals(3, blocks.size());
    Class<?> compiled = compile(blocks, directory);
    for (int i = 0; i < blocks.size(); i++) {
      compiled
          .getMethod(
              "block" + i,
              MultiLayerNetwork.class,
              DataSetIterator.class,
              DataSetIterator.class,
              int.class,
              Path.class)
          .invoke(
              null,
              Points.network(),
              Points.spirals(160, 0.4, 16, 1),
              Points.spirals(60, 0, 60, 2),
              2,
              directory);
      assertEquals(1, VertxUIServer.getInstance().getStatsStorageInstances().size());
      assertTrue(
          VertxUIServer.getInstance().getStatsStorageInstances().get(0).listSessionIDs().size()
              == 1);
      UIServer.stopInstance();
    }
  }

  private static Class<?> compile(List<String> blocks, Path directory) throws Exception {
    StringBuilder source = new StringBuilder();
    IMPORTS.forEach(name -> source.append("import ").append(name).append(";\n"));
    source.append("public class Blocks {\n");
    for (int i = 0; i < blocks.size(); i++) {
      source
          .append("public static void block" + i)
          .append("(MultiLayerNetwork net, DataSetIterator trainingData,")
          .append(
              " DataSetIterator validationData, int epochs, Path directory) throws Exception {\n")
          .append(blocks.get(i))
          .append("}\n");
    }
    source.append("}\n");
    Path file = Files.writeString(directory.resolve("Blocks.java"), source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    boolean done =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of("-cp", classPath, "-d", directory.toString(), "-proc:none"),
                null,
                compiler.getStandardFileManager(null, null, null).getJavaFileObjects(file))
            .call();
    assertTrue(done, () -> messages + "\n" + source);
    // Stays open: the class loads others while it runs.
    return Class.forName("Blocks", true, new URLClassLoader(new URL[] {directory.toUri().toURL()}));
  }

  @Test
  void linksToFilesLeadSomewhere() throws Exception {
    Matcher link = Pattern.compile("\\]\\((?!https?:)([^)#]+)").matcher(Files.readString(PAGE));
    int links = 0;
    while (link.find()) {
      links++;
      assertTrue(Files.exists(PAGE.resolveSibling(link.group(1))), link.group(1));
    }
    assertEquals(2, links);
  }
}
