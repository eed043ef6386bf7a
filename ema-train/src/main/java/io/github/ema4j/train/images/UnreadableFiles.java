// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.error.Printable;
import java.util.List;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files that could not be read, each logged when it is found first. Thread-safe. */
final class UnreadableFiles {
  private static final Logger LOG = LoggerFactory.getLogger(UnreadableFiles.class);

  private final NavigableSet<String> names = new ConcurrentSkipListSet<>();

  void add(String name, String reason) {
    if (names.add(name)) {
      LOG.warn("Skipped the image {}: {}", Printable.of(name), reason);
    }
  }

  /** All so far, sorted. */
  List<String> names() {
    return List.copyOf(names);
  }
}
