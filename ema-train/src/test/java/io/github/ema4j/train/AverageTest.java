// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.io.FileUtils;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

class AverageTest {
  @TempDir private static Path directory;
  private static Path images;
  private static Path checkpoints;

  @BeforeAll
  static void train() throws Exception {
    images = Shapes.write(directory.resolve("images"), 8, 4);
    Command.train(
            images,
            "--model",
            "mlp",
            "--model-ema",
            "--model-ema-decay",
            "0.5,0.9",
            "--epochs",
            "3",
            "--checkpoint-hist",
            "3",
            "--batch-size",
            "8",
            "--input-size",
            "16",
            "--output",
            directory,
            "--experiment",
            "run")
        .ok();
    checkpoints = directory.resolve("run/checkpoints");
  }

  private static Path checkpoint(int epoch) {
    return checkpoints.resolve("checkpoint-" + epoch + ".zip");
  }

  private static INDArray raw(int epoch) throws Exception {
    return EmaCheckpoint.restore(checkpoint(epoch)).network().params();
  }

  private static INDArray averaged(int epoch, int which) throws Exception {
    return EmaCheckpoint.restore(checkpoint(epoch)).averages().get(which).shadow();
  }

  private INDArray written(String name, Object... arguments) throws Exception {
    Path out = directory.resolve(name + ".zip");
    Object[] all = new Object[arguments.length + 3];
    all[0] = "average";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[arguments.length + 1] = "--output";
    all[arguments.length + 2] = out;
    assertTrue(Command.train(all).ok().out().contains(out.toString()));
    return MultiLayerNetwork.load(out.toFile(), false).params();
  }

  @Test
  void oneCheckpointIsExported() throws Exception {
    assertEquals(averaged(3, 0), written("first", checkpoint(3)));
    assertEquals(averaged(3, 1), written("second", checkpoint(3), "--which", "2"));
    assertEquals(raw(3), written("raw", checkpoint(3), "--raw"));
  }

  @Test
  void severalAreAveragedEqually() throws Exception {
    INDArray mean = raw(1).add(raw(2)).add(raw(3)).div(3);
    INDArray written = written("mean", checkpoint(1), checkpoint(2), checkpoint(3), "--raw");
    assertTrue(mean.equalsWithEps(written, 1e-6));
  }

  @Test
  void orByASchedule() throws Exception {
    INDArray expected = averaged(1, 0).mul(0.75).add(averaged(2, 0).mul(0.25));
    INDArray written =
        written("decayed", checkpoint(1), checkpoint(2), "--schedule", "constant(decay=0.75)");
    assertTrue(expected.equalsWithEps(written, 1e-6));
  }

  @Test
  void exportedFilesAreAveragedToo() throws Exception {
    written("one", checkpoint(1), "--raw");
    written("two", checkpoint(2), "--raw");
    INDArray written = written("both", directory.resolve("one.zip"), directory.resolve("two.zip"));
    assertTrue(raw(1).add(raw(2)).div(2).equalsWithEps(written, 1e-6));
  }

  @Test
  void whatHasNoAverageIsRefused() throws Exception {
    Path out = directory.resolve("never.zip");
    Command.train(
            images,
            "--model",
            "mlp",
            "--epochs",
            "1",
            "--input-size",
            "18",
            "--output",
            directory,
            "--experiment",
            "other")
        .ok();
    Path other = directory.resolve("other/checkpoints/checkpoint-1.zip");
    Command.train("average", checkpoint(1), other, "-o", out).refused("are different networks");
    Command.train("average", checkpoint(1), "--which", "3", "-o", out)
        .refused("--which 3", "1 (ema constant(decay=0.5)), 2 (ema constant(decay=0.9))");
    Command.train("average", other, "--which", "2", "-o", out)
        .refused("--which 2: " + other + " has one set of weights");
    assertTrue(Files.notExists(out));
    Command.train("average", checkpoint(1), "-o", other).refused("exists");
  }

  @Test
  void evaluationNeedsImagesOfTheSameClasses() throws Exception {
    Command.train("eval", checkpoint(3), "--averaged").ok();
    Path moved = Files.copy(checkpoint(3), directory.resolve("moved.zip"));
    Command.train("eval", moved).refused("not in the folder of a run");
    Path two = Shapes.write(directory.resolve("two"), 1, 1);
    for (String part : List.of("train", "val")) {
      FileUtils.deleteDirectory(two.resolve(part).resolve("disc").toFile());
    }
    Command.train("eval", moved, two, "--input-size", "16")
        .refused("tells 3 classes apart", "of 2");
    Command.train("eval", moved, images, "--input-size", "20").refused("--input-size");
    String line = Command.train("eval", moved, images, "--input-size", "16", "--raw").ok().out();
    assertTrue(line.startsWith("  raw ") && line.lines().count() == 1, line);
  }
}
