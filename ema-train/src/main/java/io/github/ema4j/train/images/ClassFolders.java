// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.error.Reason;
import io.github.ema4j.train.error.UserError;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The images of one part, {@code train} or {@code val}, of an {@link ImageFolder}. Immutable. */
final class ClassFolders {
  static final String LAYOUT = "train/<class>/*.jpg and val/<class>/*.jpg (or .jpeg, .png)";

  private static final Logger LOG = LoggerFactory.getLogger(ClassFolders.class);

  private record Image(String name, int label) {}

  private final Path directory;
  private final String part;
  private final List<String> classes;
  private final List<Image> images;

  private ClassFolders(Path directory, String part, List<String> classes, List<Image> images) {
    this.directory = directory;
    this.part = part;
    this.classes = classes;
    this.images = images;
  }

  /** Lists a part, everything sorted by name. */
  static ClassFolders list(Path directory, String part) {
    if (!Files.isDirectory(directory.resolve(part))) {
      throw new UserError(
          String.format(
              "%s has no directory %s%s: arrange it as %s",
              directory, part, only(names(directory)), LAYOUT));
    }
    return listClasses(directory, part);
  }

  /** Lists a folder that holds the classes itself, everything sorted by name. */
  static ClassFolders list(Path directory) {
    return listClasses(directory, "");
  }

  private static ClassFolders listClasses(Path directory, String part) {
    Path folder = directory.resolve(part);
    List<String> ignored = new ArrayList<>();
    List<String> classes = new ArrayList<>();
    for (String name : names(folder)) {
      (Files.isDirectory(folder.resolve(name)) ? classes : ignored).add(name);
    }
    if (classes.size() < 2) {
      throw new UserError(
          String.format(
              "%s has %s: there have to be at least two directories, each with the images of a class",
              folder, classes.isEmpty() ? "no classes" : "only one class, " + classes.get(0)));
    }
    List<Image> images = new ArrayList<>();
    for (int label = 0; label < classes.size(); label++) {
      int before = images.size();
      for (String name : names(folder.resolve(classes.get(label)))) {
        Path file = Path.of(classes.get(label), name);
        if (PictureFile.isNamedLikeOne(file) && Files.isRegularFile(folder.resolve(file))) {
          images.add(new Image(name, label));
        } else {
          ignored.add(file.toString());
        }
      }
      if (images.size() == before) {
        throw new UserError(
            String.format(
                "%s has no images (%s)%s: add some, or remove the class from train and val",
                folder.resolve(classes.get(label)),
                String.join(", ", PictureFile.ENDINGS),
                only(names(folder.resolve(classes.get(label))))));
      }
    }
    if (!ignored.isEmpty()) {
      LOG.warn("Ignored in {} what is no JPEG or PNG file: {}", folder, listed(ignored));
    }
    return new ClassFolders(directory, part, List.copyOf(classes), List.copyOf(images));
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UserError("cannot list " + folder + ": " + Reason.of(e), e);
    }
  }

  /** What there is instead, if anything. */
  private static String only(List<String> names) {
    return names.isEmpty() ? "" : ", only " + listed(names);
  }

  /** The first few, and how many more. */
  private static String listed(List<String> names) {
    int shown = Math.min(names.size(), 5);
    String more = names.size() > shown ? " and " + (names.size() - shown) + " more" : "";
    return String.join(", ", names.subList(0, shown)) + more;
  }

  Path folder() {
    return directory.resolve(part);
  }

  List<String> classes() {
    return classes;
  }

  int size() {
    return images.size();
  }

  /** Fails with the names of the classes that only one of the two has. */
  void requireSameClasses(ClassFolders other) {
    List<String> differences =
        Stream.of(onlyInFirst(this, other), onlyInFirst(other, this))
            .flatMap(Optional::stream)
            .toList();
    if (!differences.isEmpty()) {
      throw new UserError(
          String.format(
              "%s: %s and %s have different classes: %s; add what is missing, or remove it from both",
              directory, part, other.part, String.join("; ", differences)));
    }
  }

  private static Optional<String> onlyInFirst(ClassFolders first, ClassFolders second) {
    List<String> only = new ArrayList<>(first.classes);
    only.removeAll(second.classes);
    return only.isEmpty() ? Optional.empty() : Optional.of(listed(only) + " only in " + first.part);
  }

  /** The images, to be read; what cannot be read is noted. */
  Pictures reading(UnreadableFiles unreadable) {
    return new Pictures() {
      @Override
      public int size() {
        return images.size();
      }

      @Override
      public int label(int picture) {
        return images.get(picture).label();
      }

      @Override
      public Optional<BufferedImage> read(int picture) {
        Image image = images.get(picture);
        Path file = Path.of(part, classes.get(image.label()), image.name());
        try {
          return Optional.of(PictureFile.read(directory.resolve(file)));
        } catch (IOException e) {
          unreadable.add(file.toString(), e.getMessage());
          return Optional.empty();
        }
      }
    };
  }
}
