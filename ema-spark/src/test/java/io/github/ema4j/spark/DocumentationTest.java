// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.MarkdownSnippets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaSparkContext;
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
    MarkdownSnippets snippets = MarkdownSnippets.of(PAGE);
    assertEquals(4, snippets.blocks().size());
    List<MarkdownSnippets.Block> blocks =
        snippets.compile(
            directory,
            "org.apache.spark.api.java.JavaSparkContext sc,"
                + " org.deeplearning4j.nn.multilayer.MultiLayerNetwork net,"
                + " org.apache.spark.api.java.JavaRDD<org.nd4j.linalg.dataset.DataSet> trainingData,"
                + " org.apache.spark.api.java.JavaRDD<org.nd4j.linalg.dataset.DataSet> validationData,"
                + " String directory, String driverAddress, String networkMask, int executors");
    for (int i = 0; i < blocks.size(); i++) {
      blocks
          .get(i)
          .run(
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

  @Test
  void versionsAreThoseOfTheBuild() throws Exception {
    String pom = Files.readString(Path.of("..", "pom.xml"));
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

  private static String find(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern);
    return matcher.group(1);
  }
}
