// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import java.util.Locale;

/** Names of constants as they are typed. */
final class Names {
  private Names() {}

  static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
