// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Model.OptionSpec;

/** What {@code docs/train.md} says and shows is so. */
class ManualTest {
  private static final Path MANUAL = Path.of("..", "docs", "train.md");
  private static final Pattern BLOCK = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

  @TempDir private Path directory;

  /**
   * All commands in their order, on a few small images, with a small network and in another folder:
   * the rest is as it stands there.
   */
  @Test
  void commandsRun() throws Exception {
    Path images = Shapes.write(directory.resolve("images"), 4, 3);
    List<String> commands = commands();
    assertTrue(commands.size() >= 10, commands.toString());
    for (String command : commands) {
      List<Object> arguments = new ArrayList<>();
      for (String word : words(command)) {
        arguments.add(
            word.replaceFirst("^(\\.\\./imagenette2-320|arranged)$", images.toString())
                .replaceFirst("^(cat.jpg|dog.png)$", images + "/val/disc/0.png")
                .replaceFirst("^(resnet34|lenet)$", "mlp")
                .replaceFirst("^resnet18$", "simplecnn") // with batch norm
                .replaceFirst("^(output|mean|decay)([/.-].*)$", directory + "/$1$2"));
      }
      boolean trains = command.contains("--model");
      if (trains) {
        arguments.addAll(List.of("--output", directory.resolve("output")));
      }
      if (trains && command.contains("imagenette")) {
        arguments.addAll(List.of("--input-size", "28", "--epochs", "2"));
      }
      Command.Outcome outcome = Command.train(arguments.toArray());
      assertEquals(0, outcome.code(), command + "\n" + outcome.out() + outcome.err());
    }
  }

  private static List<String> commands() throws Exception {
    List<String> commands = new ArrayList<>();
    Matcher block = BLOCK.matcher(Files.readString(MANUAL));
    while (block.find()) {
      for (String line : block.group(1).split("\n")) {
        assertTrue(line.startsWith("./train "), line);
        commands.add(line.substring("./train ".length()));
      }
    }
    return commands;
  }

  private static List<String> words(String command) {
    return WORD.matcher(command)
        .results()
        .map(word -> word.group(1) != null ? word.group(1) : word.group(2))
        .toList();
  }

  @Test
  void everyOptionIsInTheTableAndNoOther() throws Exception {
    TreeSet<String> documented = new TreeSet<>();
    String manual = Files.readString(MANUAL);
    manual
        .substring(manual.indexOf("## Options"), manual.indexOf("### What differs from timm"))
        .lines()
        .filter(line -> line.startsWith("| `"))
        .forEach(
            line ->
                Pattern.compile("--(\\[no-])?[a-z-]+")
                    .matcher(line.split("\\|")[1])
                    .results()
                    .forEach(option -> documented.add(option.group().replace("[no-]", ""))));
    TreeSet<String> options = new TreeSet<>();
    for (OptionSpec option : Train.commandLine(new Train()).getCommandSpec().options()) {
      options.add(option.longestName());
    }
    options.remove("--help");
    assertEquals(options, documented);
  }

  @Test
  void defaultsAreThoseOfTheTable() throws Exception {
    String manual = Files.readString(MANUAL);
    for (OptionSpec option : Train.commandLine(new Train()).getCommandSpec().options()) {
      String value = option.defaultValue();
      if (value != null && !value.equals("false")) {
        Pattern row =
            Pattern.compile(
                "\\| [^|]*`?"
                    + option.longestName()
                    + "( [^|]*)?` \\| "
                    + Pattern.quote(value)
                    + " \\|");
        assertTrue(row.matcher(manual).find(), option.longestName() + " " + value);
      }
    }
  }
}
