// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import io.github.ema4j.train.error.UserError;

/**
 * The size of the images that a network takes.
 *
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param height in pixels
 * @param width in pixels
 */
public record ImageShape(int channels, int height, int width) {

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

  /** Channels x height x width, as in {@code 3x224x224}. */
  @Override
  public String toString() {
    return channels + "x" + height + "x" + width;
  }
}
