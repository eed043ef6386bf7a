// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the page about Spark shows compiles and runs, and what it says is what the build uses. */
@SparkTest(master = "local[1]") // one task at a time, for gradient sharing
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DocumentationTest {

  private static final Path PAGE = Path.of("..", "docs", "spark.md");

  @TempDir Path directory;

  @Test
  void javaBlocksCompileAndRun(JavaSparkContext sc) throws Exception {
    StringBuilder source =
        new StringBuilder(
            """
            import io.github.ema4j.dl4j.evaluation.*;
            import io.github.ema4j.spark.*;
            import org.apache.spark.api.java.*;
            import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
            import org.deeplearning4j.spark.api.*;
            import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
            import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
            import org.deeplearning4j.spark.parameterserver.training.SharedTrainingMaster;
            import org.nd4j.evaluation.classification.Evaluation;
            import org.nd4j.linalg.dataset.DataSet;
            import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
            public class Snippets {
            """);
    Matcher block = Pattern.compile("(?ms)^```java\\R(.*?)^```").matcher(Files.readString(PAGE));
    int blocks = 0;
    while (block.find()) {
      source.append(
          """
          public static void block%d(JavaSparkContext sc, MultiLayerNetwork net,
              JavaRDD<DataSet> trainingData, JavaRDD<DataSet> validationData, String directory,
              String driverAddress, String networkMask, int executors)
              throws Exception {
          %s
          }
          """
              .formatted(blocks, block.group(1)));
      blocks++;
    }
    assertEquals(4, blocks);
    Class<?> snippets = compile(source.append("}\n").toString());
    for (int i = 0; i < blocks; i++) {
      snippets
          .getMethod(
              "block" + i,
              JavaSparkContext.class,
              MultiLayerNetwork.class,
              JavaRDD.class,
              JavaRDD.class,
              String.class,
              String.class,
              String.class,
              int.class)
          .invoke(
              null,
              sc,
              Kind.LAYERS.create(),
              sc.parallelize(Minibatches.of(10, 16), 2),
              sc.parallelize(Minibatches.of(4, 16), 2),
              directory.resolve("run-" + i).toString(),
              "127.0.0.1",
              "127.0.0.0/8",
              1);
    }
  }

  private Class<?> compile(String source) throws Exception {
    Path file = Files.writeString(directory.resolve("Snippets.java"), source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    boolean compiled =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of("-cp", classPath, "-d", directory.toString(), "-proc:none"),
                null,
                compiler.getStandardFileManager(null, null, null).getJavaFileObjects(file))
            .call();
    assertTrue(compiled, messages + "\n" + source);
    return Class.forName(
        "Snippets", true, new URLClassLoader(new URL[] {directory.toUri().toURL()}));
  }

  @Test
  void versionsAreThoseOfTheBuild() throws Exception {
    String pom = Files.readString(Path.of("pom.xml"));
    String page = Files.readString(PAGE);
    for (String[] pair :
        new String[][] {
          {"scala.version", "scala-library"},
          {"spark.version", "spark-core_2.12"},
          {"spark.slf4j.version", "slf4j-api"},
          {"spark.jackson.version", "jackson-databind"},
          {"dl4j-spark.version", "dl4j-spark_2.12"},
          {"dl4j-spark.version", "dl4j-spark-parameterserver_2.12"}
        }) {
      String version = find("<" + pair[0] + ">([^<]+)<", pom);
      assertEquals(version, find(pair[1] + "</artifactId><version>([^<]+)<", page), pair[1]);
    }
  }

  @Test
  void linksLeadSomewhere() throws Exception {
    Matcher link = Pattern.compile("\\]\\((?!https?:)([^)#]+)").matcher(Files.readString(PAGE));
    while (link.find()) {
      assertTrue(Files.exists(PAGE.resolveSibling(link.group(1))), link.group(1));
    }
  }

  private static String find(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern);
    return matcher.group(1);
  }
}
