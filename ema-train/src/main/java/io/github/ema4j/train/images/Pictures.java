// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.awt.image.BufferedImage;
import java.util.Optional;
import java.util.stream.IntStream;

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

  /** The number of images of the class that has most. */
  default int largestClass() {
    int[] labels = IntStream.range(0, size()).map(this::label).sorted().toArray();
    int largest = 0;
    for (int i = 0, first = 0; i < labels.length; i++) {
      first = labels[i] == labels[first] ? first : i;
      largest = Math.max(largest, i - first + 1);
    }
    return largest;
  }
}
