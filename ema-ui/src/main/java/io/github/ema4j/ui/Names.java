// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import java.util.Collection;

/** Names that tell things apart. */
final class Names {
  private Names() {}

  /** The name, with the first free number from 2 where it is taken. */
  static String unused(String name, Collection<String> taken) {
    String unused = name;
    for (int number = 2; taken.contains(unused); number++) {
      unused = name + " " + number;
    }
    return unused;
  }
}
