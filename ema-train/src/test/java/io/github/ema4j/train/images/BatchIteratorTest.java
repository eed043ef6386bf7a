// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.models.ImageShape;
import io.github.ema4j.train.models.ModelSettings;
import io.github.ema4j.train.models.Models;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.learning.config.Sgd;

class BatchIteratorTest {
  private static final ImageShape PIXEL = new ImageShape(1, 1, 1);
  private static final List<String> CLASSES = List.of("a", "b", "c");

  /** Images of one pixel whose grey value is their number; some unreadable. */
  private static class Numbered implements Pictures {
    final AtomicInteger reads = new AtomicInteger();
    private final int size;
    private final Set<Integer> unreadable;

    Numbered(int size, Integer... unreadable) {
      this.size = size;
      this.unreadable = Set.of(unreadable);
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public int label(int picture) {
      return picture % 3;
    }

    @Override
    public Optional<BufferedImage> read(int picture) {
      reads.incrementAndGet();
      return unreadable.contains(picture)
          ? Optional.empty()
          : Optional.of(ImageFiles.plain(1, 1, 0x010101 * picture));
    }
  }

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    for (int i = 0; i < 100 && loaders() > 0; i++) {
      Thread.sleep(50);
    }
    assertEquals(0, loaders());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void validatesAllImagesInTheirOrder(int workers) {
    DataSetIterator iterator = validation(new Numbered(50), options(8, workers));
    List<Integer> inOrder = IntStream.range(0, 50).boxed().toList();

    assertEquals(inOrder, rest(iterator));
    iterator.reset();
    assertEquals(inOrder, rest(iterator));
  }

  @Test
  void trainsOnAllImagesInAnotherOrderEveryEpoch() {
    List<Integer> first = rest(training(new Numbered(50), options(8, 0), 0));
    List<Integer> second = rest(training(new Numbered(50), options(8, 0), 1));
    LoadOptions otherSeed = new LoadOptions(8, PIXEL, 2, 0, 0, false, false);

    assertEquals(IntStream.range(0, 50).boxed().toList(), first.stream().sorted().toList());
    assertEquals(first.stream().sorted().toList(), second.stream().sorted().toList());
    assertNotEquals(first, second);
    assertNotEquals(first, rest(training(new Numbered(50), otherSeed, 0)));
  }

  @Test
  void theNumberOfWorkersChangesNothing() {
    ImageShape shape = new ImageShape(3, 4, 5);
    for (int epoch = 0; epoch < 2; epoch++) {
      List<FloatBuffer> alone = null;
      for (int workers : new int[] {0, 1, 3}) {
        LoadOptions options = new LoadOptions(7, shape, 1, workers, 0.1, true, true);
        List<FloatBuffer> batches = values(training(new Numbered(40, 3, 17, 18), options, epoch));
        alone = alone == null ? batches : alone;
        assertEquals(2 * 6, batches.size());
        assertEquals(alone, batches);
      }
    }
  }

