// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.PowerFunctionExponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers of the EDM2 program ({@code training/phema.py}) and properties of the fit. */
class ProfileFitTest {

  @ParameterizedTest
  @CsvSource({
    "0.05, 16.97219860",
    "0.10, 6.93720394",
    "0.15, 3.55786877",
    "0.20, 1.82621378",
    "0.25, 0.71982396"
  })
  void exponentsAreThoseOfThePaper(double sigmaRel, double gamma) {
    assertEquals(gamma, PowerFunctionExponent.gamma(sigmaRel), 1e-8);
    assertEquals(sigmaRel, PowerFunctionExponent.sigmaRel(gamma), 1e-9);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.1, 0.28867514, 1, Double.NaN})
  void widthsOutOfRangeAreRefused(double sigmaRel) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> PowerFunctionProfile.of(sigmaRel, 1));
    assertTrue(e.getMessage().contains("" + sigmaRel), e.getMessage());
  }

  @Test
  void impossibleProfilesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> PowerFunctionProfile.of(0.1, 0));
    assertThrows(IllegalArgumentException.class, () -> new PowerFunctionProfile(-0.1, 1));
    assertThrows(IllegalArgumentException.class, () -> new PowerFunctionProfile(Double.NaN, 1));
  }

  @Property(tries = 100)
  void innerProductsAreIntegrals(
      @ForAll @DoubleRange(min = 0, max = 20) double gammaA,
      @ForAll @LongRange(min = 1, max = 50) long updateA,
      @ForAll @DoubleRange(min = 0, max = 20) double gammaB,
      @ForAll @LongRange(min = 1, max = 50) long updateB) {
    PowerFunctionProfile a = new PowerFunctionProfile(gammaA, updateA);
    PowerFunctionProfile b = new PowerFunctionProfile(gammaB, updateB);
    double end = Math.min(updateA, updateB);
    int n = 20_000;
    double integral = 0;
    for (int i = 0; i < n; i++) {
      double s = (i + 0.5) / n * end;
      integral += density(a, s) * density(b, s) * end / n;
    }
    assertEquals(1, a.dot(b) / integral, 1e-5);
    assertEquals(a.dot(b), b.dot(a), 1e-15 * a.dot(b));
  }

  private static double density(PowerFunctionProfile p, double s) {
    return (p.gamma() + 1) / p.update() * Math.pow(s / p.update(), p.gamma());
  }

  @Test
  void coefficientsAreThoseOfEdm2() {
    // Computed with numpy by the formulas of that program.
    double[] expected = {
      -0.0005620351079424073,
      -0.013147865594997874,
      -0.0779583721502108,
      -0.2640619707998652,
      0.001944069303754636,
      0.038019966635525246,
      0.2004086400796245,
      1.1153575676341119
    };
    ProfileFit fit = ProfileFit.of(stored(1, 2, 3, 4), PowerFunctionProfile.of(0.15, 4));
    assertArrayEquals(expected, fit.coefficients(), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({"0.05, 3", "0.10, 7"})
  void aStoredProfileIsRecoveredExactly(double sigmaRel, int index) {
    ProfileFit fit = ProfileFit.of(stored(1, 2, 3, 4), PowerFunctionProfile.of(sigmaRel, 4));
    double[] expected = new double[8];
    expected[index] = 1;
    assertArrayEquals(expected, fit.coefficients(), 1e-14);
    assertEquals(0, fit.error(), 1e-7);
  }

  @Property(tries = 50)
  void coefficientsSumToOne(
      @ForAll @DoubleRange(min = 0.01, max = 0.28) double sigmaRel,
      @ForAll @LongRange(min = 1, max = 20) long update) {
    ProfileFit fit = ProfileFit.of(stored(2, 5, 11, 20), PowerFunctionProfile.of(sigmaRel, update));
    assertEquals(1, Arrays.stream(fit.coefficients()).sum(), 1e-9);
  }

  @Test
  void theErrorIsThatOfTheProfiles() {
    List<PowerFunctionProfile> stored = stored(100, 200);
    PowerFunctionProfile target = PowerFunctionProfile.of(0.2, 200);
    ProfileFit fit = ProfileFit.of(stored, target);
    int n = 200_000;
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < n; i++) {
      double s = (i + 0.5) / n * 200;
      double sum = 0;
      for (int j = 0; j < stored.size(); j++) {
        if (s <= stored.get(j).update()) {
          sum += fit.coefficients()[j] * density(stored.get(j), s);
        }
      }
      difference += Math.pow(sum - density(target, s), 2);
      norm += Math.pow(density(target, s), 2);
    }
    assertEquals(Math.sqrt(difference / norm), fit.error(), 1e-4);
    assertTrue(fit.error() > 0.01);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.02, 0.07, 0.15, 0.25})
  void moreSnapshotsFitBetter(double sigmaRel) {
    double last = Double.POSITIVE_INFINITY;
    for (int snapshots = 2; snapshots <= 128; snapshots *= 2) {
      long[] updates = new long[snapshots];
      for (int i = 0; i < snapshots; i++) {
        updates[i] = (i + 1) * 12_800L / snapshots;
      }
      double error =
          ProfileFit.of(stored(updates), PowerFunctionProfile.of(sigmaRel, 12_800)).error();
      assertTrue(error < last, snapshots + " snapshots: " + error + " after " + last);
      last = error;
    }
    assertTrue(last < 0.01, "error with 128 snapshots: " + last);
  }

  /** As when training ends soon after regular snapshots, or stops and resumes often. */
  @ParameterizedTest
  @CsvSource({"200, 10000, 1", "100, 100000, 2", "300, 1000, 19", "50, 10000000, 2"})
  void snapshotsShortlyAfterOneAnotherDoNoHarm(int regular, long interval, int more) {
    long last = regular * interval;
    long[] updates =
        LongStream.concat(
                LongStream.rangeClosed(1, regular).map(i -> i * interval),
                LongStream.rangeClosed(1, more).map(i -> last + i))
            .toArray();
    for (double sigmaRel : new double[] {0.05, 0.10, 0.15, 0.25}) {
      PowerFunctionProfile target = PowerFunctionProfile.of(sigmaRel, last + more);
      ProfileFit fit = ProfileFit.of(stored(updates), target);
      assertEquals(0, fit.error(), 0.03);
      double magnitude = Arrays.stream(fit.coefficients()).map(Math::abs).sum();
      assertTrue(magnitude < 4, sigmaRel + ": coefficients of magnitude " + magnitude);
    }
  }

  @Test
  void ofEqualProfilesOneIsUsed() {
    PowerFunctionProfile profile = PowerFunctionProfile.of(0.1, 5);
    ProfileFit fit = ProfileFit.of(List.of(profile, PowerFunctionProfile.of(0.1, 5)), profile);
    assertArrayEquals(new double[] {1, 0}, fit.coefficients(), 1e-15);
  }

  @Test
  void withoutProfilesThereIsNoFit() {
    PowerFunctionProfile profile = PowerFunctionProfile.of(0.1, 5);
    assertThrows(IllegalArgumentException.class, () -> ProfileFit.of(List.of(), profile));
  }

  /** Profiles of widths 0.05 at all updates, then 0.10 at all. */
  private static List<PowerFunctionProfile> stored(long... updates) {
    List<PowerFunctionProfile> stored = new ArrayList<>();
    for (double sigmaRel : new double[] {0.05, 0.10}) {
      for (long update : updates) {
        stored.add(PowerFunctionProfile.of(sigmaRel, update));
      }
    }
    return stored;
  }
}
