// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.dataset.DataSet;

class FashionMnistTest {
  @Test
  void hasFiveThousandTrainingImages() throws IOException {
    assertLooksLikeFashionMnist(FashionMnist.training(), 5000);
  }

  @Test
  void hasTwoThousandTestImages() throws IOException {
    assertLooksLikeFashionMnist(FashionMnist.test(), 2000);
  }

  @Test
  void theWholeIsReadFromADirectory(@TempDir Path directory) throws IOException {
    IOException missing =
        assertThrows(FileNotFoundException.class, () -> FashionMnist.training(directory));
    assertTrue(
        missing.getMessage().contains("apt-get install dataset-fashion-mnist"),
        missing.getMessage());
    for (String prefix : new String[] {"train", "t10k"}) {
      int images = prefix.equals("train") ? 3 : 2;
      Files.write(
          directory.resolve(prefix + "-images-idx3-ubyte.gz"),
          IdxBytes.gzip(IdxBytes.idx(new int[] {images, 1, 2}, 1, 2, 3, 4, 5, images)));
      Files.write(
          directory.resolve(prefix + "-labels-idx1-ubyte.gz"),
          IdxBytes.gzip(
              IdxBytes.idx(
                  new int[] {images}, images == 3 ? new int[] {9, 0, 8} : new int[] {1, 2})));
    }
    LabelledImages training = FashionMnist.training(directory);
    assertEquals(3, training.size());
    assertEquals("Bag", training.classes().get(training.label(2)));
    IOException damaged = assertThrows(IOException.class, () -> FashionMnist.test(directory));
    assertTrue(damaged.getMessage().startsWith(directory.toString()), damaged.getMessage());
    assertTrue(damaged.getMessage().contains("too long"), damaged.getMessage());
  }

  private static void assertLooksLikeFashionMnist(LabelledImages images, int size) {
    assertEquals(size, images.size());
    assertEquals(28 * 28, images.pixels());
    assertEquals("Ankle boot", images.classes().get(images.label(0)));
    for (int label = 0; label < 10; label++) {
      int expected = label;
      long count = IntStream.range(0, size).filter(i -> images.label(i) == expected).count();
      assertTrue(count > 0.08 * size && count < 0.12 * size, label + ": " + count);
    }
    DataSet all = images.batch(images.indices());
    assertEquals(0.0, all.getFeatures().minNumber().doubleValue());
    assertEquals(1.0, all.getFeatures().maxNumber().doubleValue());
    // the mean grey value of the whole of Fashion-MNIST is 0.286
    assertEquals(0.286, all.getFeatures().meanNumber().doubleValue(), 0.01);
  }
}
