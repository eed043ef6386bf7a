// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ema4j.dl4j.evaluation.Gain;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The lines of {@link JsonLines}: how each type is written and read. Numbers that JSON has no
 * notation for are the strings {@code "NaN"}, {@code "Infinity"} and {@code "-Infinity"}; what is
 * not known is left out.
 */
final class LogLine {
  static final String START = "start";
  static final String RESUME = "resume";
  static final String ITERATION = "iteration";
  static final String EPOCH = "epoch";
  static final String END = "end";

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private LogLine() {}

  /** A line with nothing but its type and time yet. */
  static ObjectNode of(String type, Instant time) {
    return JSON.createObjectNode().put("type", type).put("time", time.toString());
  }

  static String text(ObjectNode line) {
    try {
      return JSON.writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException if it is not a JSON object with a type
   */
  static JsonNode parse(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      type(node);
      return node;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  static String type(JsonNode line) {
    return line.required("type").asText();
  }

  // ---------------------------------------------------------------- the run

  static void put(ObjectNode line, RunDescription run) {
    line.put("command", run.command());
    line.put("model", run.model());
    line.put("parameters", run.parameters());
    line.put("data", run.data());
    line.put("started", run.started().toString());
    run.settings().forEach(line.putObject("settings")::put);
    run.environment().forEach(line.putObject("environment")::put);
  }

  static RunDescription run(JsonNode line) {
    return new RunDescription(
        line.required("command").asText(),
        texts(line.required("settings")),
        texts(line.required("environment")),
        line.required("model").asText(),
        line.required("parameters").asLong(),
        line.required("data").asText(),
        Instant.parse(line.required("started").asText()));
  }

  private static Map<String, String> texts(JsonNode object) {
    Map<String, String> texts = new LinkedHashMap<>();
    object.properties().forEach(e -> texts.put(e.getKey(), e.getValue().asText()));
    return texts;
  }

  // ---------------------------------------------------------------- an epoch

  static void put(ObjectNode line, EpochResult epoch) {
    line.put("epoch", epoch.epoch());
    line.put("iteration", epoch.iteration());
    line.put("learning_rate", epoch.learningRate());
    line.put("train_loss", epoch.trainLoss());
    put(line.putObject("raw"), epoch.raw());
    for (AveragedResult average : epoch.averages()) {
      ObjectNode node = line.withArray("averages").addObject();
      node.put("name", average.name());
      node.put("schedule", average.schedule());
      node.put("decay", average.decay());
      node.put("initial_share", average.initialShare());
      average.distance().ifPresent(distance -> node.put("distance", distance));
      if (average.restores() > 0) {
        node.put("restores", average.restores());
      }
      average.score().ifPresent(score -> put(node.putObject("score"), score));
      average.gain().ifPresent(gain -> put(node.putObject("gain"), gain));
    }
    line.put("seconds", epoch.seconds());
    line.put("images_per_second", epoch.imagesPerSecond());
  }

  private static void put(ObjectNode node, Score score) {
    node.put("accuracy", score.accuracy()).put("loss", score.loss());
  }

  private static void put(ObjectNode node, Gain gain) {
    node.put("examples", gain.examples());
    node.put("only_raw", gain.onlyRaw());
    node.put("only_averaged", gain.onlyAveraged());
    node.put("differing", gain.differing());
    node.put("raw_calibration_error", gain.rawCalibrationError());
    node.put("averaged_calibration_error", gain.averagedCalibrationError());
  }

  static int epochNumber(JsonNode line) {
    return line.required("epoch").asInt();
  }

  static EpochResult epoch(JsonNode line) {
    List<AveragedResult> averages = new ArrayList<>();
    line.path("averages").forEach(node -> averages.add(average(node)));
    return new EpochResult(
        epochNumber(line),
        line.required("iteration").asLong(),
        number(line, "learning_rate"),
        number(line, "train_loss"),
        score(line.required("raw")),
        averages,
        number(line, "seconds"),
        number(line, "images_per_second"));
  }

  private static AveragedResult average(JsonNode node) {
    return new AveragedResult(
        node.required("name").asText(),
        node.required("schedule").asText(),
        number(node, "decay"),
        number(node, "initial_share"),
        node.has("distance") ? OptionalDouble.of(number(node, "distance")) : OptionalDouble.empty(),
        node.path("restores").asLong(0),
        Optional.ofNullable(node.get("score")).map(LogLine::score),
        Optional.ofNullable(node.get("gain")).map(LogLine::gain));
  }

  private static Gain gain(JsonNode node) {
    return new Gain(
        node.required("examples").asLong(),
        node.required("only_raw").asLong(),
        node.required("only_averaged").asLong(),
        node.required("differing").asLong(),
        number(node, "raw_calibration_error"),
        number(node, "averaged_calibration_error"));
  }

  private static Score score(JsonNode node) {
    return new Score(number(node, "accuracy"), number(node, "loss"));
  }

  /** Also from the strings above; anything else is no number. */
  private static double number(JsonNode node, String name) {
    JsonNode value = node.required(name);
    return value.isNumber() ? value.doubleValue() : Double.parseDouble(value.asText());
  }
}
