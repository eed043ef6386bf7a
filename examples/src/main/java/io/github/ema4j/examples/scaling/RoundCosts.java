// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.scaling;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;

/**
 * What one averaging round costs the driver of Deeplearning4j's parameter averaging on Spark, by
 * count of the bytes; {@code docs/scaling.md} says where each number comes from.
 *
 * @param parameters of the network, in FLOAT, with Adam's two values of state for each
 * @param workers that send weights and updater state at the end of a round
 */
record RoundCosts(double parameters, int workers) {

  private static final double BYTES_PER_VALUE = 4;
  private static final double VALUES_PER_PARAMETER = 3;
  private static final double NETWORK_BYTES_PER_SECOND = 1.25e9; // 10 Gbit/s
  private static final double AVERAGE_SECONDS_PER_PARAMETER = 4.26e-3 / 25.6e6; // README, 2 cores

  /** Weights and updater state: what goes to each worker, and comes back. */
  double copyBytes() {
    return BYTES_PER_VALUE * VALUES_PER_PARAMETER * parameters;
  }

  /** The average. */
  double shadowBytes() {
    return BYTES_PER_VALUE * parameters;
  }

  /** The network, its broadcast form, the sum of the results, and the average. */
  double driverBytes() {
    return 3 * copyBytes() + shadowBytes();
  }

  /** How many results reach the driver: Spark's treeAggregate of depth 2 has merged the others. */
  int fanIn() {
    int partitions = workers;
    int scale = (int) Math.max(Math.ceil(Math.sqrt(partitions)), 2);
    while (partitions > scale + Math.ceil((double) partitions / scale)) {
      partitions /= scale;
    }
    return partitions;
  }

  /** Copies that the driver sends of the broadcast: the workers have the others of each other. */
  double sentCopies() {
    return Broadcast.copiesOfDriver(workers, (int) Math.ceil(copyBytes() / Broadcast.BLOCK_BYTES));
  }

  /** What it sends, and then the results. */
  double driverTrafficBytes() {
    return (sentCopies() + fanIn()) * copyBytes();
  }

  double trafficSeconds() {
    return driverTrafficBytes() / NETWORK_BYTES_PER_SECOND;
  }

  double averageSeconds() {
    return AVERAGE_SECONDS_PER_PARAMETER * parameters;
  }

  static String table(List<Double> parameters, List<Integer> workers) {
    StringBuilder table =
        new StringBuilder(
            """
            | parameters | workers | average | driver's memory | copies that it sends | results that it gets | driver's traffic | time of it | time of the average |
            | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
            """);
    for (double count : parameters) {
      for (int w : workers) {
        RoundCosts costs = new RoundCosts(count, w);
        table.append(
            String.format(
                Locale.ROOT,
                "| %s | %,d | %s | %s | %s | %d | %s | %s | %s |%n",
                scaled(count, ""),
                w,
                scaled(costs.shadowBytes(), "B"),
                scaled(costs.driverBytes(), "B"),
                String.format(
                    Locale.ROOT, costs.sentCopies() < 10 ? "%.1f" : "%,.0f", costs.sentCopies()),
                costs.fanIn(),
                scaled(costs.driverTrafficBytes(), "B"),
                time(costs.trafficSeconds()),
                time(costs.averageSeconds())));
      }
    }
    return table.toString();
  }

  private static String scaled(double value, String unit) {
    double scaled = value;
    String prefixes = "kMGTP";
    int i = -1;
    while (scaled >= 1000) {
      scaled /= 1000;
      i++;
    }
    return new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT)).format(scaled)
        + (" " + prefixes.charAt(i) + unit);
  }

  private static String time(double seconds) {
    if (seconds < 1) {
      return String.format(Locale.ROOT, "%.1f ms", 1000 * seconds);
    }
    if (seconds < 120) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    return seconds < 7200
        ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
        : String.format(Locale.ROOT, "%.0f h", seconds / 3600);
  }
}
