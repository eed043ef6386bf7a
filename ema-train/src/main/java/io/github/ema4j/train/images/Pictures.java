// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.awt.image.BufferedImage;
import java.util.Optional;

/** A set of images with labels, numbered from 0, that any thread may read one by one. */
interface Pictures {

  int size();

  /** The number of the class. */
  int label(int picture);

  /**
   * The image as {@link BufferedImage#TYPE_INT_RGB}, or nothing if it is unreadable, which is then
   * noted.
   */
  Optional<BufferedImage> read(int picture);
}
