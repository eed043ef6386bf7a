// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import io.github.ema4j.benchmarks.harness.Worker;
import io.github.ema4j.benchmarks.harness.WorkerException;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Are the results right, bit for bit, whatever the number of threads? */
final class ChecksSection implements Section {

  /** Long enough to be shared out among threads, and no multiple of any block. */
  private static final int SIZE = 3_000_017;

  private static final Map<String, String> CHECKS = new LinkedHashMap<>();

  static {
    CHECKS.put("formula", "update gives the bits of the plain loop, for six decays");
    CHECKS.put("swap", "swap exchanges, and twice is as never");
    CHECKS.put("constants", "constant parameters stay as they are over 50 updates");
    CHECKS.put("group", "a group gives the bits of its averages alone");
    CHECKS.put("non-finite", "NaN and infinities never enter the average");
  }

  @Override
  public String name() {
    return "checks";
  }

  @Override
  public void run(Bench bench) {
    String load = Machine.load();
    MarkdownTable table = new MarkdownTable("Check", "threads", "result", "digest");
    Map<String, String> digests = new HashMap<>();
    for (int threads : Workers.threadCounts()) {
      try (Worker worker = bench.workers().java(threads)) {
        CHECKS.forEach(
            (check, description) -> {
              String digest = "–";
              String result = "right";
              try {
                digest = worker.ask("check", check, SIZE);
                if (!digest.equals(
                    Objects.requireNonNullElse(digests.put(check, digest), digest))) {
                  result = "WRONG: other bits than with %d threads".formatted(Machine.cores());
                }
              } catch (WorkerException e) {
                result = "WRONG: " + e.getMessage();
              }
              if (!result.equals("right")) {
                bench.report().fail("%s, %d threads: %s".formatted(description, threads, result));
              }
              table.row(description, threads, result, digest);
            });
      }
    }
    bench
        .report()
        .table(
            "Checks", load, "%d parameters; equal digests are equal bits".formatted(SIZE), table);
  }
}
