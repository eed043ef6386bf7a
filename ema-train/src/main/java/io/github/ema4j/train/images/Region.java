// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.util.SplittableRandom;

/** A part of an image, in pixels. */
record Region(int x, int y, int width, int height) {
  private static final int ATTEMPTS = 10;
  private static final double LEAST_AREA = 0.08;
  private static final double LEAST_RATIO = 3.0 / 4;
  private static final double LARGEST_RATIO = 4.0 / 3;

  /**
   * The middle of an image: what is left when the image is scaled to cover the target divided by
   * {@code share}, and the target is cut out of its centre.
   *
   * @param share the part of the scaled image's shorter side that is kept, above 0, at most 1
   */
  static Region centre(
      int imageWidth, int imageHeight, int targetWidth, int targetHeight, double share) {
    double scale =
        Math.max(
            Math.floor(targetWidth / share) / imageWidth,
            Math.floor(targetHeight / share) / imageHeight);
    return middle(
        imageWidth, imageHeight, rounded(targetWidth / scale), rounded(targetHeight / scale));
  }

  /**
   * A random part, as torchvision's {@code RandomResizedCrop} draws it: 8 to 100 % of the area,
   * with a ratio of width to height of 3/4 to 4/3.
   */
  static Region random(int imageWidth, int imageHeight, SplittableRandom random) {
    double area = (double) imageWidth * imageHeight;
    for (int i = 0; i < ATTEMPTS; i++) {
      double part = area * random.nextDouble(LEAST_AREA, 1);
      double ratio = Math.exp(random.nextDouble(Math.log(LEAST_RATIO), Math.log(LARGEST_RATIO)));
      int width = rounded(Math.sqrt(part * ratio));
      int height = rounded(Math.sqrt(part / ratio));
      if (width <= imageWidth && height <= imageHeight) {
        int x = random.nextInt(imageWidth - width + 1);
        int y = random.nextInt(imageHeight - height + 1);
        return new Region(x, y, width, height);
      }
    }
    // A long, thin image: the largest part of its middle with an allowed ratio.
    double ratio = (double) imageWidth / imageHeight;
    if (ratio < LEAST_RATIO) {
      return middle(imageWidth, imageHeight, imageWidth, rounded(imageWidth / LEAST_RATIO));
    }
    if (ratio > LARGEST_RATIO) {
      return middle(imageWidth, imageHeight, rounded(imageHeight * LARGEST_RATIO), imageHeight);
    }
    return new Region(0, 0, imageWidth, imageHeight);
  }

  private static Region middle(int imageWidth, int imageHeight, int width, int height) {
    int w = Math.min(width, imageWidth);
    int h = Math.min(height, imageHeight);
    return new Region((imageWidth - w) / 2, (imageHeight - h) / 2, w, h);
  }

  private static int rounded(double size) {
    return Math.max(1, (int) Math.round(size));
  }
}
