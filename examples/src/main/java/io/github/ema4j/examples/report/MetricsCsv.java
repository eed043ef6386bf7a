// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.report;

import io.github.ema4j.train.record.OutputFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** {@link EpochMetrics} as comma-separated values for programs. */
public final class MetricsCsv {
  private static final String HEADER = "epoch,loss,raw_accuracy,averaged_accuracy,initial_share";

  private MetricsCsv() {}

  /** Writes a header and one row per epoch; numbers in full, so that reading gives them back. */
  public static Path write(Path file, List<EpochMetrics> rows) throws IOException {
    String csv =
        rows.stream().map(MetricsCsv::row).collect(Collectors.joining("", HEADER + "\n", ""));
    return OutputFile.write(file, out -> out.write(csv.getBytes(StandardCharsets.UTF_8)));
  }

  private static String row(EpochMetrics m) {
    return m.epoch()
        + ","
        + m.loss()
        + ","
        + m.rawAccuracy()
        + ","
        + m.averagedAccuracy()
        + ","
        + m.initialShare()
        + "\n";
  }
}
