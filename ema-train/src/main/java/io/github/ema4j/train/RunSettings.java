// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.NumericNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ema4j.train.error.Reason;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.ImageSource;
import io.github.ema4j.train.record.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What a run was started with, as {@code settings.json} in its folder keeps it: enough to resume it
 * without typing all options again, and to refuse to resume it with others.
 *
 * @param command the command line
 * @param options every option that says how to train, by name, defaults included
 * @param library the native library that computes
 * @param classes of the images, in their order
 * @param trainingImages how many
 * @param validationImages how many
 */
record RunSettings(
    String command,
    Map<String, String> options,
    String library,
    List<String> classes,
    int trainingImages,
    int validationImages) {

  static final String WITHOUT_ONEDNN = "without oneDNN";

  private static final String LIBRARY = "library";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  /** The name of the CRC-32 of all the others, written in the same way. */
  private static final String CHECKSUM = "crc32";

  /** The name of the folder of images among the options. */
  private static final String FOLDER = "DIR";

  /** Options that say where a run is, and whether to train at all. */
  private static final Set<String> NO_SETTINGS =
      Set.of("--output", "--experiment", "--resume", "--eval-only", "--allow-other-rounding");

  /** Settings that change nothing about the numbers, if the images were only moved. */
  private static final Set<String> FREE =
      Set.of(FOLDER, "--workers", "--image-cache", "--log-interval", "--checkpoint-hist");

  static RunSettings of(String line, CommandSpec command, ImageSource source) {
    Map<String, String> options = new LinkedHashMap<>();
    command.positionalParameters().forEach(argument -> put(options, FOLDER, argument));
    for (OptionSpec option : command.options()) {
      if (!option.usageHelp()
          && !option.versionHelp()
          && !NO_SETTINGS.contains(option.longestName())) {
        put(options, option.longestName(), option);
      }
    }
    return new RunSettings(
        line,
        options,
        Acceleration.library(),
        source.classes(),
        source.trainingImages(),
        source.validationImages());
  }

  private static void put(Map<String, String> options, String name, ArgSpec argument) {
    Object value = argument.getValue();
    if (value != null) {
      options.put(name, value instanceof List<?> list ? joined(list, argument) : value.toString());
    }
  }

  private static String joined(List<?> values, ArgSpec argument) {
    String separator = argument.splitRegex().equals(";") ? ";" : ",";
    return values.stream().map(Object::toString).collect(Collectors.joining(separator));
  }

  /**
   * Reads the settings of a run.
   *
   * @throws UserError if the file is not there or damaged
   */
  static RunSettings read(Path file) {
    try {
      if (!(JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode root)) {
        throw new UserError(file + " is damaged: it does not hold the settings of a run");
      }
      if (root.has(LIBRARY) || root.has(CHECKSUM)) {
        requireIntact(root, file);
      } else {
        complete(root);
      }
      return JSON.treeToValue(root, RunSettings.class);
    } catch (JsonProcessingException e) {
      throw new UserError("%s is damaged: %s".formatted(file, e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new UserError("%s cannot be read: %s".formatted(file, Reason.of(e)), e);
    }
  }

  private static void requireIntact(ObjectNode root, Path file) throws IOException {
    if (!(root.remove(CHECKSUM) instanceof NumericNode checksum)
        || checksum.longValue() != checksum(root)) {
      throw new UserError(
          file
              + " is damaged, or was changed by hand: its checksum is not that of its content."
              + " Give other settings as options instead");
    }
  }

  /** Versions that could not accelerate wrote neither a word about it nor a checksum. */
  private static void complete(ObjectNode settings) {
    if (settings.get("options") instanceof ObjectNode options) {
      settings.put(LIBRARY, WITHOUT_ONEDNN);
      options.put(Acceleration.OFF, "true");
    }
  }

  void write(Path file) throws IOException {
    ObjectNode root = JSON.valueToTree(this);
    root.put(CHECKSUM, checksum(root));
    OutputFile.write(file, out -> out.write(JSON.writeValueAsBytes(root)));
  }

  private static long checksum(ObjectNode root) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(JSON.writeValueAsBytes(root));
    return crc.getValue();
  }

  /** Gives options that are not typed the values that they have here. */
  IDefaultValueProvider asDefaults() {
    return argument ->
        options.get(argument instanceof OptionSpec option ? option.longestName() : FOLDER);
  }

  /**
   * Compares with the settings that the run is to be resumed with, but for those that {@link
   * #roundingDifferences} are about.
   *
   * @throws UserError naming what differs and would change the training
   */
  void requireSame(RunSettings now, Path run) {
    List<String> differences = new ArrayList<>();
    for (Map.Entry<String, String> option : now.options.entrySet()) {
      String name = option.getKey();
      String before = options.get(name);
      if (!isFree(name) && !name.equals(Acceleration.OFF)) {
        difference(name, before, option.getValue()).ifPresent(differences::add);
      }
    }
    if (!classes.equals(now.classes)) {
      differences.add("the classes were %s and now are %s".formatted(classes, now.classes));
    }
    if (trainingImages != now.trainingImages || validationImages != now.validationImages) {
      differences.add(
          "there were %d training and %d validation images and now are %d and %d"
              .formatted(
                  trainingImages, validationImages, now.trainingImages, now.validationImages));
    }
    if (!differences.isEmpty()) {
      throw new UserError(
          "the run in %s cannot be resumed with other settings: %s. Leave those out, or start a new run"
              .formatted(run, String.join("; ", differences)));
    }
  }

  /**
   * What of other settings changes the last digits of results, and nothing else.
   *
   * @return empty if the run goes on bit for bit
   */
  List<String> roundingDifferences(RunSettings now) {
    List<String> differences = new ArrayList<>();
    difference(Acceleration.OFF, options.get(Acceleration.OFF), now.options.get(Acceleration.OFF))
        .ifPresent(differences::add);
    if (!library.equals(now.library)) {
      differences.add(
          "the native library was one %s and now is one %s".formatted(library, now.library));
    }
    return differences;
  }

  private static Optional<String> difference(String name, String before, String now) {
    return Objects.equals(before, now)
        ? Optional.empty()
        : Optional.of(
            "%s was %s and now is %s".formatted(name, before == null ? "not given" : before, now));
  }

  /** Other settings under the command that the run was started with. */
  RunSettings with(RunSettings others) {
    return new RunSettings(
        command,
        others.options,
        others.library,
        others.classes,
        others.trainingImages,
        others.validationImages);
  }

  /** Says that the images are in another folder now: they may have been moved, or be others. */
  Optional<String> folderChange(RunSettings now) {
    String before = options.get(FOLDER);
    String after = now.options.get(FOLDER);
    return Objects.equals(before, after)
        ? Optional.empty()
        : Optional.of("The images were in %s and now are in %s".formatted(before, after));
  }

  /** A run may be made longer, but not where its length says how the learning rate falls. */
  private boolean isFree(String option) {
    return FREE.contains(option)
        || (option.equals("--epochs")
            && !LearningRates.Shape.COSINE.toString().equals(options.get("--sched")));
  }
}
