// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.models.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Brings a single picture into the form of the validation images of a folder, for a network that
 * {@code train} has trained. Thread-safe.
 */
public final class PictureInput {
  private final Preparation preparation;

  /**
   * Pictures for networks of an input size.
   *
   * @param shape of the images that the network was trained on
   */
  public PictureInput(ImageShape shape) {
    preparation = new Preparation(shape, ImageFolder.CENTRE_SHARE);
  }

  /**
   * Reads a JPEG or PNG file.
   *
   * @param picture the file, whatever its name
   * @return FLOAT of shape {@code [1, channels, height, width]}
   * @throws IOException if the file cannot be read, is no whole picture, or is too large
   */
  public INDArray read(Path picture) throws IOException {
    float[] values = new float[preparation.length()];
    preparation.plain(preparation.centre(PictureFile.read(picture)), values, 0);
    ImageShape shape = preparation.shape();
    return Nd4j.create(
        values, new long[] {1, shape.channels(), shape.height(), shape.width()}, DataType.FLOAT);
  }

  /**
   * What {@link #read} does with a picture, for people who do it in another program.
   *
   * @return words and numbers
   */
  public String description() {
    return preparation.description();
  }
}
