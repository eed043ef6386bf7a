// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Fashion-MNIST: 28 x 28 grey images of ten kinds of clothing. A part of it comes with the command
 * (MIT licence, see {@code fashion-mnist/README.md} among the resources), the whole is read from a
 * directory.
 */
public final class FashionMnist {
  /** Where Debian's package {@code dataset-fashion-mnist} has the whole of it. */
  public static final Path DEBIAN = Path.of("/usr/share/datasets/fashion-mnist");

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

  /**
   * All 60,000 training images.
   *
   * @param directory with the four published files, such as {@link #DEBIAN}
   * @throws FileNotFoundException if they are not there; says what to install
   * @throws IOException if one of them cannot be read, or is damaged
   */
  public static LabelledImages training(Path directory) throws IOException {
    return read(directory, "train");
  }

  /**
   * All 10,000 test images.
   *
   * @param directory with the four published files, such as {@link #DEBIAN}
   * @throws FileNotFoundException if they are not there; says what to install
   * @throws IOException if one of them cannot be read, or is damaged
   */
  public static LabelledImages test(Path directory) throws IOException {
    return read(directory, "t10k");
  }

  private static LabelledImages read(Path directory, String prefix) throws IOException {
    return LabelledImages.of(
        file(directory.resolve(prefix + "-images-idx3-ubyte.gz"), 3),
        file(directory.resolve(prefix + "-labels-idx1-ubyte.gz"), 1),
        CLASSES);
  }

  private static IdxFile file(Path file, int dimensions) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new FileNotFoundException(
          "%s is not there: install Fashion-MNIST, on Debian and Ubuntu by `apt-get install dataset-fashion-mnist`, or name the directory that has its four files"
              .formatted(file));
    }
    try (InputStream in = Files.newInputStream(file)) {
      return IdxFile.read(in, file.toString(), dimensions);
    }
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
