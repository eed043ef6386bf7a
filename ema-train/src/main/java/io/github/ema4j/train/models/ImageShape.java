// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import io.github.ema4j.train.error.UserError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The size of the images that a network takes.
 *
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param height in pixels
 * @param width in pixels
 */
public record ImageShape(int channels, int height, int width) {
  private static final Pattern TEXT = Pattern.compile("(\\d)x(\\d{1,9})x(\\d{1,9})");

  /**
   * Checks the sizes.
   *
   * @throws UserError if there are neither 1 nor 3 channels, or height or width is below 1
   */
  public ImageShape {
    if (channels != 1 && channels != 3) {
      throw new UserError(
          channels + " channels: images have 1 (grey) or 3 (red, green, blue) channels");
    }
    if (height < 1 || width < 1) {
      throw new UserError(
          "images of " + height + " x " + width + " pixels: both sizes have to be at least 1");
    }
  }

  /**
   * Reads what {@link #toString} wrote.
   *
   * @throws UserError if the text is no such size
   */
  public static ImageShape of(String text) {
    Matcher sizes = TEXT.matcher(text);
    if (!sizes.matches()) {
      throw new UserError("'" + text + "' is no size of images, such as 3x224x224");
    }
    return new ImageShape(size(sizes, 1), size(sizes, 2), size(sizes, 3));
  }

  private static int size(Matcher sizes, int group) {
    return Integer.parseInt(sizes.group(group));
  }

  /** Channels x height x width, as in {@code 3x224x224}. */
  @Override
  public String toString() {
    return channels + "x" + height + "x" + width;
  }
}
