// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a reader must know of the machine to make sense of a number. */
public final class Machine {

  private Machine() {}

  /**
   * The processor and its caches, the JVM and the operating system.
   *
   * @return one line
   */
  public static String describe() {
    List<String> parts = new ArrayList<>();
    parts.add(processor());
    parts.add(cores() + (cores() == 1 ? " core" : " cores"));
    parts.addAll(caches(Path.of("/sys/devices/system/cpu/cpu0/cache")));
    parts.add(
        "%s %s"
            .formatted(System.getProperty("java.vm.name"), System.getProperty("java.vm.version")));
    parts.add(
        "%s %s %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch")));
    return String.join(", ", parts);
  }

  /**
   * Processors that this process may use.
   *
   * @return at least 1
   */
  public static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  /**
   * The load average of the last minute.
   *
   * @return "unknown" where the system does not tell
   */
  public static String load() {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    return load < 0 ? "unknown" : String.format(Locale.ROOT, "%.2f", load);
  }

  /**
   * Memory that can be had without swapping.
   *
   * @return bytes; what the machine has in all where Linux is not there to ask
   */
  public static long availableMemory() {
    for (String line : lines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemAvailable:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  private static String processor() {
    return lines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("processor of type " + System.getProperty("os.arch"));
  }

  /** The data caches that a directory of Linux' describes, as "L2 1024K". */
  static List<String> caches(Path directory) {
    List<String> caches = new ArrayList<>();
    for (int i = 0; Files.isDirectory(directory.resolve("index" + i)); i++) {
      Path cache = directory.resolve("index" + i);
      if (!lines(cache.resolve("type")).contains("Instruction")) {
        caches.add(
            "L%s %s"
                .formatted(
                    String.join("", lines(cache.resolve("level"))),
                    String.join("", lines(cache.resolve("size")))));
      }
    }
    return caches;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of(); // another system than Linux
    }
  }
}
