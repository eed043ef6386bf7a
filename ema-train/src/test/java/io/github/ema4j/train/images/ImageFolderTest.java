// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.models.ImageShape;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

class ImageFolderTest {
  private static final int RED = 0xff0000;
  private static final int BLUE = 0x0000ff;

  @TempDir Path directory;

  @Test
  void readsTheLayoutOfImagenette() throws IOException {
    twoClasses();
    write("train/cat/b.JPEG", RED);
    write("train/dog/c.PNG", BLUE);
    Files.writeString(directory.resolve("train/dog/notes.txt"), "no image");
    write("train/dog/.hidden.png", BLUE);

    ImageFolder folder = ImageFolder.open(directory);

    assertEquals(List.of("cat", "dog"), folder.classes());
    assertEquals(4, folder.trainingImages());
    assertEquals(2, folder.validationImages());
    assertEquals(new ImageShape(3, 224, 224), folder.naturalShape());
    DataSet batch = folder.training(options(8, 0), 0).next();
    assertEquals(4, batch.numExamples());
    for (int i = 0; i < 4; i++) {
      boolean cat = batch.getFeatures().getDouble(i, 0, 3, 3) > 0;
      assertEquals(cat ? 1 : 0, batch.getLabels().getDouble(i, 0));
      assertEquals(cat ? 0 : 1, batch.getLabels().getDouble(i, 1));
    }
    assertEquals(List.of(), folder.unreadable());
  }

  @Test
  void batchesAreFloatsInTheOrderThatConvolutionsTake() throws IOException {
    twoClasses();
    LoadOptions options = new LoadOptions(2, new ImageShape(3, 5, 7), 1, 0, 0, false, false);

    DataSet batch = ImageFolder.open(directory).validation(options).next();

    assertArrayEquals(new long[] {2, 3, 5, 7}, batch.getFeatures().shape());
    assertArrayEquals(new long[] {2, 2}, batch.getLabels().shape());
    assertEquals(DataType.FLOAT, batch.getFeatures().dataType());
    assertEquals(DataType.FLOAT, batch.getLabels().dataType());
    // The first is the cat, red.
    assertEquals((1 - 0.485) / 0.229, batch.getFeatures().getDouble(0, 0, 2, 2), 1e-5);
    assertEquals((0 - 0.406) / 0.225, batch.getFeatures().getDouble(0, 2, 2, 2), 1e-5);
  }

  @Test
  void skipsUnreadableImagesAndLogsEachOnce() throws IOException {
    twoClasses();
    Files.writeString(directory.resolve("train/cat/broken.jpg"), "no image");
    ImageFiles.truncate(write("val/dog/half.png", BLUE));
    List<String> messages;
    try (LogCapture log = new LogCapture(UnreadableFiles.class)) {
      ImageFolder folder = ImageFolder.open(directory);
      assertEquals(3, folder.trainingImages());
      for (int epoch = 0; epoch < 2; epoch++) {
        assertEquals(2, images(folder.training(options(2, 2), epoch)));
        assertEquals(2, images(folder.validation(options(2, 2))));
      }
      assertEquals(
          List.of(
              Path.of("train/cat/broken.jpg").toString(), Path.of("val/dog/half.png").toString()),
          folder.unreadable());
      messages = log.messages(Level.WARN).stream().sorted().toList();
    }
    assertEquals(2, messages.size());
    assertEquals(
        "Skipped the image "
            + Path.of("train/cat/broken.jpg")
            + ": of no known image format: JPEG and PNG are read",
        messages.get(0));
  }

  @Test
  void theNumberOfWorkersChangesNothing() throws IOException {
    for (int i = 0; i < 9; i++) {
      write("train/cat/" + i + ".png", 0x1a2b3c * i);
      write("train/dog/" + i + ".jpg", 0x0f1e2d * i);
    }
    twoClasses();
    ImageFolder folder = ImageFolder.open(directory);
    List<FloatBuffer> alone = batches(folder, 0);

    assertEquals(2 * 7, alone.size());
    assertEquals(alone, batches(folder, 1));
    assertEquals(alone, batches(folder, 3));
  }

  @Test
  void saysThatAFolderIsMissing() throws IOException {
    Path missing = directory.resolve("missing");
    assertEquals(
        missing
            + " does not exist: name a directory that holds train/<class>/*.jpg and"
            + " val/<class>/*.jpg (or .jpeg, .png)",
        refused(missing));
    Path file = Files.createFile(directory.resolve("file"));
    assertTrue(refused(file).startsWith(file + " is a file: "), refused(file));
  }

