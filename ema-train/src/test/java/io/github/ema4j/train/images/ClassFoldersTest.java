// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.train.error.UserError;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files count as images of which class; what is in them does not matter yet. */
class ClassFoldersTest {

  @TempDir Path directory;

  private void files(String... names) throws IOException {
    for (String name : names) {
      Path file = directory.resolve(name);
      Files.createDirectories(file.getParent());
      Files.createFile(file);
    }
  }

  private static List<Integer> labels(ClassFolders folders) {
    Pictures pictures = folders.reading(new UnreadableFiles());
    return IntStream.range(0, pictures.size()).map(pictures::label).boxed().toList();
  }

  @Test
  void classesAreNumberedByTheirNamesWhateverTheFileSystemSays() throws IOException {
    files("train/b/1.jpg", "train/c/2.PNG", "train/B/3.jpeg", "train/b/0.png");
    ClassFolders folders = ClassFolders.list(directory, "train");
    assertEquals(List.of("B", "b", "c"), folders.classes());
    assertEquals(4, folders.size());
    assertEquals(List.of(0, 1, 1, 2), labels(folders));
  }

  @Test
  void whatIsNoImageIsToldAndWhatIsHiddenIsNot() throws IOException {
    files("train/a/1.jpg", "train/b/1.jpg", "train/a/text.txt", "train/list.csv");
    files("train/a/.2.jpg", "train/.hidden/1.jpg", "train/b/folder.jpg/x");
    try (LogCapture log = new LogCapture(ClassFolders.class)) {
      assertEquals(2, ClassFolders.list(directory, "train").size());
      List<String> warnings = log.messages(Level.WARN);
      assertEquals(1, warnings.size());
      assertTrue(
          warnings
              .get(0)
              .endsWith(": list.csv, a/text.txt, b/folder.jpg".replace('/', File.separatorChar)),
          warnings.get(0));
    }
  }

  @Test
  void differingClassesAreNamedForBothPartsAndNoMoreThanFive() throws IOException {
    files("train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg");
    for (int i = 1; i <= 7; i++) {
      files("val/more" + i + "/1.jpg");
    }
    ClassFolders train = ClassFolders.list(directory, "train");
    ClassFolders val = ClassFolders.list(directory, "val");
    train.requireSameClasses(train);
    UserError e = assertThrows(UserError.class, () -> train.requireSameClasses(val));
    assertTrue(
        e.getMessage()
            .contains("b only in train; more1, more2, more3, more4, more5 and 2 more only in val;"),
        e.getMessage());
  }

  @Test
  void aPictureThatCannotBeReadIsNotedByItsPlace() throws IOException {
    files("val/a/1.jpg", "val/b/1.jpg");
    UnreadableFiles unreadable = new UnreadableFiles();
    Pictures pictures = ClassFolders.list(directory, "val").reading(unreadable);
    assertTrue(pictures.read(1).isEmpty());
    assertEquals(List.of(Path.of("val", "b", "1.jpg").toString()), unreadable.names());
  }
}
