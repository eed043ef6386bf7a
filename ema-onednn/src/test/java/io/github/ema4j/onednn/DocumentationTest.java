// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.MarkdownSnippets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;

/** What docs/onednn.md shows is as it says. */
class DocumentationTest {

  private static final Path PAGE = Path.of("../docs/onednn.md");

  private final boolean allowed = Nd4j.getEnvironment().helpersAllowed();

  @AfterEach
  void allowHelpersAgain() {
    Nd4j.getEnvironment().allowHelpers(allowed);
  }

  @Test
  void javaBlocksCompileAndRun(@TempDir Path directory) throws Exception {
    MarkdownSnippets snippets = MarkdownSnippets.of(PAGE);
    assertEquals(4, snippets.blocks().size());
    List<MarkdownSnippets.Block> blocks =
        snippets.compile(
            directory,
            "org.deeplearning4j.nn.multilayer.MultiLayerNetwork net,"
                + " org.nd4j.linalg.dataset.api.iterator.DataSetIterator trainingData, int epochs");
    for (MarkdownSnippets.Block block : blocks) {
      MultiLayerNetwork net = (MultiLayerNetwork) TestNetworks.LENET.create();
      block.run(net, new ListDataSetIterator<>(TestNetworks.batch(1, 8).asList(), 4), 1);
      assertTrue(OneDnn.accelerate(net).accelerated() > 0);
    }
  }

  @Test
  @WithOneDnn
  void reportOfThePageIsThatOfLeNet() throws IOException {
    String report =
        TestNetworks.accelerate(TestNetworks.LENET.create())
            .toString()
            .replaceFirst("CPU, [a-z0-9_-]+,", "CPU, linux-x86_64,");
    String shown = report.indent(4);
    assertTrue(Files.readString(PAGE).contains(shown), shown);
  }
}
