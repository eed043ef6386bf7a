// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * The part of Fashion-MNIST that comes with the command: 28 x 28 grey images of ten kinds of
 * clothing (MIT licence, see {@code fashion-mnist/README.md} among the resources).
 */
public final class FashionMnist {
  private static final List<String> CLASSES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  private FashionMnist() {}

  /** The first 5,000 training images. */
  public static LabelledImages training() throws IOException {
    return read("train-5000");
  }

  /** The first 2,000 test images. */
  public static LabelledImages test() throws IOException {
    return read("t10k-2000");
  }

  private static LabelledImages read(String prefix) throws IOException {
    return LabelledImages.of(
        resource(prefix + "-images-idx3-ubyte.gz", 3),
        resource(prefix + "-labels-idx1-ubyte.gz", 1),
        CLASSES);
  }

  private static IdxFile resource(String name, int dimensions) throws IOException {
    try (InputStream in = FashionMnist.class.getResourceAsStream("/fashion-mnist/" + name)) {
      if (in == null) {
        throw new FileNotFoundException("resource /fashion-mnist/" + name + " is not there");
      }
      return IdxFile.read(in, name, dimensions);
    }
  }
}
