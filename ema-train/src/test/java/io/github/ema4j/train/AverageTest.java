// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.commons.io.FileUtils;
import org.deeplearning4j.nn.api.Model;
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
  void greedySoupIsTheMeanOfThoseThatDoEachOtherGood() throws Exception {
    Path out = directory.resolve("soup.zip");
    Object[] command = {
      "average", checkpoint(1), checkpoint(2), checkpoint(3), "--raw", "--greedy", "-o", out
    };
    String printed = Command.train(command).ok().out();
    List<String> lines = printed.lines().toList();
    assertEquals(4, lines.size(), printed);
    List<Integer> in = new ArrayList<>();
    double before = 100;
    for (String line : lines.subList(0, 3)) {
      double alone = Double.parseDouble(line.substring(0, line.indexOf('%')).strip());
      assertTrue(alone <= before, printed); // from the best on
      before = alone;
      if (line.contains(" in ")) {
        in.add(Integer.parseInt(line.replaceAll(".*checkpoint-(\\d)\\.zip", "$1")));
      }
    }
    assertTrue(lines.get(3).contains("%d of 3 files".formatted(in.size())), printed);
    INDArray sum = raw(in.get(0)).dup();
    for (int epoch : in.subList(1, in.size())) {
      sum.addi(raw(epoch));
    }
    INDArray written = MultiLayerNetwork.load(out.toFile(), false).params();
    assertTrue(sum.div(in.size()).equalsWithEps(written, 1e-6), printed);

    // On other images, and as eval scores it.
    Path other = Shapes.write(directory.resolve("others"), 4, 6);
    Path elsewhere = directory.resolve("elsewhere.zip");
    String second =
        Command.train(
                "average",
                checkpoint(1),
                checkpoint(3),
                "--greedy",
                "--validate",
                other,
                "-o",
                elsewhere)
            .ok()
            .out();
    String score = second.replaceAll("(?s).* files, ([0-9.]+) %.*", "$1");
    String evaluated = Command.train("eval", elsewhere, other).ok().out();
    assertTrue(evaluated.contains(score), second + evaluated);
  }

  /** Those of the mean itself: deviations of weights that were never together would not do. */
  @Test
  void greedySoupFitsBatchNormToEachMean() throws Exception {
    Command.train(
            images,
            "--model",
            "simplecnn",
            "--epochs",
            "2",
            "--batch-size",
            "8",
            "--input-size",
            "16",
            "--output",
            directory,
            "--experiment",
            "bn")
        .ok();
    Path folder = directory.resolve("bn/checkpoints");
    Path out = directory.resolve("bn.zip");
    Command.train(
            "average",
            folder.resolve("checkpoint-1.zip"),
            folder.resolve("checkpoint-1.zip"),
            "--greedy",
            "-o",
            out)
        .ok();
    Model once = Nets.load(out).network();
    Model original = Nets.load(folder.resolve("checkpoint-1.zip")).network();
    int moved = 0;
    for (String name : original.paramTable().keySet()) {
      boolean same = original.getParam(name).equalsWithEps(once.getParam(name), 1e-6);
      boolean statistics = name.matches("\\d+_(mean|var|log10stdev)");
      assertTrue(same || statistics, name);
      moved += same ? 0 : 1;
    }
    assertTrue(moved > 0);
  }

  @Test
  void whatIsNoSoupIsRefused() throws Exception {
    Path out = directory.resolve("none.zip");
    Command.train("average", checkpoint(1), "--validate", images, "-o", out)
        .refused("--validate is for --greedy");
    Command.train("average", checkpoint(1), "--greedy", "--schedule", "uniform()", "-o", out)
        .refused("leave --schedule out");
    Path moved = Files.copy(checkpoint(1), directory.resolve("lonely.zip"));
    Command.train("average", moved, "--greedy", "-o", out).refused("not in the folder of a run");
    assertTrue(Files.notExists(out));
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
    List<String> lines = line.lines().toList();
    assertTrue(lines.get(0).matches("\\d+ images of " + Pattern.quote(images + "/val")), line);
    assertTrue(lines.get(1).startsWith("  raw ") && lines.size() == 2, line);
  }
}