  @Test
  void saysThatAPartIsMissing() throws IOException {
    assertTrue(
        refused(directory).startsWith(directory + " has no directory train: arrange"),
        refused(directory));
    twoClasses();
    Files.move(directory.resolve("val"), directory.resolve("test"));
    assertEquals(
        directory
            + " has no directory val, only test, train: arrange it as train/<class>/*.jpg and"
            + " val/<class>/*.jpg (or .jpeg, .png)",
        refused(directory));
  }

  @Test
  void validationNeedsNoImagesToTrainOn() throws IOException {
    write("val/cat/a.png", RED);
    write("val/dog/a.png", BLUE);
    write("val/dog/b.png", BLUE);
    for (Path folder : List.of(directory, directory.resolve("val"))) {
      ImageFolder images = ImageFolder.openForValidation(folder, 0);
      assertEquals(List.of("cat", "dog"), images.classes());
      assertEquals(3, images.validationImages());
      assertEquals(2, images.largestValidationClass());
      assertEquals(3, images.validation(options(8, 0)).next().numExamples());
      assertEquals(directory.resolve("val").toString(), images.validationPlace());
      assertEquals(0, images.trainingImages());
      UserError none =
          assertThrows(UserError.class, () -> images.training(options(8, 0), 0).next());
      assertTrue(
          none.getMessage().startsWith(folder + " has no directory train"), none.getMessage());
    }
    Files.createDirectories(directory.resolve("train"));
    assertThrows(UserError.class, () -> ImageFolder.openForValidation(directory, 0));
  }

  @Test
  void anEmptyClassHasNothingElseEither() throws IOException {
    twoClasses();
    Files.createDirectories(directory.resolve("val/cow"));
    assertTrue(
        refused(directory).contains("val/cow has no images (.jpg, .jpeg, .png): add some"),
        refused(directory));
  }

  @Test
  void saysThatThereAreTooFewClasses() throws IOException {
    Files.createDirectories(directory.resolve("train"));
    assertTrue(refused(directory).contains("train has no classes"), refused(directory));
    write("train/cat/1.png", RED);
    assertTrue(refused(directory).contains("train has only one class, cat"), refused(directory));
  }

  @Test
  void namesAnEmptyClass() throws IOException {
    twoClasses();
    Files.createDirectories(directory.resolve("val/cow"));
    Files.createFile(directory.resolve("val/cow/picture.gif"));
    write("train/cow/1.png", RED);

    assertEquals(
        directory.resolve("val/cow")
            + " has no images (.jpg, .jpeg, .png), only picture.gif: add some, or remove the class from"
            + " train and val",
        refused(directory));
  }

  @Test
  void namesTheClassesThatDiffer() throws IOException {
    twoClasses();
    write("train/cow/1.png", RED);
    write("val/ant/1.png", RED);
    write("val/bee/1.png", RED);

    assertEquals(
        directory
            + ": train and val have different classes: cow only in train; ant, bee only in val; add"
            + " what is missing, or remove it from both",
        refused(directory));
  }

  private static String refused(Path folder) {
    return assertThrows(UserError.class, () -> ImageFolder.open(folder)).getMessage();
  }

  private void twoClasses() throws IOException {
    write("train/cat/a.jpg", RED);
    write("train/dog/a.png", BLUE);
    write("val/cat/a.png", RED);
    write("val/dog/a.jpeg", BLUE);
  }

  private Path write(String file, int colour) throws IOException {
    return ImageFiles.write(directory.resolve(file), ImageFiles.plain(20, 16, colour));
  }

  private static LoadOptions options(int batchSize, int workers) {
    return new LoadOptions(batchSize, new ImageShape(3, 8, 8), 1, workers, 0, false, false);
  }

  private static List<FloatBuffer> batches(ImageFolder folder, int workers) {
    LoadOptions options = new LoadOptions(3, new ImageShape(3, 8, 8), 1, workers, 0.1, true, true);
    return BatchIteratorTest.values(folder.training(options, 4));
  }

  private static int images(DataSetIterator iterator) {
    int images = 0;
    while (iterator.hasNext()) {
      images += iterator.next().numExamples();
    }
    return images;
  }
}
