// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.models.ImageShape;
import java.util.List;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * Labelled images for training and validation. Thread-safe; the iterators are not.
 *
 * <p>The features of a batch are FLOAT [images, channels, height, width], normalised; its labels
 * are FLOAT [images, classes], one-hot or smoothed.
 */
public interface ImageSource {

  /** The names of the classes; the place of a name is its label. */
  List<String> classes();

  /** The number of training images, those included that turn out to be unreadable. */
  int trainingImages();

  /** Where the validation images are, in words or as a folder. */
  String validationPlace();

  /** The number of validation images, those included that turn out to be unreadable. */
  int validationImages();

  /**
   * The number of validation images of the class that has most of them: who always guesses it is
   * right about so many.
   */
  int largestValidationClass();

  /** The size to train with when the user names none. */
  ImageShape naturalShape();

  /**
   * One epoch of training: every image once. Order and augmentation are functions of seed, epoch
   * and image alone. {@code reset()} starts the same epoch again.
   *
   * @param epoch counts from 0
   */
  DataSetIterator training(LoadOptions options, int epoch);

  /** The validation images in a fixed order, without augmentation or smoothing. */
  DataSetIterator validation(LoadOptions options);

  /** The files found unreadable so far, each once, sorted; they are skipped. */
  List<String> unreadable();
}
