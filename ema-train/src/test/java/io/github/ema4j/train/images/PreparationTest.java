// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.models.ImageShape;
import java.awt.image.BufferedImage;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PreparationTest {

  @Test
  void normalisesColoursAsImageNet() {
    float[] values = centre(ImageFiles.plain(5, 5, 0xff8000), new ImageShape(3, 1, 1), 1);

    assertArrayEquals(
        new float[] {(1 - 0.485f) / 0.229f, (128 / 255f - 0.456f) / 0.224f, (0 - 0.406f) / 0.225f},
        values,
        1e-6f);
  }

  @Test
  void bringsGreyToMinusOneToOne() {
    ImageShape shape = new ImageShape(1, 1, 1);
    assertArrayEquals(new float[] {1}, centre(ImageFiles.plain(1, 1, 0xffffff), shape, 1));
    assertArrayEquals(new float[] {-1}, centre(ImageFiles.plain(1, 1, 0x000000), shape, 1));
    assertArrayEquals(
        new float[] {2 * 0.299f - 1}, centre(ImageFiles.plain(1, 1, 0xff0000), shape, 1), 1e-6f);
  }

  @Test
  void putsChannelsOneAfterTheOtherAndRowsInThem() {
    BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
    image.setRGB(1, 0, 0xff0000);
    image.setRGB(0, 1, 0x0000ff);

    float[] values = centre(image, new ImageShape(3, 2, 2), 1);

    assertArrayEquals(new boolean[] {false, true, false, false}, bright(values, 0));
    assertArrayEquals(new boolean[] {false, false, false, false}, bright(values, 4));
    assertArrayEquals(new boolean[] {false, false, true, false}, bright(values, 8));
  }

  @Test
  void leavesPixelsAloneWhereNothingIsScaled() {
    BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 784; i++) {
      image.setRGB(i % 28, i / 28, 0x010101 * (i % 256));
    }
    float[] values = centre(image, new ImageShape(1, 28, 28), 1);
    for (int i = 0; i < 784; i++) {
      assertEquals(i % 256 / 127.5f - 1, values[i], 1e-6f);
    }
  }

  @Test
  void scalesTheMiddle() {
    // Black with a white square that is just what the middle leaves: 0.875 of 160 is 140.
    BufferedImage image = ImageFiles.plain(240, 160, 0);
    image.createGraphics().drawImage(ImageFiles.plain(140, 140, 0xffffff), 50, 10, null);

    for (float value : centre(image, new ImageShape(1, 56, 56), 0.875)) {
      assertEquals(1, value, 1e-6f);
    }
    float[] small = centre(ImageFiles.plain(7, 9, 0x646464), new ImageShape(1, 64, 48), 0.875);
    assertEquals(64 * 48, small.length);
    for (float value : small) {
      assertEquals(100 / 127.5f - 1, value, 0.01f);
    }
  }

  /** Fine stripes become grey, where a scaling that skips pixels would keep some of them. */
  @Test
  void averagesWhatItMakesSmaller() {
    BufferedImage image = new BufferedImage(512, 512, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 512 * 512; i++) {
      image.setRGB(i % 512, i / 512, i % 2 == 0 ? 0 : 0xffffff);
    }
    for (float value : centre(image, new ImageShape(1, 64, 64), 1)) {
      assertEquals(0, value, 0.02f);
    }
  }

  @Test
  void mirrorsAboutHalfOfTheImages() {
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 6; i++) {
      image.setRGB(i % 3, i / 3, 0x010101 * (10 * i));
    }
    LoadOptions flip = new LoadOptions(1, new ImageShape(1, 2, 3), 1, 0, 0, true, false);
    int mirrored = 0;
    for (int i = 0; i < 1000; i++) {
      float[] values = new float[6];
      new Preparation(flip.shape(), 1)
          .augmented(image, flip, RandomStreams.ofImage(1, 0, i), values, 0);
      boolean isMirrored = values[0] > values[1];
      float[] expected = isMirrored ? grey(20, 10, 0, 50, 40, 30) : grey(0, 10, 20, 30, 40, 50);
      assertArrayEquals(expected, values, 1e-6f);
      mirrored += isMirrored ? 1 : 0;
    }
    assertEquals(500, mirrored, 60);
  }

  @Test
  void takesTheMiddleOfTrainingImagesUnlessToldOtherwise() {
    BufferedImage image = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 64 * 48; i++) {
      image.setRGB(i % 64, i / 64, i * 77);
    }
    ImageShape shape = new ImageShape(3, 32, 32);
    Preparation preparation = new Preparation(shape, 0.875);
    float[] plain = new float[preparation.length()];
    float[] cropped = new float[preparation.length()];
    preparation.augmented(
        preparation.centre(image),
        new LoadOptions(1, shape, 1, 0, 0, false, false),
        random(),
        plain,
        0);
    preparation.augmented(
        image, new LoadOptions(1, shape, 1, 0, 0, false, true), random(), cropped, 0);

    float[] middle = centre(image, shape, 0.875);
    assertArrayEquals(middle, plain);
    float difference = 0;
    for (int i = 0; i < middle.length; i++) {
      difference = Math.max(difference, Math.abs(middle[i] - cropped[i]));
    }
    assertTrue(difference > 0.1, "largest difference " + difference);
  }

  private static SplittableRandom random() {
    return new SplittableRandom(3);
  }

  private static float[] grey(int... values) {
    float[] normalised = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      normalised[i] = values[i] / 127.5f - 1;
    }
    return normalised;
  }

  private static boolean[] bright(float[] values, int offset) {
    boolean[] bright = new boolean[4];
    for (int i = 0; i < 4; i++) {
      bright[i] = values[offset + i] > 0;
    }
    return bright;
  }

  private static float[] centre(BufferedImage image, ImageShape shape, double share) {
    Preparation preparation = new Preparation(shape, share);
    float[] values = new float[preparation.length()];
    preparation.plain(preparation.centre(image), values, 0);
    return values;
  }
}
