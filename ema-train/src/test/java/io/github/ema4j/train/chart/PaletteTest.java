// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PaletteTest {

  private static List<String> colors() {
    List<String> colors = new ArrayList<>(List.of(Palette.raw().color()));
    colors.addAll(Palette.averages());
    return colors;
  }

  /** Red, green and blue from 0 to 1 in linear light, as sRGB defines it (IEC 61966-2-1). */
  private static double[] linear(String color) {
    double[] linear = new double[3];
    for (int i = 0; i < 3; i++) {
      double value = Integer.parseInt(color.substring(1 + 2 * i, 3 + 2 * i), 16) / 255.0;
      linear[i] = value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    }
    return linear;
  }

  /** By WCAG 2.2, "contrast ratio". */
  private static double contrast(String one, String other) {
    double a = luminance(linear(one));
    double b = luminance(linear(other));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }

  private static double luminance(double[] linear) {
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  }

  @Test
  void contrastIsThreeToOneOnBrightAndOnDark() {
    for (String color : colors()) {
      for (String background : List.of("#ffffff", Palette.DARK_BACKGROUND)) {
        double contrast = contrast(color, background);
        assertTrue(contrast >= 3, color + " on " + background + ": " + contrast);
      }
    }
    assertEquals(21, contrast("#000000", "#ffffff"), 1e-9);
  }

  /** Machado, Oliveira and Fernandes 2009, of full severity; applied to linear light. */
  private static final Map<String, double[][]> SIGHT =
      new LinkedHashMap<>(
          Map.of(
              "usual", new double[][] {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
              "protanopia",
                  new double[][] {
                    {0.152286, 1.052583, -0.204868},
                    {0.114503, 0.786281, 0.099216},
                    {-0.003882, -0.048116, 1.051998}
                  },
              "deuteranopia",
                  new double[][] {
                    {0.367322, 0.860646, -0.227968},
                    {0.280085, 0.672501, 0.047413},
                    {-0.011820, 0.042940, 0.968881}
                  },
              "tritanopia",
                  new double[][] {
                    {1.255528, -0.076749, -0.178779},
                    {-0.078411, 0.930809, 0.147602},
                    {0.004733, 0.691367, 0.303900}
                  }));

  /** In CIE L*a*b* with the white of sRGB. */
  private static double[] lab(double[] linear) {
    double x = 0.4124 * linear[0] + 0.3576 * linear[1] + 0.1805 * linear[2];
    double z = 0.0193 * linear[0] + 0.1192 * linear[1] + 0.9505 * linear[2];
    double fx = cubeRoot(x / 0.9505);
    double fy = cubeRoot(luminance(linear));
    double fz = cubeRoot(z / 1.089);
    return new double[] {116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
  }

  private static double cubeRoot(double value) {
    return value > 216.0 / 24389 ? Math.cbrt(value) : (24389.0 / 27 * value + 16) / 116;
  }

  private static double[] seen(String color, double[][] sight) {
    double[] linear = linear(color);
    double[] seen = new double[3];
    for (int i = 0; i < 3; i++) {
      double sum = 0;
      for (int j = 0; j < 3; j++) {
        sum += sight[i][j] * linear[j];
      }
      seen[i] = Math.min(1, Math.max(0, sum));
    }
    return seen;
  }

  /**
   * A difference (CIE 1976) of 2.3 is just noticeable; neighbours in a chart want many times it.
   */
  @Test
  void anyTwoColoursDifferForAnyEyes() {
    List<String> colors = colors();
    SIGHT.forEach(
        (name, sight) -> {
          for (int i = 0; i < colors.size(); i++) {
            for (int j = 0; j < i; j++) {
              double[] a = lab(seen(colors.get(i), sight));
              double[] b = lab(seen(colors.get(j), sight));
              double difference = Math.hypot(Math.hypot(a[0] - b[0], a[1] - b[1]), a[2] - b[2]);
              assertTrue(
                  difference >= 15,
                  "%s and %s, %s: %.1f".formatted(colors.get(i), colors.get(j), name, difference));
            }
          }
        });
  }

  @Test
  void rawAndAveragedDifferInMoreThanColour() {
    assertTrue(Palette.average(0).width() > Palette.raw().width());
    assertNotEquals("", Palette.training().dashes());
    assertEquals("", Palette.raw().dashes());
  }

  @Test
  void withMoreAveragesTheColoursComeAgainDashed() {
    int colors = Palette.averages().size();
    assertEquals(Palette.average(1).color(), Palette.average(1 + colors).color());
    assertNotEquals(Palette.average(1).dashes(), Palette.average(1 + colors).dashes());
  }
}
