// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/**
 * Makes a folder of images in the layout that the train command reads: discs, squares and stripes,
 * each class of its own colour, in random places on a noisy ground. A program too: {@code Shapes
 * DIR TRAINING VALIDATION}, with the numbers of images of each class.
 */
final class Shapes {
  static final List<String> CLASSES = List.of("disc", "square", "stripes");
  private static final int SIZE = 32;

  private Shapes() {}

  static Path write(Path directory, int training, int validation) throws IOException {
    Random random = new Random(7);
    for (int label = 0; label < CLASSES.size(); label++) {
      writeClass(directory.resolve("train"), label, training, random);
      writeClass(directory.resolve("val"), label, validation, random);
    }
    return directory;
  }

  private static void writeClass(Path part, int label, int count, Random random)
      throws IOException {
    Path folder = Files.createDirectories(part.resolve(CLASSES.get(label)));
    for (int i = 0; i < count; i++) {
      ImageIO.write(image(label, random), "png", folder.resolve(i + ".png").toFile());
    }
  }

  private static BufferedImage image(int label, Random random) {
    BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        int grey = random.nextInt(100);
        image.setRGB(x, y, new Color(grey, grey, grey).getRGB());
      }
    }
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.getHSBColor(label / 3f + random.nextFloat() / 10, 0.8f, 0.9f));
    int x = random.nextInt(SIZE / 2);
    int y = random.nextInt(SIZE / 2);
    int size = SIZE / 2;
    switch (label) {
      case 0 -> graphics.fillOval(x, y, size, size);
      case 1 -> graphics.fillRect(x, y, size, size);
      default -> {
        for (int stripe = 0; stripe < size; stripe += 4) {
          graphics.fillRect(x, y + stripe, size, 2);
        }
      }
    }
    graphics.dispose();
    return image;
  }

  /** Writes a folder of images. */
  public static void main(String[] arguments) throws IOException {
    System.setProperty("java.awt.headless", "true");
    write(Path.of(arguments[0]), Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
  }
}
