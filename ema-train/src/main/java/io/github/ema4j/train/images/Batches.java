// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Makes the batches of one pass over the images, each for itself and in any thread. What is in a
 * batch depends on its number alone. Unreadable images leave it smaller; nothing takes their place.
 */
final class Batches {
  private final Pictures pictures; // as they are, or the middles of them
  private final int classes;
  private final LoadOptions options;
  private final Preparation preparation;
  private final int[] order;

  /** The number of the epoch, or none for validation. */
  private final OptionalInt epoch;

  private Batches(
      Pictures pictures,
      int classes,
      LoadOptions options,
      double centreShare,
      OptionalInt epoch,
      PictureCache cache) {
    this.classes = classes;
    this.options = options;
    this.preparation = new Preparation(options.shape(), centreShare);
    this.epoch = epoch;
    this.pictures =
        epoch.isPresent() && options.randomResizedCrop()
            ? cache.whole(pictures)
            : cache.centres(pictures, preparation);
    this.order =
        epoch.isPresent()
            ? RandomStreams.permutation(pictures.size(), options.seed(), epoch.getAsInt())
            : IntStream.range(0, pictures.size()).toArray();
  }

  static Batches training(
      Pictures pictures,
      int classes,
      LoadOptions options,
      double centreShare,
      int epoch,
      PictureCache cache) {
    return new Batches(pictures, classes, options, centreShare, OptionalInt.of(epoch), cache);
  }

  static Batches validation(
      Pictures pictures, int classes, LoadOptions options, double centreShare, PictureCache cache) {
    return new Batches(pictures, classes, options, centreShare, OptionalInt.empty(), cache);
  }

  LoadOptions options() {
    return options;
  }

  /** The number of values of an image. */
  int pixels() {
    return preparation.length();
  }

  /** The number of batches. */
  int count() {
    return (order.length - 1) / options.batchSize() + 1;
  }

  /**
   * Makes a batch.
   *
   * @param number from 0
   * @param cancelled asked before each image; if true, nothing is returned
   * @return nothing if no image of it is readable
   */
  Optional<DataSet> load(int number, BooleanSupplier cancelled) {
    int from = number * options.batchSize();
    int to = Math.min(from + options.batchSize(), order.length);
    int pixels = preparation.length();
    float[] features = new float[(to - from) * pixels];
    float[] labels = new float[(to - from) * classes];
    int images = 0;
    for (int i = from; i < to; i++) {
      if (cancelled.getAsBoolean()) {
        return Optional.empty();
      }
      Optional<BufferedImage> image = pictures.read(order[i]);
      if (image.isPresent()) {
        prepare(image.get(), order[i], features, images * pixels);
        label(pictures.label(order[i]), labels, images * classes);
        images++;
      }
    }
    return images == 0 ? Optional.empty() : Optional.of(dataSet(images, features, labels));
  }

  private void prepare(BufferedImage image, int picture, float[] features, int offset) {
    if (epoch.isPresent()) {
      preparation.augmented(
          image,
          options,
          RandomStreams.ofImage(options.seed(), epoch.getAsInt(), picture),
          features,
          offset);
    } else {
      preparation.plain(image, features, offset);
    }
  }

  private void label(int label, float[] labels, int offset) {
    double smoothing = epoch.isPresent() ? options.labelSmoothing() : 0;
    Arrays.fill(labels, offset, offset + classes, (float) (smoothing / classes));
    labels[offset + label] = (float) (1 - smoothing + smoothing / classes);
  }

  private DataSet dataSet(int images, float[] features, float[] labels) {
    return new DataSet(
        Nd4j.createFromArray(Arrays.copyOf(features, images * preparation.length()))
            .reshape(
                images,
                options.shape().channels(),
                options.shape().height(),
                options.shape().width()),
        Nd4j.createFromArray(Arrays.copyOf(labels, images * classes)).reshape(images, classes));
  }
}
