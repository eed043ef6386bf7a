// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.dl4j.checkpoint.CheckpointInfo;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run ends in the same bits whether images are kept in memory or decoded in each epoch. */
class ImageCacheTest {
  @TempDir private Path directory;

  private Map<String, CheckpointInfo.Entry> run(Path images, String name, String... more)
      throws Exception {
    List<Object> arguments =
        new ArrayList<>(List.of(images, "--model", "mlp", "--model-ema", "--epochs", "2"));
    arguments.addAll(List.of("--input-size", "20", "--output", directory, "--experiment", name));
    arguments.addAll(List.of(more));
    Command.train(arguments.toArray()).ok();
    Path checkpoints = directory.resolve(name).resolve("checkpoints");
    return EmaCheckpoint.verify(checkpoints.resolve("checkpoint-2.zip")).entries();
  }

  @Test
  void whatIsKeptChangesNothing() throws Exception {
    Path images = Shapes.write(directory.resolve("images"), 8, 4);
    Map<String, CheckpointInfo.Entry> decoded = run(images, "decoded", "--image-cache", "0");
    assertEquals(decoded, run(images, "kept"));
    assertEquals(decoded, run(images, "one-thread", "--workers", "0"));
    String[] parts = {"--random-resized-crop", "--hflip"};
    assertEquals(
        run(images, "decoded-parts", parts[0], parts[1], "--image-cache", "0"),
        run(images, "kept-parts", parts));
  }

  @Test
  void aRunGoesOnWithAnotherLimit() throws Exception {
    Path images = Shapes.write(directory.resolve("images"), 8, 4);
    run(images, "resumed", "--image-cache", "1");
    Command.train("--resume", directory.resolve("resumed"), "--epochs", "3", "--image-cache", "0")
        .ok();
  }
}
