// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/**
 * Gradient sharing needs executors that run one task at a time. Of several at once, Deeplearning4j
 * lets one train with the data of all; a task that comes just when that one has finished waits for
 * ever, and so does {@code fit}.
 */
final class SingleTasks {

  private static final Pattern LOCAL = Pattern.compile("local(?:\\[([0-9]+|\\*)(?:,.*)?\\])?");

  private SingleTasks() {}

  /**
   * Looks at the settings of a Spark context.
   *
   * @throws IllegalStateException if an executor has cores for two tasks, or may have
   */
  static void require(SparkConf conf) {
    int perTask = conf.getInt("spark.task.cpus", 1);
    OptionalInt cores = cores(conf);
    if (cores.isEmpty() || cores.getAsInt() >= 2 * perTask) {
      throw new IllegalStateException(
          "With the master %s, an executor has %s cores and spark.task.cpus is %d, but where an executor runs several tasks at once, Deeplearning4j's gradient sharing comes to wait for ever: %s"
              .formatted(
                  conf.get("spark.master"),
                  cores.isPresent() ? cores.getAsInt() : "all its worker's",
                  perTask,
                  isLocal(conf)
                      ? "use the master local[1]"
                      : "set spark.executor.cores=1, or spark.task.cpus to the cores of an executor"));
    }
  }

  static boolean isLocal(SparkConf conf) {
    return LOCAL.matcher(conf.get("spark.master")).matches();
  }

  /** The cores of an executor; empty if it takes what there is. */
  private static OptionalInt cores(SparkConf conf) {
    String master = conf.get("spark.master");
    Matcher local = LOCAL.matcher(master);
    if (local.matches()) {
      String cores = local.group(1) == null ? "1" : local.group(1);
      return OptionalInt.of(
          cores.equals("*") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(cores));
    }
    if (conf.contains("spark.executor.cores")) {
      return OptionalInt.of(conf.getInt("spark.executor.cores", 1));
    }
    // The default of these two, but not of Spark's own servers.
    return master.startsWith("yarn") || master.startsWith("k8s")
        ? OptionalInt.of(1)
        : OptionalInt.empty();
  }
}
