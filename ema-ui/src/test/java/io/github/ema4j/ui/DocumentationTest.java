// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.MarkdownSnippets;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.ui.VertxUIServer;
import org.deeplearning4j.ui.api.UIServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/ui.md shows compiles and runs. */
class DocumentationTest {

  private static final Path PAGE = Path.of("..", "docs", "ui.md");

  @AfterEach
  void stop() throws Exception {
    UIServer.stopInstance();
  }

  @Test
  void javaBlocksCompileAndRun(@TempDir Path directory) throws Exception {
    MarkdownSnippets snippets = MarkdownSnippets.of(PAGE);
    assertEquals(3, snippets.blocks().size());
    List<MarkdownSnippets.Block> blocks =
        snippets.compile(
            directory,
            "org.deeplearning4j.nn.multilayer.MultiLayerNetwork net,"
                + " org.nd4j.linalg.dataset.api.iterator.DataSetIterator trainingData,"
                + " org.nd4j.linalg.dataset.api.iterator.DataSetIterator validationData,"
                + " int epochs, java.nio.file.Path directory");
    for (MarkdownSnippets.Block block : blocks) {
      block.run(
          Nets.mlp(),
          Batches.of(Data.points(1, 160, 0.4), 16),
          Batches.of(Data.points(2, 60), 60),
          2,
          directory);
      assertEquals(1, VertxUIServer.getInstance().getStatsStorageInstances().size());
      assertTrue(
          VertxUIServer.getInstance().getStatsStorageInstances().get(0).listSessionIDs().size()
              == 1);
      UIServer.stopInstance();
    }
  }
}
