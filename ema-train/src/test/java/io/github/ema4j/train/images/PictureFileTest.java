// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PictureFileTest {
  private static final String WEBP =
      "524946463e000000574542505650384c320000002f014000001f202420baee92"
          + "ff8fdc101210b2ffd116db14b28d008ded3e7f808399ff18eab1d44041da062c"
          + "ea6e44ffe301";

  @TempDir Path directory;

  @Test
  void readsColoursExactly() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0x0a14c8);
    image.setRGB(1, 0, 0xff0001);

    BufferedImage read = readBack("colours.png", image);

    assertEquals(BufferedImage.TYPE_INT_RGB, read.getType());
    assertEquals(0x0a14c8, rgb(read, 0));
    assertEquals(0xff0001, rgb(read, 1));
  }

  @Test
  void readsGreyAsItIsInTheFile() throws IOException {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSamples(0, 0, 3, 1, 0, new int[] {0, 100, 255});

    BufferedImage read = readBack("grey.png", image);

    assertEquals(0x000000, rgb(read, 0));
    assertEquals(0x646464, rgb(read, 1));
    assertEquals(0xffffff, rgb(read, 2));
  }

  @Test
  void readsSixteenBitsOfGrey() throws IOException {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setSamples(0, 0, 3, 1, 0, new int[] {0, 100 * 257, 0xffff});

    BufferedImage read = readBack("grey16.png", image);

    assertEquals(0x000000, rgb(read, 0));
    assertEquals(0x646464, rgb(read, 1));
    assertEquals(0xffffff, rgb(read, 2));
  }

  @Test
  void readsSixteenBitsOfColour() throws IOException {
    BufferedImage image = image(ColorSpace.CS_sRGB, false, DataBuffer.TYPE_USHORT, 1);
    image.getRaster().setPixel(0, 0, new int[] {10 * 257, 20 * 257, 200 * 257});

    assertEquals(0x0a14c8, rgb(readBack("colour16.png", image), 0));
  }

  @Test
  void transparencyBecomesWhite() throws IOException {
    BufferedImage colour = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
    colour.setRGB(0, 0, 0x00123456);
    colour.setRGB(1, 0, 0xff123456);
    colour.setRGB(2, 0, 0x80000000);
    BufferedImage read = readBack("alpha.png", colour);
    assertEquals(0xffffff, rgb(read, 0));
    assertEquals(0x123456, rgb(read, 1));
    assertEquals(0x7f7f7f, rgb(read, 2));

    BufferedImage grey = image(ColorSpace.CS_GRAY, true, DataBuffer.TYPE_BYTE, 3);
    grey.getRaster().setPixels(0, 0, 3, 1, new int[] {100, 0, 100, 255, 0, 128});
    read = readBack("grey-alpha.png", grey);
    assertEquals(0xffffff, rgb(read, 0));
    assertEquals(0x646464, rgb(read, 1));
    assertEquals(0x7f7f7f, rgb(read, 2));
  }

  @Test
  void readsPalettes() throws IOException {
    byte[] red = {0, (byte) 200};
    byte[] green = {10, 20};
    byte[] blue = {0, 30};
    BufferedImage image =
        new BufferedImage(
            2, 1, BufferedImage.TYPE_BYTE_BINARY, new IndexColorModel(1, 2, red, green, blue));
    image.getRaster().setSample(1, 0, 0, 1);

    BufferedImage read = readBack("palette.png", image);

    assertEquals(0x000a00, rgb(read, 0));
    assertEquals(0xc8141e, rgb(read, 1));
  }

  @Test
  void readsJpegWhateverItsName() throws IOException {
    Path file = ImageFiles.write(directory.resolve("a.jpg"), ImageFiles.plain(20, 16, 0xc86432));
    Path renamed = Files.move(file, directory.resolve("a.png"));

    BufferedImage read = PictureFile.read(renamed);

    assertEquals(20, read.getWidth());
    assertEquals(16, read.getHeight());
    for (int shift = 0; shift <= 16; shift += 8) {
      assertEquals(0xc86432 >> shift & 0xff, rgb(read, 5) >> shift & 0xff, 3);
    }

    BufferedImage grey = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSamples(0, 0, 16, 16, 0, new int[256]);
    assertEquals(0, rgb(readBack("grey.jpeg", grey), 0) & 0xff, 3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jpg", "a.png"})
  void refusesATruncatedFile(String name) throws IOException {
    BufferedImage noise = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(1);
    for (int i = 0; i < 64 * 64; i++) {
      noise.setRGB(i % 64, i / 64, random.nextInt());
    }
    Path file = ImageFiles.truncate(ImageFiles.write(directory.resolve(name), noise));

    assertThrows(IOException.class, () -> PictureFile.read(file));
  }

  @Test
  void refusesWhatIsNoImage() throws IOException {
    Path text = Files.writeString(directory.resolve("text.jpg"), "no image");
    Path empty = Files.createFile(directory.resolve("empty.png"));

    assertEquals("of no known image format: JPEG and PNG are read", refused(text));
    assertEquals("of no known image format: JPEG and PNG are read", refused(empty));
    assertThrows(IOException.class, () -> PictureFile.read(directory.resolve("missing.png")));
  }

  /** A real one, of 2 x 2 pixels, by libwebp. */
  @Test
  void refusesWebPByName() throws IOException {
    byte[] webp = HexFormat.of().parseHex(WEBP);
    Path file = Files.write(directory.resolve("renamed.png"), webp);

    assertEquals("a WebP file, which is not read: convert it to PNG or JPEG", refused(file));
  }

  @Test
  void refusesHugeImages() throws IOException {
    Path file =
        ImageFiles.write(
            directory.resolve("huge.png"),
            new BufferedImage(8192, 8193, BufferedImage.TYPE_BYTE_BINARY));

    assertEquals("8192 x 8193 pixels are more than 64 megapixels", refused(file));
  }

  /** Reads a picture in a Java that has not the memory for its pixels. */
  static final class InLittleMemory {
    private InLittleMemory() {}

    /** Prints why it cannot be read, and how large the next one is. */
    public static void main(String[] files) throws IOException {
      try {
        PictureFile.read(Path.of(files[0]));
        System.out.println("read");
      } catch (IOException e) {
        System.out.println(e.getMessage());
      }
      System.out.println(PictureFile.read(Path.of(files[1])).getWidth());
    }
  }

  @Test
  void aPictureThatNeedsMoreMemoryThanThereIsIsSkippedAndTheNextOneRead() throws Exception {
    Path large = directory.resolve("large.png");
    ImageIO.write(
        new BufferedImage(6000, 6000, BufferedImage.TYPE_BYTE_BINARY), "png", large.toFile());
    Path small = directory.resolve("small.png");
    ImageIO.write(new BufferedImage(7, 5, BufferedImage.TYPE_INT_RGB), "png", small.toFile());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                InLittleMemory.class.getName(),
                large.toString(),
                small.toString())
            .redirectErrorStream(true)
            .start();

    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertEquals(0, process.waitFor(), out);
    assertTrue(out.contains("larger than the memory that is free"), out);
    assertTrue(out.endsWith("7" + System.lineSeparator()), out);
  }

  @Test
  void knowsImagesByTheirNames() {
    assertTrue(PictureFile.isNamedLikeOne(Path.of("x", "a.jpg")));
    assertTrue(PictureFile.isNamedLikeOne(Path.of("a.JPEG")));
    assertTrue(PictureFile.isNamedLikeOne(Path.of("a.b.Png")));
    assertFalse(PictureFile.isNamedLikeOne(Path.of("a.gif")));
    assertFalse(PictureFile.isNamedLikeOne(Path.of("jpg")));
  }

  private BufferedImage readBack(String name, BufferedImage image) throws IOException {
    return PictureFile.read(ImageFiles.write(directory.resolve(name), image));
  }

  private static String refused(Path file) {
    return assertThrows(IOException.class, () -> PictureFile.read(file)).getMessage();
  }

  private static int rgb(BufferedImage image, int x) {
    return image.getRGB(x, 0) & 0xffffff;
  }

  private static BufferedImage image(int colours, boolean alpha, int type, int width) {
    ColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(colours),
            alpha,
            false,
            alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE,
            type);
    WritableRaster raster = model.createCompatibleWritableRaster(width, 1);
    return new BufferedImage(model, raster, false, null);
  }
}
