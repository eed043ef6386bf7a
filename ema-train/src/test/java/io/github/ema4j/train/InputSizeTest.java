// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.Zips;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A network that takes images of any size is evaluated at the one that it was trained on, wherever
 * its file has got to.
 */
@Tag("slow")
class InputSizeTest {
  @TempDir private static Path directory;
  private static Path images;
  private static Path run;

  @BeforeAll
  static void train() throws Exception {
    images = Shapes.write(directory.resolve("images"), 8, 6);
    run = train("run", "--model-ema", "--model-ema-decay", "0.5");
  }

  private static Path train(String name, Object... more) {
    Object[] arguments = {
      images,
      "--model",
      "resnet18",
      "--epochs",
      "1",
      "--batch-size",
      "8",
      "--input-size",
      "40",
      "--lr",
      "0.001",
      "--output",
      directory,
      "--experiment",
      name
    };
    Object[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    Command.train(all).ok();
    return directory.resolve(name);
  }

  private static Path moved(Path run, String file) throws Exception {
    Path moved = directory.resolve("moved-" + System.nanoTime() + ".zip");
    return Files.copy(run.resolve(file), moved);
  }

  private static String eval(Path file, Object... more) {
    Object[] all = new Object[3 + more.length];
    all[0] = "eval";
    all[1] = file;
    all[2] = images;
    System.arraycopy(more, 0, all, 3, more.length);
    return Command.train(all).ok().out();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "averaged.zip",
        "checkpoints/bestRaw.zip",
        "checkpoints/bestAveraged.zip",
        "checkpoints/checkpoint-1.zip"
      })
  void aFileOutsideOfItsRunIsEvaluatedAsInIt(String file) throws Exception {
    String inItsRun = eval(run.resolve(file));
    Path moved = moved(run, file);

    assertEquals(inItsRun, eval(moved));
    assertEquals(inItsRun, eval(moved, "--input-size", "40"));
    assertEquals(inItsRun, eval(moved, "--input-size", "3,40,40"));
    Command.Outcome refused =
        Command.train("eval", moved, images, "--input-size", "32")
            .refused("--input-size 32", moved.toString(), "images of 3x40x40");
    assertEquals(1, refused.err().lines().count(), refused.err());
  }

  @Test
  void soIsACheckpointWithoutAnAverage() throws Exception {
    Path plain = train("plain");
    Path checkpoint = plain.resolve("checkpoints/checkpoint-1.zip");

    assertEquals(eval(checkpoint), eval(moved(plain, "checkpoints/checkpoint-1.zip")));
  }

  @Test
  void soIsTheAverageOfSeveralFiles() throws Exception {
    Path average = directory.resolve("average.zip");
    Command.train("average", run.resolve("checkpoints/checkpoint-1.zip"), "-o", average).ok();

    assertEquals(eval(run.resolve("averaged.zip")), eval(average));
    Command.train("eval", average, images, "--input-size", "32").refused("images of 3x40x40");
  }

  @Test
  void aFileThatDoesNotSayItsSizeTakesTheOneOfTheOptions() throws Exception {
    Path early = moved(run, "averaged.zip");
    Map<String, byte[]> entries = Zips.read(early);
    entries.remove("entries.json");
    entries.remove("metadata.json");
    Zips.write(early, entries);

    assertEquals(eval(run.resolve("averaged.zip")), eval(early, "--input-size", "40"));
    assertNotEquals(eval(run.resolve("averaged.zip")), eval(early));
  }

  @Test
  void aSizeThatIsNoneIsAnErrorThatNamesTheFile() throws Exception {
    Path checkpoint = moved(run, "averaged.zip");
    EmaExport.save(
        checkpoint,
        ComputationGraph.load(run.resolve("averaged.zip").toFile(), false),
        Map.of("inputSize", "40 pixels"));

    Command.train("eval", checkpoint, images)
        .refused(checkpoint.toString(), "wrong inputSize", "'40 pixels'");
  }

  @Test
  void plainDeeplearning4jLoadsTheExport() throws Exception {
    ComputationGraph network = ComputationGraph.load(run.resolve("averaged.zip").toFile(), false);
    assertTrue(network.numParams() > 0);
  }
}
