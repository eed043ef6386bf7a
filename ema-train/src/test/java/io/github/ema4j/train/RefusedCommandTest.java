// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.models.Models;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options and folders that a person has to mend: exit code 2, and a message that says how. */
class RefusedCommandTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--epoch 3 | Unknown option: '--epoch'",
        "--modl resnet34 | Unknown option: '--modl': --model?",
        "--mixup 0.2 | Unknown option: '--mixup', of timm: images are mirrored",
        "--amp | Unknown option: '--amp', of timm: ",
        "--drop=0.2 | Unknown option: '--drop', of timm: ",
        "nowhere --hflip 0.5 | --hflip takes no number",
        "--epochs 0 | --epochs 0: it has to be 1 or more",
        "--epochs many | 'many' is not a whole number",
        "--seed x | 'x' is not a whole number",
        "--lr 0.1x | '0.1x' is not a number",
        "--model-ema --model-ema-half-life 2,x | 'x' is not a number",
        "--lr 0 | --lr 0.0: it has to be above 0",
        "--lr NaN | --lr NaN: it has to be above 0",
        "--momentum 1 | --momentum 1.0: it has to be at least 0 and below 1",
        "--weight-decay -1 | --weight-decay -1.0: it has to be 0 or more",
        "--opt adamw | expected one of [sgd, momentum, adam, rmsprop] but was 'adamw'. The nearest is adam; --weight-decay is",
        "--opt lookahead_adam | take the optimizer after the '_'",
        "--opt lamb | take adam or momentum",
        "--opt adamp | The nearest is mostly adam",
        "--sched plateau | 'plateau'",
        "--decay-rate 2 | --decay-rate 2.0: it has to be above 0, at most 1",
        "--warmup-epochs -1 | --warmup-epochs -1: it has to be 0 or more",
        "--batch-size 0 | batch size 0: it has to be at least 1",
        "--input-size 32 nowhere | nowhere does not exist",
        "--input-size 3 32 32 nowhere | nowhere does not exist",
        "--input-size 3,32 | --input-size [3, 32]: give one number, or channels",
        "--input-size 2,32,32 | 2 channels",
        "--smoothing 1 | label smoothing 1.0",
        "--workers -1 | -1 workers",
        "--image-cache -1 | --image-cache -1: it has to be from 0",
        "--image-cache 99999999999 | --image-cache 99999999999: it has to be from 0 to",
        "--log-interval 0 | --log-interval 0: it has to be 1 or more",
        "--checkpoint-hist 0 | --checkpoint-hist 0: it has to be 1 or more",
        "--experiment a/b | --experiment a/b: give a name without '/'",
        "--model resnet35 | there is no model \"resnet35\"; the nearest names are",
        "--model-ema-decay 0.99 | --model-ema-decay needs --model-ema",
        "--model-ema-warmup | --model-ema-warmup needs --model-ema",
        "--model-ema --model-ema-decay 1.5 | --model-ema-decay 1.5: it has to be a number from 0 to 1 such as",
        "--model-ema --model-ema-decay high | --model-ema-decay high: it has to be a number",
        "--model-ema --model-ema-decay auto --model-ema-warmup | has its own warm-up",
        "--model-ema --model-ema-decay 0.9,0.9 | 0.9 is asked for twice",
        "--model-ema --model-ema-interval 0 | --model-ema-interval 0: it has to be 1 or more",
        "--model-ema --model-ema-bn mean | 'mean'",
        "--model-ema-half-life 2 | --model-ema-half-life needs --model-ema",
        "--model-ema --model-ema-half-life 0 | --model-ema-half-life 0.0: halfLife must be above 0",
        "--model-ema --model-ema-half-life 2 --model-ema-decay 0.9 | leave out --model-ema-decay",
        "--model-ema --model-ema-unit weeks | 'weeks'",
        "--model-ema --model-ema-unit epochs --model-ema-decay 0.9 | give --model-ema-half-life",
        "--model-ema --model-ema-unit epochs --model-ema-schedule uniform() | --model-ema-half-life",
        "--model-ema --model-ema-unit examples --model-ema-interval 2 | every step is an update",
        "--model-ema --model-ema-start -1 | --model-ema-start -1: it has to be 0 or more",
        "--model-ema --model-ema-non-finite ignore | 'ignore'",
        "--model-ema --model-ema-schedule linear(d=1) | --model-ema-schedule: ",
        "--model-ema --model-ema-schedule uniform() --model-ema-decay 0.9 | leave out",
        "--model mlp --model-ema --model-ema-bn copy | --model-ema-bn copy: No parameter",
        "--model mlp --model-ema --model-ema-bn recalibrate | mlp has no batch norm",
        "--opt sgd --momentum 0.9 | --momentum is for --opt momentum",
        "--eval-only | --eval-only needs --resume",
        "--resume nowhere | --resume nowhere: there is no such file or folder",
        "nowhere | nowhere does not exist",
        "eval nowhere.zip | nowhere.zip is not a file",
        "average nowhere.zip -o out.zip | nowhere.zip is not a file",
        "average | Missing required",
      })
  void aWrongOptionIsNamedWithItsLimit(String line, String message) {
    Command.train((Object[]) line.split(" ")).refused(message);
  }

  @Test
  void nothingIsMadeForARefusedRun() {
    Path output = directory.resolve("output");
    Command.train("--lr", "0", "--output", output).refused();
    Command.train("--model", "vgg", "--output", output).refused("zoo:vgg16");
    Command.Outcome tooSmall =
        Command.train("--model", "zoo:vgg16", "--input-size", "16", "--output", output)
            .refused("zoo:vgg16 cannot be built for images of 1x16x16 and 10 classes; larger");
    assertEquals(1, tooSmall.err().lines().count(), tooSmall.err());
    assertFalse(Files.exists(output));
  }

  @Test
  void anOutputThatIsAFileIsRefused() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    Command.Outcome outcome = Command.train("--output", file).refused("--output " + file);
    assertFalse(outcome.err().contains("java"), outcome.err());
  }

  @Test
  void aFolderWithoutClassesIsRefused() throws Exception {
    Files.createDirectories(directory.resolve("train"));
    Command.train(directory).refused(directory.resolve("train").toString());
  }

  @Test
  void whatIsMissingIsSaidAtOnce() throws Exception {
    Files.createDirectories(directory.resolve("val"));
    Command.train(directory).refused("has no directory train, only val", "--model is missing");
    String named = Command.train(directory, "--model", "lenet").refused("train, only val").err();
    assertFalse(named.contains("--model is missing"), named);
  }

  @Test
  void aTakenOrMisspeltNameIsRefusedBeforeANetworkIsBuilt() throws Exception {
    Files.createFile(Files.createDirectories(directory.resolve("taken")).resolve("log.jsonl"));
    for (Command.Outcome outcome :
        List.of(
            Command.train("--output", directory, "--experiment", "taken").refused("taken exists"),
            Command.train("--output", directory, "--model", "lenett").refused("lenet"))) {
      assertEquals("", outcome.out());
    }
  }

  /** A network of any default would be too large or too small for the images of somebody's own. */
  @Test
  void aFolderNeedsTheNameOfANetwork() throws Exception {
    Shapes.main(new String[] {directory.toString(), "2", "2"});
    Command.train(directory).refused("--model is missing", "--input-size");
  }

  @Test
  void versionsAreShown() {
    String shown = Command.train("--version").ok().out();
    assertTrue(shown.matches("(?s)EMA4J \\d.*Deeplearning4j 1\\.0\\.0-M2\\.1.*Java 1\\d.*"), shown);
  }

  @Test
  void aFolderThatIsNoRunIsNotResumed() {
    Command.train("--resume", directory).refused("settings.json");
    Command.train("--resume", "--output", directory).refused("there is no run to resume in");
  }

  @Test
  void aFileThatIsNoModelIsRefused() throws Exception {
    Path file = Files.writeString(directory.resolve("model.zip"), "no zip");
    Command.train("eval", file).refused("model.zip: is not a model file");
  }

  @Test
  void helpListsEveryOptionWithItsDefault() {
    Command.Outcome help = Command.train("--help").ok();
    for (String part :
        List.of(
            "Images:",
            "Average of the weights:",
            "--[no-]model-ema",
            "(default: auto; timm: 0.9998)",
            "--resume",
            "list-models",
            "130")) {
      assertTrue(help.out().contains(part), "'" + part + "' is not in: " + help.out());
    }
  }

  @Test
  void modelsAreListed() {
    List<String> names = Command.train("list-models").ok().out().lines().toList();
    assertTrue(names.containsAll(Models.names()), names.toString());
    assertTrue(names.containsAll(Models.zooNames()), names.toString());
    assertEquals(names.stream().distinct().toList(), names);
  }
}
