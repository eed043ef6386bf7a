// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.models.ImageShape;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The size of the images that a network was trained on, as its files say it. */
final class InputSize {
  private static final String NAME = "inputSize";

  private InputSize() {}

  static Map<String, String> toTexts(ImageShape shape) {
    return Map.of(NAME, shape.toString());
  }

  /**
   * Looks for it among the texts in a file.
   *
   * @return empty for files of earlier versions, and of others than {@code train}
   * @throws UserError if it is no size
   */
  static Optional<ImageShape> in(Map<String, String> texts, Path file) {
    try {
      return Optional.ofNullable(texts.get(NAME)).map(ImageShape::of);
    } catch (UserError e) {
      throw new UserError("%s has a wrong %s: %s".formatted(file, NAME, e.getMessage()), e);
    }
  }
}
