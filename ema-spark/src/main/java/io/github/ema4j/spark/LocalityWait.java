// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;

/**
 * How long Spark holds a task back for a place beside its data. The tasks of a round are few and
 * start together, so while they wait for the same host, the others stand idle.
 */
final class LocalityWait {

  private static final String ALL = "spark.locality.wait";
  private static final String DEFAULT = "3s";
  private static final List<String> LEVELS = List.of(".process", ".node", ".rack");

  private LocalityWait() {}

  /**
   * What the settings cost.
   *
   * @param workers tasks of a round
   * @return what to say, with the setting that does away with it; empty if there is nothing
   */
  static Optional<String> cost(SparkConf conf, int workers) {
    if (workers < 2 || SingleTasks.isLocal(conf)) {
      return Optional.empty();
    }
    String general = conf.get(ALL, DEFAULT);
    for (String level : LEVELS) {
      String wait = conf.get(ALL + level, general);
      if (conf.getTimeAsMs(ALL + level, general) > 0) {
        boolean own = conf.contains(ALL + level);
        return Optional.of(
            "%s is %s%s: for so long Spark holds a task back for the host that has its data, so that often one host does the work of several workers, one after the other, while others stand idle. Set %s=0, unless it takes a worker longer to fetch its data than to train on it"
                .formatted(
                    own ? ALL + level : ALL,
                    wait,
                    own || conf.contains(ALL) ? "" : ", Spark's default",
                    own ? ALL + level : ALL));
      }
    }
    return Optional.empty();
  }
}
