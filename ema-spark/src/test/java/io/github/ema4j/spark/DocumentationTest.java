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

/** What the pages about Spark show compiles and runs, and what they say is what the build uses. */
@SparkTest(master = "local[1]") // one task at a time, for gradient sharing
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DocumentationTest {

  private static final Path ROUNDS = Path.of("..", "docs", "spark.md");
  private static final Path SHARING = Path.of("..", "docs", "gradient-sharing.md");

  @TempDir Path directory;

  @Test
  void blocksAboutRoundsCompileAndRun(JavaSparkContext sc) throws Exception {
    compileAndRun(ROUNDS, 3, sc);
  }

  @Test
  void blocksAboutGradientSharingCompileAndRun(JavaSparkContext sc) throws Exception {
    compileAndRun(SHARING, 1, sc);
  }

  private void compileAndRun(Path page, int shown, JavaSparkContext sc) throws Exception {
    MarkdownSnippets snippets = MarkdownSnippets.of(page);
    assertEquals(shown, snippets.blocks().size());
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
    String pages = Files.readString(ROUNDS) + Files.readString(SHARING);
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
      assertEquals(version, find(pair[1] + "</artifactId><version>([^<]+)<", pages), pair[1]);
    }
  }

  private static String find(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern);
    return matcher.group(1);
  }
}
