// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.examples.data.FashionMnist;
import io.github.ema4j.examples.data.ImageIterator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What the README and the guide say and show is so. */
class DocumentationTest {

  private static final Path README = Path.of("..", "README.md");

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"README.md", "docs/guide.md", "docs/parallel.md"})
  void javaBlocksCompileAndRun(String page) throws Exception {
    JavaSnippets snippets = JavaSnippets.of(Path.of("..").resolve(page));
    assertTrue(snippets.blocks().size() >= 2, page + " shows code");
    Class<?> compiled =
        snippets.compile(
            directory,
            List.of(
                "io.github.ema4j.core.*",
                "io.github.ema4j.core.posthoc.*",
                "io.github.ema4j.core.schedule.*",
                "io.github.ema4j.dl4j.*",
                "io.github.ema4j.dl4j.batchnorm.*",
                "io.github.ema4j.dl4j.checkpoint.*",
                "io.github.ema4j.dl4j.diagnostics.*",
                "io.github.ema4j.dl4j.earlystopping.*",
                "io.github.ema4j.dl4j.evaluation.*",
                "io.github.ema4j.dl4j.parallel.*",
                "io.github.ema4j.dl4j.posthoc.*",
                "io.github.ema4j.dl4j.selection.*",
                "java.io.File",
                "java.nio.file.Path",
                "org.deeplearning4j.earlystopping.*",
                "org.deeplearning4j.earlystopping.saver.*",
                "org.deeplearning4j.earlystopping.scorecalc.*",
                "org.deeplearning4j.earlystopping.termination.*",
                "org.deeplearning4j.earlystopping.trainer.*",
                "org.deeplearning4j.nn.multilayer.MultiLayerNetwork",
                "org.deeplearning4j.parallelism.*",
                "org.nd4j.evaluation.classification.Evaluation",
                "org.nd4j.linalg.api.ndarray.INDArray",
                "org.nd4j.linalg.dataset.api.iterator.DataSetIterator"),
            "MultiLayerNetwork net, DataSetIterator trainingData, DataSetIterator validationData,"
                + " int epochs, Path directory");
    for (int i = 0; i < snippets.blocks().size(); i++) {
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
              softmax(),
              ImageIterator.shuffled(FashionMnist.training(), 500, 1),
              ImageIterator.inOrder(FashionMnist.test(), 500),
              2,
              Files.createDirectory(directory.resolve("block" + i)));
    }
    Files.deleteIfExists(Path.of("averaged.zip"));
  }

  private static MultiLayerNetwork softmax() {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .list()
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(784)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    net.init();
    return net;
  }

  @Test
  void decayTableHoldsWhatTheSchedulesCompute() throws Exception {
    Matcher row =
        Pattern.compile(
                "(?m)^\\| (0\\.\\d+) \\| ([\\d,]+) \\| ([\\d,]+) \\| ([\\d.]+) % \\| ([\\d.]+) % \\|"
                    + " ([\\d,]+) \\|$")
            .matcher(Files.readString(README));
    int rows = 0;
    while (row.find()) {
      rows++;
      double decay = Double.parseDouble(row.group(1));
      DecaySchedule schedule = DecaySchedule.constant(decay);
      String[] expected = {
        "%,d".formatted(Math.round(1 / (1 - decay))),
        "%,d".formatted(Math.round(Math.log(0.5) / Math.log(decay))),
        percent(schedule.decayOver(1, 1_000)),
        percent(schedule.decayOver(1, 10_000)),
        "%,d".formatted(Math.round(Math.log(0.01) / Math.log(decay)))
      };
      String[] shown = {row.group(2), row.group(3), row.group(4), row.group(5), row.group(6)};
      assertEquals(Arrays.asList(expected), Arrays.asList(shown), "decay " + decay);
    }
    assertTrue(rows >= 6, "the README has the table of decays");
  }

  @Test
  void linksToFilesLeadSomewhere() throws Exception {
    for (String name :
        List.of(
            "README.md",
            "docs/guide.md",
            "docs/parallel.md",
            "docs/scaling.md",
            "examples/README.md",
            "benchmarks/README.md")) {
      Path page = Path.of("..").resolve(name);
      Matcher link = Pattern.compile("\\]\\((?!https?:)([^)#]+)").matcher(Files.readString(page));
      while (link.find()) {
        Path target = page.resolveSibling(link.group(1));
        assertTrue(Files.exists(target), name + " links to " + link.group(1));
      }
    }
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f", 100 * share);
  }
}
