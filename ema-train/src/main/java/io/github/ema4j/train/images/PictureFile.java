// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/**
 * Reads JPEG and PNG files of all kinds, grey or coloured, with palette, transparency or 16 bits,
 * as 8 bits of red, green and blue.
 *
 * <p>Transparent parts become white. An orientation noted by the camera (EXIF) is ignored.
 */
final class PictureFile {
  /** Larger ones are refused: 256 MB each when unpacked. */
  static final int LARGEST_MEGAPIXELS = 64;

  /** What the names of images end in, in small or capital letters. */
  static final List<String> ENDINGS = List.of(".jpg", ".jpeg", ".png");

  private PictureFile() {}

  /** Whether the name ends as those of images do. */
  static boolean isNamedLikeOne(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return ENDINGS.stream().anyMatch(name::endsWith);
  }

  /**
   * Reads a file whatever its name.
   *
   * @return {@link BufferedImage#TYPE_INT_RGB}
   * @throws IOException if the file cannot be read, is no whole image, or is too large
   */
  static BufferedImage read(Path file) throws IOException {
    try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new IOException(unknown(in));
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        return toRgb(decode(reader));
      } finally {
        reader.dispose();
      }
    } catch (EOFException e) {
      throw new IOException("truncated: the file ends too early", e);
    } catch (OutOfMemoryError e) {
      // For the pixels of this one picture, which are given back with it.
      throw new IOException("larger than the memory that is free: give Java more with -Xmx", e);
    } catch (RuntimeException e) {
      // What ImageIO's readers throw for some damaged files.
      throw new IOException(e.getMessage() == null ? "damaged" : "damaged: " + e.getMessage(), e);
    }
  }

  /**
   * Why there is no reader. WebP has one for ImageIO, TwelveMonkeys' imageio-webp, but that of
   * 3.14.0 makes other pictures of many lossy files than libwebp does.
   */
  private static String unknown(ImageInputStream in) throws IOException {
    byte[] start = new byte[12];
    in.seek(0);
    int length = Math.max(0, in.read(start));
    String text = new String(start, 0, length, StandardCharsets.ISO_8859_1);
    return text.matches("(?s)RIFF....WEBP")
        ? "a WebP file, which is not read: convert it to PNG or JPEG"
        : "of no known image format: JPEG and PNG are read";
  }

  private static BufferedImage decode(ImageReader reader) throws IOException {
    long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
    if (pixels > LARGEST_MEGAPIXELS << 20) {
      throw new IOException(
          String.format(
              "%d x %d pixels are more than %d megapixels",
              reader.getWidth(0), reader.getHeight(0), LARGEST_MEGAPIXELS));
    }
    boolean[] truncated = {false};
    // Of a JPEG that ends too early the reader only warns, and makes up the rest. The words are
    // libjpeg's.
    reader.addIIOReadWarningListener(
        (source, warning) -> truncated[0] |= warning.contains("premature end"));
    BufferedImage image = reader.read(0);
    if (truncated[0]) {
      throw new IOException("truncated: the file ends too early");
    }
    return image;
  }

  static BufferedImage toRgb(BufferedImage image) {
    BufferedImage rgb =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY) {
      copyGrey(image.getRaster(), rgb);
    } else {
      Graphics2D graphics = rgb.createGraphics();
      graphics.drawImage(image, 0, 0, Color.WHITE, null);
      graphics.dispose();
    }
    return rgb;
  }

  /**
   * Takes the values as they are in the file. Java's own conversion takes them for linear light, of
   * which files know nothing, and brightens them.
   */
  private static void copyGrey(Raster raster, BufferedImage rgb) {
    int width = rgb.getWidth();
    float white = (1 << raster.getSampleModel().getSampleSize(0)) - 1;
    boolean alpha = raster.getNumBands() > 1;
    int[] row = new int[width];
    for (int y = 0; y < rgb.getHeight(); y++) {
      int[] samples = raster.getPixels(0, y, width, 1, (int[]) null);
      for (int x = 0; x < width; x++) {
        float grey =
            alpha
                ? 1 - samples[2 * x + 1] / white * (1 - samples[2 * x] / white)
                : samples[x] / white;
        row[x] = Math.round(255 * grey) * 0x010101;
      }
      rgb.setRGB(0, y, width, 1, row, 0, width);
    }
  }
}
