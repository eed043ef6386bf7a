// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToLongFunction;

/**
 * What Linux tells of the threads of a process: whether one runs, and how long they waited for a
 * processor that something else had. Elsewhere nothing is known and nothing counts as disturbed.
 */
final class ProcessWatch {

  private static final long LONGEST_PAUSE_NANOS = 300_000_000;

  private final Path tasks;

  ProcessWatch(long pid) {
    tasks = Path.of("/proc", Long.toString(pid), "task");
  }

  /**
   * Waits until the process sleeps: threads of OpenMP spin for some milliseconds after their work,
   * and a JVM compiles. At most 0.3 s.
   */
  void awaitIdle() {
    long start = System.nanoTime();
    do {
      try {
        Thread.sleep(Files.isDirectory(tasks) ? 1 : 20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    } while (sum(ProcessWatch::isRunning) > 0 && System.nanoTime() - start < LONGEST_PAUSE_NANOS);
  }

  /** Nanoseconds that threads of the process waited for a processor since they began. */
  long waitedNanos() {
    return sum(task -> Long.parseLong(read(task.resolve("schedstat"), "0 0").split(" ")[1]));
  }

  private static long isRunning(Path task) {
    String stat = read(task.resolve("stat"), "0 (gone) X");
    return stat.startsWith(" R", stat.lastIndexOf(')') + 1) ? 1 : 0;
  }

  private long sum(ToLongFunction<Path> of) {
    long sum = 0;
    try (DirectoryStream<Path> each = Files.newDirectoryStream(tasks)) {
      for (Path task : each) {
        sum += of.applyAsLong(task);
      }
    } catch (IOException e) {
      return 0; // not Linux, or the process has just ended, which the next request reports
    }
    return sum;
  }

  private static String read(Path file, String otherwise) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return otherwise; // a thread that ended meanwhile
    }
  }
}
