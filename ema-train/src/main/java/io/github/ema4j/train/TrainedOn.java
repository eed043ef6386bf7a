// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.PictureInput;
import io.github.ema4j.train.models.ImageShape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a network was trained on, as its files say it.
 *
 * @param inputSize of the images; empty in files of others than {@code train}
 * @param classes their names, in the order of the outputs; empty in files of others and of early
 *     versions
 */
record TrainedOn(Optional<ImageShape> inputSize, List<String> classes) {

  /** Of files that say nothing. */
  static final TrainedOn UNKNOWN = new TrainedOn(Optional.empty(), List.of());

  private static final String SIZE = "inputSize";
  private static final String CLASSES = "classes";
  private static final String PREPARATION = "preparation"; // for people

  private static final ObjectMapper JSON = new ObjectMapper();

  static TrainedOn images(ImageShape size, List<String> classes) {
    return new TrainedOn(Optional.of(size), List.copyOf(classes));
  }

  /**
   * Looks among the texts in a file.
   *
   * @throws UserError if they are none of {@code train}
   */
  static TrainedOn in(Map<String, String> texts, Path file) {
    try {
      return new TrainedOn(
          Optional.ofNullable(texts.get(SIZE)).map(ImageShape::of),
          JSON.readValue(texts.getOrDefault(CLASSES, "[]"), new TypeReference<List<String>>() {}));
    } catch (UserError e) {
      throw new UserError("%s has a wrong %s: %s".formatted(file, SIZE, e.getMessage()), e);
    } catch (JsonProcessingException e) {
      throw new UserError(
          "%s has wrong %s: %s".formatted(file, CLASSES, e.getOriginalMessage()), e);
    }
  }

  /** The texts for a file. */
  Map<String, String> toTexts() {
    Map<String, String> texts = new LinkedHashMap<>();
    inputSize.ifPresent(
        size -> {
          texts.put(SIZE, size.toString());
          texts.put(PREPARATION, new PictureInput(size).description());
        });
    if (!classes.isEmpty()) {
      try {
        texts.put(CLASSES, JSON.writeValueAsString(classes));
      } catch (JsonProcessingException e) {
        throw new AssertionError(e); // of strings
      }
    }
    return texts;
  }
}
