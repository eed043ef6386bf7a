// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.models.ImageShape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * The images that come with the command, see {@link FashionMnist}: 5,000 to train, 2,000 to
 * validate. For other shapes than 1 x 28 x 28 they are scaled, all of them, not their middle. Grey
 * values are brought to -1 to 1; with three channels, all the same, they are normalised as those of
 * ImageNet.
 */
public final class ShippedImages implements ImageSource {
  private static final int SIZE = 28;
  private static final String NAME = "the shipped part of Fashion-MNIST";

  private final LabelledImages training;
  private final LabelledImages validation;

  private ShippedImages(LabelledImages training, LabelledImages validation) {
    this.training = training;
    this.validation = validation;
  }

  /**
   * Reads the images from the class path.
   *
   * @throws UncheckedIOException if they are not there, or damaged
   */
  public static ShippedImages open() {
    try {
      return new ShippedImages(FashionMnist.training(), FashionMnist.test());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<String> classes() {
    return training.classes();
  }

  @Override
  public int trainingImages() {
    return training.size();
  }

  @Override
  public int validationImages() {
    return validation.size();
  }

  @Override
  public String validationPlace() {
    return NAME;
  }

  @Override
  public int largestValidationClass() {
    return pictures(validation).largestClass();
  }

  @Override
  public ImageShape naturalShape() {
    return new ImageShape(1, SIZE, SIZE);
  }

  @Override
  public DataSetIterator training(LoadOptions options, int epoch) {
    return new BatchIterator(
        Batches.training(
            pictures(training), classes().size(), options, 1, epoch, new PictureCache(0)),
        classes(),
        NAME);
  }

  @Override
  public DataSetIterator validation(LoadOptions options) {
    return new BatchIterator(
        Batches.validation(pictures(validation), classes().size(), options, 1, new PictureCache(0)),
        classes(),
        NAME);
  }

  /** Always empty. */
  @Override
  public List<String> unreadable() {
    return List.of();
  }

  private static Pictures pictures(LabelledImages images) {
    return new Pictures() {
      @Override
      public int size() {
        return images.size();
      }

      @Override
      public int label(int picture) {
        return images.label(picture);
      }

      @Override
      public Optional<BufferedImage> read(int picture) {
        BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < images.pixels(); i++) {
          image.setRGB(i % SIZE, i / SIZE, 0x010101 * images.grey(picture, i));
        }
        return Optional.of(image);
      }
    };
  }
}
