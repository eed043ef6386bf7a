// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.ImageFolder;
import io.github.ema4j.train.images.ImageSource;
import io.github.ema4j.train.images.LoadOptions;
import io.github.ema4j.train.images.ShippedImages;
import io.github.ema4j.train.models.ImageShape;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The images, and how they are loaded. */
final class DataOptions {

  /** Each holds two batches ready, or is at them. */
  private static final int MOST_WORKERS = 8;

  private static final long MOST_MEGABYTES = Runtime.getRuntime().maxMemory() >> 20;

  @Parameters(
      arity = "0..1",
      paramLabel = "DIR",
      description =
          "Folder of images, train/CLASS/*.jpg|png and val/CLASS/*.jpg|png; without it, the"
              + " Fashion-MNIST images that are part of EMA4J.")
  private Path folder;

  @Option(
      names = {"-b", "--batch-size"},
      paramLabel = "N",
      defaultValue = "32",
      description = "Images in a batch (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = {"--input-size", "--img-size"},
      paramLabel = "N | C H W",
      hideParamSyntax = true,
      split = "[,x ]",
      arity = "1..3",
      description =
          "Size that images are brought to, N or C H W, as in 3 224 224 (default: 3 224 224 for a"
              + " folder, 1 28 28 for the images of EMA4J).")
  private List<Integer> inputSize;

  @Option(
      names = {"-j", "--workers"},
      paramLabel = "N",
      description = "Threads that load images (default: one for each processor, at most 8).")
  private Integer workers;

  @Option(
      names = "--image-cache",
      paramLabel = "MB",
      description =
          "Memory in which the images of a folder are kept once decoded, in megabytes; 0 decodes"
              + " them anew in each epoch (default: a quarter of Java's memory, -Xmx).")
  private Long imageCache;

  @Option(
      names = "--smoothing",
      paramLabel = "S",
      defaultValue = "0",
      description = "Label smoothing, 0 to below 1 (default: ${DEFAULT-VALUE}).")
  private double smoothing;

  @Option(
      names = "--hflip",
      negatable = true,
      defaultValue = "false",
      fallbackValue = "true",
      description = "Mirror every second training image, drawn at random (default: no).")
  private boolean flip;

  @Option(
      names = "--random-resized-crop",
      negatable = true,
      defaultValue = "false",
      fallbackValue = "true",
      description = "Train on random parts of the images, resized (default: no).")
  private boolean randomResizedCrop;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description =
          "Of start weights, order, augmentation and dropout (default: ${DEFAULT-VALUE}).")
  private long seed;

  ImageSource open() {
    checkCache();
    return folder == null ? ShippedImages.open() : ImageFolder.open(folder, cacheBytes());
  }

  /** Images that are not trained on. */
  ImageSource openForValidation() {
    checkCache();
    return folder == null
        ? ShippedImages.open()
        : ImageFolder.openForValidation(folder, cacheBytes());
  }

  private void checkCache() {
    if (imageCache != null && (imageCache < 0 || imageCache > MOST_MEGABYTES)) {
      throw new UserError(
          "--image-cache %d: it has to be from 0 to %d megabytes, what Java can take at most (-Xmx)"
              .formatted(imageCache, MOST_MEGABYTES));
    }
  }

  private long cacheBytes() {
    return (imageCache == null ? MOST_MEGABYTES / 4 : imageCache) << 20;
  }

  /** More would only wait for the others. */
  private int workers() {
    return workers == null
        ? Math.min(MOST_WORKERS, Runtime.getRuntime().availableProcessors())
        : workers;
  }

  /**
   * Puts the image size that depends on the images in place.
   *
   * @throws UserError if a size was given that cannot be
   */
  void complete(ImageSource source) {
    if (folder != null) {
      folder = folder.toAbsolutePath().normalize();
    }
    sized(inputSize == null ? source.naturalShape() : shape(source.naturalShape()));
  }

  private ImageShape shape(ImageShape natural) {
    return switch (inputSize.size()) {
      case 1 -> new ImageShape(natural.channels(), inputSize.get(0), inputSize.get(0));
      case 3 -> new ImageShape(inputSize.get(0), inputSize.get(1), inputSize.get(2));
      default ->
          throw new UserError(
              "--input-size " + inputSize + ": give one number, or channels, height and width");
    };
  }

  /** Images of this size, whatever the options say. */
  void sized(ImageShape shape) {
    inputSize = List.of(shape.channels(), shape.height(), shape.width());
  }

  /** After {@link #complete}. */
  ImageShape shape() {
    return new ImageShape(inputSize.get(0), inputSize.get(1), inputSize.get(2));
  }

  /** Whether the images are somebody's own, of any size and number. */
  boolean isFolder() {
    return folder != null;
  }

  String description() {
    return folder == null ? "Fashion-MNIST, as shipped with EMA4J" : folder.toString();
  }

  LoadOptions training() {
    return new LoadOptions(batchSize, shape(), seed, workers(), smoothing, flip, randomResizedCrop);
  }

  /** Images as they are, for validation and for statistics. */
  LoadOptions plain() {
    return new LoadOptions(batchSize, shape(), seed, workers(), 0, false, false);
  }

  /** Batches that hold at least so many images. */
  int batchesFor(int images) {
    return (images + batchSize - 1) / batchSize;
  }

  long seed() {
    return seed;
  }
}
