// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.models.ImageShape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.coobird.thumbnailator.Thumbnails;

/**
 * Brings images to one size and normalises them.
 *
 * <p>Red, green and blue, 0 to 1, get the mean and standard deviation of ImageNet subtracted and
 * divided by, as in torchvision and timm. Grey, {@code 0.299 red + 0.587 green + 0.114 blue}, is
 * brought from 0 to 1 to -1 to 1.
 *
 * @param shape of the result
 * @param centreShare the part of the shorter side that is kept when the middle is taken: timm's
 *     {@code crop_pct}
 */
record Preparation(ImageShape shape, double centreShare) {
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};
  private static final float GREY_MEAN = 0.5f;
  private static final float GREY_DEVIATION = 0.5f;

  /** The number of values of an image. */
  int length() {
    return shape.channels() * shape.height() * shape.width();
  }

  /** The middle of an image, in the size of the result. */
  BufferedImage centre(BufferedImage image) {
    return resized(
        image,
        Region.centre(
            image.getWidth(), image.getHeight(), shape.width(), shape.height(), centreShare));
  }

  /**
   * With the augmentation that the options ask for.
   *
   * @param image a whole one if random parts are taken, otherwise the {@link #centre} of one
   */
  void augmented(
      BufferedImage image,
      LoadOptions options,
      SplittableRandom random,
      float[] target,
      int offset) {
    BufferedImage part =
        options.randomResizedCrop()
            ? resized(image, Region.random(image.getWidth(), image.getHeight(), random))
            : image;
    boolean mirrored = options.flip() && random.nextInt(2) == 1;
    write(part, mirrored, target, offset);
  }

  private BufferedImage resized(BufferedImage image, Region region) {
    BufferedImage part = image.getSubimage(region.x(), region.y(), region.width(), region.height());
    if (region.width() == shape.width() && region.height() == shape.height()) {
      return part;
    }
    try {
      return Thumbnails.of(part)
          .forceSize(shape.width(), shape.height())
          .imageType(BufferedImage.TYPE_INT_RGB)
          .asBufferedImage();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // it has no file to read
    }
  }

  /** As it is, but for its values. */
  void plain(BufferedImage centre, float[] target, int offset) {
    write(centre, false, target, offset);
  }

  /** What is done to a picture that is taken as it is, in words. */
  String description() {
    return "of the middle, with the proportions of the result and %s of the largest such part, scaled to %d x %d (width x height): %s"
        .formatted(
            centreShare,
            shape.width(),
            shape.height(),
            shape.channels() == 1
                ? "(0.299 red + 0.587 green + 0.114 blue) / 255, less %s, divided by %s"
                    .formatted(GREY_MEAN, GREY_DEVIATION)
                : "red, green and blue / 255, in this order, less %s, divided by %s"
                    .formatted(Arrays.toString(MEAN), Arrays.toString(DEVIATION)));
  }

  private void write(BufferedImage image, boolean mirrored, float[] target, int offset) {
    int width = shape.width();
    int plane = width * shape.height();
    int[] pixels = image.getRGB(0, 0, width, shape.height(), null, 0, width);
    for (int i = 0; i < plane; i++) {
      int column = i % width;
      int pixel = pixels[mirrored ? i - column + width - 1 - column : i];
      int red = pixel >> 16 & 0xff;
      int green = pixel >> 8 & 0xff;
      int blue = pixel & 0xff;
      if (shape.channels() == 1) {
        float grey = (299 * red + 587 * green + 114 * blue) / 255_000f;
        target[offset + i] = (grey - GREY_MEAN) / GREY_DEVIATION;
      } else {
        target[offset + i] = normalised(red, 0);
        target[offset + plane + i] = normalised(green, 1);
        target[offset + 2 * plane + i] = normalised(blue, 2);
      }
    }
  }

  private static float normalised(int value, int channel) {
    return (value / 255f - MEAN[channel]) / DEVIATION[channel];
  }
}
