// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecayTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.00000388892, 3.889e-6",
    "0.00001, 1e-5",
    "0.037751909258493956, 0.03775",
    "0.5, 0.5",
    "0.9, 0.9",
    "0.987651234, 0.98765",
    "0.9999, 0.9999",
    "0.99995, 0.99995",
    "0.99998765432, 0.99998765",
    "1, 1"
  })
  void aDecayIsShownInFourDigitsThatTellItFromZeroAndOne(double decay, String text) {
    assertEquals(text, Decay.text(decay));
  }
}
