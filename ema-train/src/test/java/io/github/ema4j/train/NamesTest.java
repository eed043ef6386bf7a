// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.NonFinitePolicy;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class NamesTest {

  /** In Turkish the small letter of I has no dot. */
  @Test
  void constantsAreTypedInTheLettersOfEnglishWhereverOneIs() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("tr"));
      assertEquals("skip", Names.of(NonFinitePolicy.SKIP));
    } finally {
      Locale.setDefault(before);
    }
  }
}
