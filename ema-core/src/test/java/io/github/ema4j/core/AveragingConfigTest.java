// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

/** A configuration is what was asked for and nothing else, or is refused. */
class AveragingConfigTest {

  private final AveragingConfig.Builder builder = AveragingConfig.builder().decay(0.9);

  @ParameterizedTest
  @ValueSource(
      doubles = {-0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 99.99})
  void decayOutsideZeroToOne(double decay) {
    refused(() -> AveragingConfig.of(decay), "decay", Double.toString(decay));
    refused(() -> builder.decay(decay), "decay", Double.toString(decay));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void updateEveryBelowOne(int steps) {
    refused(() -> builder.updateEvery(steps), "updateEvery", Integer.toString(steps));
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE})
  void startAfterBelowZero(long steps) {
    refused(() -> builder.startAfter(steps), "startAfter", Long.toString(steps));
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"},
      mode = EnumSource.Mode.EXCLUDE)
  void shadowTypeOtherThanFloatOrDouble(DataType type) {
    refused(() -> builder.shadowType(type), "shadowType", type.toString());
  }

  @Test
  void nulls() {
    assertThrows(NullPointerException.class, () -> builder.schedule(null));
    assertThrows(NullPointerException.class, () -> builder.onNonFinite(null));
    assertThrows(RuntimeException.class, () -> builder.shadowType(null));
  }

  @Test
  void noDecayAtAll() {
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> AveragingConfig.builder().build());
    assertTrue(e.getMessage().contains("decay"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE})
  void startAfterEpochsBelowZero(int epochs) {
    refused(() -> builder.startAfterEpochs(epochs), "startAfterEpochs", Integer.toString(epochs));
  }

  @Test
  void whatIsNotAskedForIsTheDefault() {
    AveragingConfig config = AveragingConfig.of(0.9);
    assertEquals(DecaySchedule.constant(0.9), config.schedule());
    assertEquals(Optional.empty(), config.shadowType());
    assertEquals(1, config.updateEvery());
    assertTrue(config.correctDecayForInterval());
    assertEquals(AveragingUnit.STEPS, config.unit());
    assertEquals(0, config.startAfter());
    assertEquals(0, config.startAfterEpochs());
    assertEquals(NonFinitePolicy.SKIP, config.onNonFinite());
    assertEquals(
        List.of(false, false, false),
        List.of(config.shadowOnHost(), config.inBackground(), config.overlapped()));
    assertEquals(config, AveragingConfig.of(DecaySchedule.constant(0.9)));
  }

  /** Each differs from the others in one option, or in two where one needs the other. */
  @Test
  void oneOptionMakesAnotherConfiguration() {
    List<AveragingConfig> configs =
        List.of(
            builder().build(),
            builder().decay(0.99).build(),
            builder().shadowType(DataType.FLOAT).build(),
            builder().shadowType(DataType.DOUBLE).build(),
            builder().updateEvery(2).build(),
            builder().correctDecayForInterval(false).build(),
            builder().unit(AveragingUnit.EXAMPLES).build(),
            builder().startAfter(1).build(),
            builder().startAfterEpochs(1).build(),
            builder().onNonFinite(NonFinitePolicy.THROW).build(),
            builder().shadowOnHost(true).build(),
            builder().shadowOnHost(true).inBackground(true).build(),
            builder().overlapped(true).build());
    for (int i = 0; i < configs.size(); i++) {
      for (int j = 0; j < configs.size(); j++) {
        if (i != j) {
          assertNotEquals(configs.get(i), configs.get(j));
        }
      }
    }
    assertEquals(builder().updateEvery(2).build(), configs.get(4));
    assertEquals(builder().updateEvery(2).build().hashCode(), configs.get(4).hashCode());
  }

  @Test
  void whatABuilderGetsLaterDoesNotReachWhatItHasBuilt() {
    AveragingConfig config = builder.updateEvery(3).build();
    builder.updateEvery(4).onNonFinite(NonFinitePolicy.THROW);
    assertEquals(3, config.updateEvery());
    assertEquals(NonFinitePolicy.SKIP, config.onNonFinite());
  }

  @Test
  void optionsThatExcludeEachOtherAreRefusedByTheirNames() {
    contradicts(builder().inBackground(true), "inBackground", "shadowOnHost");
    contradicts(builder().overlapped(true).shadowOnHost(true), "overlapped", "shadowOnHost");
    contradicts(
        builder().startAfter(5).startAfterEpochs(2), "startAfter is 5", "startAfterEpochs 2");
    contradicts(builder().unit(AveragingUnit.EXAMPLES).updateEvery(2), "updateEvery at 1");
    contradicts(
        builder().unit(AveragingUnit.EXAMPLES).correctDecayForInterval(false),
        "correctDecayForInterval at true");
  }

  private static AveragingConfig.Builder builder() {
    return AveragingConfig.builder().decay(0.9);
  }

  private static void contradicts(AveragingConfig.Builder builder, String... said) {
    IllegalStateException e = assertThrows(IllegalStateException.class, builder::build);
    for (String word : said) {
      assertTrue(e.getMessage().contains(word), "'" + word + "' is not in: " + e.getMessage());
    }
  }

  private static void refused(Executable use, String... said) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, use);
    for (String word : said) {
      assertTrue(e.getMessage().contains(word), "'" + word + "' is not in: " + e.getMessage());
    }
  }
}
