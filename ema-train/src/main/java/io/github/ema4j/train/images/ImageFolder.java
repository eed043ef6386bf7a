// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.models.ImageShape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * Images in the layout of imagenette: {@code DIR/train/<class>/*.jpg} and {@code
 * DIR/val/<class>/*.jpg}, with the same classes, sorted by name.
 *
 * <p>Files ending in jpg, jpeg or png, in small or capital letters, are images, whatever kind they
 * are of: grey, coloured, with palette, transparency (which becomes white) or 16 bits. An
 * orientation noted by the camera (EXIF) is ignored. Names that start with a dot are ignored, other
 * files are too, with a warning. Files that prove to be unreadable are skipped, see {@link
 * #unreadable()}; the batch that they were to be in is smaller.
 *
 * <p>For validation the image is scaled so that its shorter side is the target's divided by 0.875,
 * timm's {@code crop_pct}, and the middle is cut out. For training too, unless a random resized
 * crop is asked for: a part of 8 to 100 % of the area with a ratio of 3/4 to 4/3, as torchvision's.
 * Red, green and blue are normalised by the mean and standard deviation of ImageNet, grey is
 * brought to -1 to 1.
 */
public final class ImageFolder implements ImageSource {
  private static final double CENTRE_SHARE = 0.875;

  private static final String TRAINING = "train";
  private static final String VALIDATION = "val";

  private final Path directory;
  private final List<String> classes;
  private final UnreadableFiles unreadable = new UnreadableFiles();
  private final Optional<Pictures> training;
  private final Pictures validation;
  private final Path validationFolder;
  private final PictureCache cache;

  private ImageFolder(
      Path directory,
      Optional<ClassFolders> training,
      ClassFolders validation,
      PictureCache cache) {
    this.directory = directory;
    this.classes = validation.classes();
    this.training = training.map(part -> part.reading(unreadable));
    this.validation = validation.reading(unreadable);
    this.validationFolder = validation.folder();
    this.cache = cache;
  }

  /**
   * Lists the images of a folder, which are all read anew each time. None is opened.
   *
   * @param directory with {@code train} and {@code val}
   * @throws UserError as {@link #open(Path, long)}
   */
  public static ImageFolder open(Path directory) {
    return open(directory, 0);
  }

  /**
   * Lists the images of a folder. None is opened.
   *
   * @param directory with {@code train} and {@code val}
   * @param cacheBytes of memory in which images are kept once they have been read: changed files
   *     are not noticed then; what does not fit, or gets lost since memory is short, is read again
   * @throws UserError if that is not its layout, there are fewer than two classes, one is empty, or
   *     the classes of {@code train} and {@code val} differ; the message says where and what to do
   */
  public static ImageFolder open(Path directory, long cacheBytes) {
    requireDirectory(directory);
    ClassFolders training = ClassFolders.list(directory, TRAINING);
    ClassFolders validation = ClassFolders.list(directory, VALIDATION);
    training.requireSameClasses(validation);
    return new ImageFolder(
        directory, Optional.of(training), validation, new PictureCache(cacheBytes));
  }

  /**
   * Lists the images of a folder to validate on, which needs none to train on: that of {@link
   * #open(Path, long)}, one with {@code val} alone, or one that holds the classes itself.
   *
   * @param directory with {@code val}, or with a folder for each class
   * @param cacheBytes as for {@link #open(Path, long)}
   * @throws UserError as {@link #open(Path, long)}
   */
  public static ImageFolder openForValidation(Path directory, long cacheBytes) {
    requireDirectory(directory);
    if (Files.isDirectory(directory.resolve(TRAINING))) {
      return open(directory, cacheBytes);
    }
    ClassFolders validation =
        Files.isDirectory(directory.resolve(VALIDATION))
            ? ClassFolders.list(directory, VALIDATION)
            : ClassFolders.list(directory);
    return new ImageFolder(directory, Optional.empty(), validation, new PictureCache(cacheBytes));
  }

  private static void requireDirectory(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new UserError(
          directory
              + (Files.exists(directory) ? " is a file" : " does not exist")
              + ": name a directory that holds "
              + ClassFolders.LAYOUT);
    }
  }

  @Override
  public List<String> classes() {
    return classes;
  }

  @Override
  public int trainingImages() {
    return training.map(Pictures::size).orElse(0);
  }

  @Override
  public int validationImages() {
    return validation.size();
  }

  @Override
  public int largestValidationClass() {
    return validation.largestClass();
  }

  /** 3 x 224 x 224, as is usual for photographs. */
  @Override
  public ImageShape naturalShape() {
    return new ImageShape(3, 224, 224);
  }

  @Override
  public DataSetIterator training(LoadOptions options, int epoch) {
    return new BatchIterator(
        Batches.training(
            training.orElseThrow(this::noTraining),
            classes.size(),
            options,
            CENTRE_SHARE,
            epoch,
            cache),
        classes,
        directory.resolve(TRAINING).toString());
  }

  @Override
  public DataSetIterator validation(LoadOptions options) {
    return new BatchIterator(
        Batches.validation(validation, classes.size(), options, CENTRE_SHARE, cache),
        classes,
        validationPlace());
  }

  private UserError noTraining() {
    return new UserError(
        "%s has no directory %s, whose images batch-norm statistics are to be fitted to: add it"
            .formatted(directory, TRAINING));
  }

  @Override
  public String validationPlace() {
    return validationFolder.toString();
  }

  @Override
  public List<String> unreadable() {
    return unreadable.names();
  }
}
