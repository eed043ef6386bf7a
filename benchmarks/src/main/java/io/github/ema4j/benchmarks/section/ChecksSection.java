// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import io.github.ema4j.benchmarks.harness.Worker;
import io.github.ema4j.benchmarks.harness.WorkerException;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.LinkedHashMap;
import java.util.Map;

/** Are the results right, bit for bit, whatever the number of threads? */
final class ChecksSection implements Section {

  /** Long enough to be shared out among threads, and no multiple of any block. */
  private static final int SIZE = 3_000_017;

  private static final Map<String, String> CHECKS = new LinkedHashMap<>();

  static {
    CHECKS.put("formula", "update gives the bits of the plain loop, for six decays");
    CHECKS.put("swap", "swap exchanges, and twice is as never");
    CHECKS.put("constants", "constant parameters stay as they are over 50 updates");
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
    for (Map.Entry<String, String> check : CHECKS.entrySet()) {
      String common = null;
      for (int threads : Workers.threadCounts()) {
        String digest = "–";
        String result = "right";
        try (Worker worker = bench.workers().java(threads)) {
          digest = worker.ask("check", check.getKey(), SIZE);
          if (common != null && !common.equals(digest)) {
            result = "other bits than with %d threads".formatted(Machine.cores());
          }
          common = digest;
        } catch (WorkerException e) {
          result = "WRONG: " + e.getMessage();
        }
        if (!result.equals("right")) {
          bench.report().fail(check.getValue() + ": " + result);
        }
        table.row(check.getValue(), threads, result, digest);
      }
    }
    bench
        .report()
        .table(
            "Checks", load, "%d parameters; equal digests are equal bits".formatted(SIZE), table);
  }
}
