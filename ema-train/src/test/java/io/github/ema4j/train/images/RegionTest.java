// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RegionTest {

  /** 240 pixels become 256, of which 224 are kept: 210 of the 240. */
  @Test
  void theMiddleIsSevenEighthsOfTheShorterSide() {
    assertEquals(new Region(55, 15, 210, 210), Region.centre(320, 240, 224, 224, 0.875));
    assertEquals(new Region(15, 55, 210, 210), Region.centre(240, 320, 224, 224, 0.875));
  }

  @Test
  void theMiddleOfOblongTargetsKeepsTheirRatio() {
    assertEquals(new Region(20, 0, 160, 80), Region.centre(200, 80, 64, 32, 1));
    assertEquals(new Region(0, 25, 100, 50), Region.centre(100, 100, 64, 32, 1));
  }

  @Test
  void theWholeOfAnImageOfTheRightShape() {
    assertEquals(new Region(0, 0, 28, 28), Region.centre(28, 28, 28, 28, 1));
    assertEquals(new Region(0, 0, 28, 28), Region.centre(28, 28, 64, 64, 1));
    assertEquals(new Region(0, 0, 1, 1), Region.centre(1, 1, 224, 224, 0.875));
  }

  @Test
  void randomRegionsKeepToTheLimitsAndUseThem() {
    SplittableRandom random = new SplittableRandom(1);
    double smallest = 1;
    double largest = 0;
    double narrowest = 9;
    double widest = 0;
    Set<Region> seen = new HashSet<>();
    for (int i = 0; i < 5_000; i++) {
      Region region = Region.random(400, 300, random);
      seen.add(region);
      assertTrue(region.x() >= 0 && region.x() + region.width() <= 400, region.toString());
      assertTrue(region.y() >= 0 && region.y() + region.height() <= 300, region.toString());
      double area = region.width() * region.height() / 120_000.0;
      double ratio = (double) region.width() / region.height();
      smallest = Math.min(smallest, area);
      largest = Math.max(largest, area);
      narrowest = Math.min(narrowest, ratio);
      widest = Math.max(widest, ratio);
    }
    assertEquals(0.08, smallest, 0.005);
    assertEquals(1, largest, 0.02);
    assertEquals(0.75, narrowest, 0.02);
    assertEquals(4.0 / 3, widest, 0.02);
    assertTrue(seen.size() > 4_900, "different ones: " + seen.size());
  }

  @Test
  void takesTheMiddleOfImagesThatAreTooThin() {
    SplittableRandom random = new SplittableRandom(1);
    assertEquals(new Region(493, 0, 13, 10), Region.random(1000, 10, random));
    assertEquals(new Region(0, 493, 10, 13), Region.random(10, 1000, random));
  }
}
