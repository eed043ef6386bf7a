// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.LongStream;

/** How much memory a task needs beside what the process has already, by Linux' own account. */
final class PeakMemory {

  private static final Path CLEAR = Path.of("/proc/self/clear_refs");
  private static final Path STATUS = Path.of("/proc/self/status");

  private static final int RUNS = 5;

  private PeakMemory() {}

  /** Median of some runs, in bytes; -1 on another system than Linux. */
  static long during(Task task) {
    return LongStream.range(0, RUNS)
        .map(run -> once(task))
        .sorted()
        .skip(RUNS / 2)
        .findFirst()
        .orElseThrow();
  }

  private static long once(Task task) {
    System.gc();
    try {
      Files.writeString(CLEAR, "5"); // resets the peak
      long before = kilobytes("VmRSS:");
      task.run();
      return Math.max(0, kilobytes("VmHWM:") - before) * 1024;
    } catch (IOException e) {
      return -1;
    }
  }

  private static long kilobytes(String field) throws IOException {
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(field))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow(() -> new IOException("No " + field + " in " + STATUS));
    }
  }
}
