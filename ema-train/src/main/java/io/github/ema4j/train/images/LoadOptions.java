// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.models.ImageShape;
import java.util.Objects;

/**
 * How images become batches.
 *
 * @param batchSize the images of one batch, at least 1; the last one of an epoch may have fewer
 * @param shape the size that images are brought to
 * @param seed of the order and of the augmentation
 * @param workers the threads that load ahead; 0 loads in the calling thread. The batches do not
 *     depend on it
 * @param labelSmoothing the share of a label that is spread over all classes, 0 to below 1;
 *     training only
 * @param flip whether every second image, drawn at random, is mirrored; training only
 * @param randomResizedCrop whether a random part of the image is taken instead of its middle;
 *     training only
 */
public record LoadOptions(
    int batchSize,
    ImageShape shape,
    long seed,
    int workers,
    double labelSmoothing,
    boolean flip,
    boolean randomResizedCrop) {

  /**
   * Checks the options.
   *
   * @throws UserError if the batch size is below 1, a batch too large for an array, the number of
   *     workers negative, or the smoothing outside 0 to below 1
   */
  public LoadOptions {
    Objects.requireNonNull(shape, "shape");
    if (batchSize < 1) {
      throw new UserError("batch size " + batchSize + ": it has to be at least 1");
    }
    double values = (double) batchSize * shape.channels() * shape.height() * shape.width();
    if (values > Integer.MAX_VALUE) {
      throw new UserError(
          String.format(
              "batches of %d images of %s are too large, they can hold 2^31-1 values: make the"
                  + " images or the batches smaller",
              batchSize, shape));
    }
    if (workers < 0) {
      throw new UserError(workers + " workers: give 0 to load without any, or a positive number");
    }
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new UserError(
          "label smoothing " + labelSmoothing + ": it has to be at least 0 and below 1");
    }
  }
}
