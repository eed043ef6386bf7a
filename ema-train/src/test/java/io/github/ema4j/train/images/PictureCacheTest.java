// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.train.models.ImageShape;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that are kept are read once, and are those that were read, bit for bit. */
class PictureCacheTest {

  private static final int COUNT = 12;
  private static final ImageShape SHAPE = new ImageShape(3, 8, 10);

  /** Pictures of noise in several sizes, one of which cannot be read. */
  private static final class Noise implements Pictures {
    private final AtomicInteger reads = new AtomicInteger();

    @Override
    public int size() {
      return COUNT;
    }

    @Override
    public int label(int picture) {
      return picture % 2;
    }

    @Override
    public Optional<BufferedImage> read(int picture) {
      reads.incrementAndGet();
      if (picture == 5) {
        return Optional.empty();
      }
      BufferedImage image = new BufferedImage(20 + picture, 17, BufferedImage.TYPE_INT_RGB);
      Random random = new Random(picture);
      for (int i = 0; i < image.getWidth() * image.getHeight(); i++) {
        image.setRGB(i % image.getWidth(), i / image.getWidth(), random.nextInt());
      }
      return Optional.of(image);
    }
  }

  private static List<FloatBuffer> epochs(
      Pictures pictures, LoadOptions options, PictureCache cache) {
    List<FloatBuffer> values = new ArrayList<>();
    for (int epoch = 0; epoch < 3; epoch++) {
      values.addAll(
          BatchIteratorTest.values(
              new BatchIterator(
                  Batches.training(pictures, 2, options, 0.875, epoch, cache),
                  List.of("a", "b"),
                  "here")));
      values.addAll(
          BatchIteratorTest.values(
              new BatchIterator(
                  Batches.validation(pictures, 2, options, 0.875, cache),
                  List.of("a", "b"),
                  "here")));
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({
    "0, false, 0",
    "1000000, false, 0",
    "1000000, true, 0",
    "1000000, true, 3",
    "1500, false, 2",
    "4000, true, 2"
  })
  void imagesHaveTheSameBitsWhateverIsKept(long bytes, boolean crop, int workers) {
    LoadOptions options = new LoadOptions(5, SHAPE, 1, workers, 0, true, crop);
    assertEquals(
        epochs(new Noise(), options, new PictureCache(0)),
        epochs(new Noise(), options, new PictureCache(bytes)));
  }

  @Test
  void whatFitsIsReadOnceForEachUse() {
    int readable = COUNT - 1;
    int epochs = 3;
    int unreadable = 2 * epochs; // asked for each time

    Noise centres = new Noise();
    epochs(centres, new LoadOptions(5, SHAPE, 1, 0, 0, true, false), new PictureCache(1 << 20));
    assertEquals(readable + unreadable, centres.reads.get());

    Noise both = new Noise();
    epochs(both, new LoadOptions(5, SHAPE, 1, 0, 0, true, true), new PictureCache(1 << 20));
    assertEquals(2 * readable + unreadable, both.reads.get());

    Noise none = new Noise();
    epochs(none, new LoadOptions(5, SHAPE, 1, 0, 0, true, false), new PictureCache(0));
    assertEquals(2 * epochs * COUNT, none.reads.get());
  }

  @Test
  void noMoreIsKeptThanTheLimit() {
    Noise pictures = new Noise();
    long ofOne = 3L * SHAPE.height() * SHAPE.width() + 80;
    PictureCache cache = new PictureCache(4 * ofOne + ofOne / 2);
    LoadOptions options = new LoadOptions(5, SHAPE, 1, 0, 0, false, false);
    epochs(pictures, options, cache);
    int kept = 4;
    assertEquals(kept + 2 * 3 * (COUNT - kept), pictures.reads.get());
  }
}