  @Test
  void resettingStartsTheSamePassAgain() {
    DataSetIterator iterator = training(new Numbered(30), options(4, 2), 3);
    iterator.reset();
    List<Integer> all = rest(iterator);
    iterator.reset();
    iterator.reset();
    iterator.next();
    iterator.reset();

    assertEquals(30, all.size());
    assertEquals(all, rest(iterator));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void theLastBatchHoldsTheRest(int workers) {
    DataSetIterator iterator = validation(new Numbered(10), options(4, workers));

    assertEquals(4, iterator.next().numExamples());
    assertEquals(4, iterator.next().numExamples());
    assertArrayEquals(new long[] {2, 1, 1, 1}, iterator.next().getFeatures().shape());
    assertFalse(iterator.hasNext());
    assertFalse(iterator.hasNext());
    assertThrows(NoSuchElementException.class, iterator::next);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void unreadableImagesLeaveTheirBatchSmaller(int workers) {
    // Batches of three: one is short of an image, one is empty and left out.
    DataSetIterator iterator = validation(new Numbered(11, 1, 6, 7, 8), options(3, workers));

    assertEquals(List.of(0, 2), numbers(iterator.next()));
    assertEquals(List.of(3, 4, 5), numbers(iterator.next()));
    assertEquals(List.of(9, 10), numbers(iterator.next()));
    assertFalse(iterator.hasNext());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void failsIfNoImageIsReadable(int workers) {
    DataSetIterator iterator = validation(new Numbered(3, 0, 1, 2), options(1, workers));

    UserError e = assertThrows(UserError.class, iterator::hasNext);
    assertEquals("none of the images of here can be read: replace them", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void whatGoesWrongWhileLoadingReachesTheCaller(int workers) {
    OutOfMemoryError error = new OutOfMemoryError("of this test");
    DataSetIterator iterator =
        validation(
            new Numbered(20) {
              @Override
              public Optional<BufferedImage> read(int picture) {
                if (picture == 5) {
                  throw error;
                }
                return super.read(picture);
              }
            },
            options(2, workers));

    iterator.next();
    iterator.next();
    assertSame(error, assertThrows(OutOfMemoryError.class, iterator::next));
    assertFalse(iterator.hasNext());
  }

  @Test
  void loadsNoMoreThanTwoBatchesAheadForEachWorker() throws InterruptedException {
    Numbered pictures = new Numbered(100);
    DataSetIterator iterator = validation(pictures, options(5, 2));
    assertEquals(0, pictures.reads.get());

    iterator.next();
    for (int i = 0; i < 100 && loaders() > 0; i++) {
      Thread.sleep(50);
    }

    assertEquals(0, loaders(), "threads wait for a caller who may not come back");
    assertEquals(20, pictures.reads.get());
    assertEquals(List.of(5, 6, 7, 8, 9), numbers(iterator.next()));
  }

  @Test
  void smoothsTheLabelsOfTrainingOnly() {
    LoadOptions options = new LoadOptions(1, PIXEL, 1, 0, 0.3, false, false);

    assertArrayEquals(
        new float[] {0.8f, 0.1f, 0.1f},
        training(new Numbered(1), options, 0).next().getLabels().toFloatVector(),
        1e-6f);
    assertArrayEquals(
        new float[] {1, 0, 0},
        validation(new Numbered(1), options).next().getLabels().toFloatVector());
  }

  @Test
  void augmentsAnewInEveryEpochAndNeverForValidation() {
    ImageShape shape = new ImageShape(1, 1, 2);
    LoadOptions options = new LoadOptions(64, shape, 1, 0, 0, true, false);
    Pictures pictures =
        new Numbered(64) {
          @Override
          public Optional<BufferedImage> read(int picture) {
            BufferedImage image = ImageFiles.plain(2, 1, 0x010101 * picture);
            image.setRGB(1, 0, 0xffffff);
            return Optional.of(image);
          }
        };

    Set<Integer> first = mirrored(training(pictures, options, 0).next());
    Set<Integer> second = mirrored(training(pictures, options, 1).next());

    assertTrue(first.size() > 16 && first.size() < 48, first.toString());
    assertNotEquals(first, second);
    assertEquals(first, mirrored(training(pictures, options, 0).next()));
    assertEquals(Set.of(), mirrored(validation(pictures, options).next()));
  }

  @Test
  void appliesThePreProcessor() {
    DataSetIterator iterator = validation(new Numbered(3), options(3, 0));
    iterator.setPreProcessor(batch -> batch.getFeatures().addi(1));

    assertEquals(0, iterator.next().getFeatures().getDouble(0), 1e-6);
  }

  @Test
  void describesItself() {
    DataSetIterator iterator = validation(new Numbered(3), options(2, 0));
    assertEquals(2, iterator.batch());
    assertEquals(1, iterator.inputColumns());
    assertEquals(3, iterator.totalOutcomes());
    assertEquals(CLASSES, iterator.getLabels());
    assertFalse(iterator.asyncSupported());
    assertTrue(iterator.resetSupported());
    assertThrows(UnsupportedOperationException.class, () -> iterator.next(1));
  }

  @Test
  void trainsAndEvaluatesANetwork() {
    MultiLayerNetwork network =
        (MultiLayerNetwork) Models.create("mlp", new ModelSettings(PIXEL, 3, new Sgd(0.1), 0, 1));
    LoadOptions options = options(4, 2);
    DataSetIterator training = training(new Numbered(10), options, 0);

    network.fit(training);
    assertEquals(3, network.getIterationCount());
    network.fit(training, 2);
    assertEquals(9, network.getIterationCount());

    DataSetIterator validation = validation(new Numbered(10), options);
    assertEquals(10, network.evaluate(validation).getNumRowCounter());
    assertEquals(10, network.evaluate(validation).getNumRowCounter());
  }

  @Test
  void refusesImpossibleOptions() {
    assertThrows(UserError.class, () -> new LoadOptions(0, PIXEL, 1, 0, 0, false, false));
    ImageShape large = new ImageShape(3, 1000, 1000);
    assertThrows(UserError.class, () -> new LoadOptions(716, large, 1, 0, 0, false, false));
    assertThrows(UserError.class, () -> new LoadOptions(1, PIXEL, 1, -1, 0, false, false));
    assertThrows(UserError.class, () -> new LoadOptions(1, PIXEL, 1, 0, 1, false, false));
    assertThrows(UserError.class, () -> new LoadOptions(1, PIXEL, 1, 0, -0.1, false, false));
  }

  private static LoadOptions options(int batchSize, int workers) {
    return new LoadOptions(batchSize, PIXEL, 1, workers, 0, false, false);
  }

  private static DataSetIterator training(Pictures pictures, LoadOptions options, int epoch) {
    return new BatchIterator(
        Batches.training(pictures, 3, options, 1, epoch, new PictureCache(0)), CLASSES, "here");
  }

  private static DataSetIterator validation(Pictures pictures, LoadOptions options) {
    return new BatchIterator(
        Batches.validation(pictures, 3, options, 1, new PictureCache(0)), CLASSES, "here");
  }

  /** The features and labels of all batches; compared bit by bit. */
  static List<FloatBuffer> values(DataSetIterator iterator) {
    List<FloatBuffer> values = new ArrayList<>();
    while (iterator.hasNext()) {
      DataSet batch = iterator.next();
      values.add(FloatBuffer.wrap(batch.getFeatures().data().asFloat()));
      values.add(FloatBuffer.wrap(batch.getLabels().data().asFloat()));
    }
    return values;
  }

  private static long loaders() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("image-loader"))
        .count();
  }

  private static List<Integer> rest(DataSetIterator iterator) {
    List<Integer> seen = new ArrayList<>();
    while (iterator.hasNext()) {
      seen.addAll(numbers(iterator.next()));
    }
    return seen;
  }

  /** The images of a batch, whose labels have to be theirs. */
  private static List<Integer> numbers(DataSet batch) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < batch.numExamples(); i++) {
      int number = (int) Math.round((batch.getFeatures().getDouble(i, 0, 0, 0) + 1) * 127.5);
      assertEquals(1, batch.getLabels().getDouble(i, number % 3), "label of " + number);
      numbers.add(number);
    }
    return numbers;
  }

  /** The numbers of the images whose white pixel has come to the left. */
  private static Set<Integer> mirrored(DataSet batch) {
    return IntStream.range(0, batch.numExamples())
        .filter(i -> batch.getFeatures().getDouble(i, 0, 0, 0) == 1)
        .mapToObj(i -> (int) Math.round((batch.getFeatures().getDouble(i, 0, 0, 1) + 1) * 127.5))
        .collect(Collectors.toSet());
  }
}
