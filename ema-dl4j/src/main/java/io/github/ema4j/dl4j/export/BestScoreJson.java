// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.export;

import io.github.ema4j.core.internal.file.ZipReader;
import io.github.ema4j.core.internal.text.PlainJson;
import io.github.ema4j.core.internal.text.PlainValues;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.export.BestModels.Best;
import io.github.ema4j.dl4j.export.BestModels.Goal;
import io.github.ema4j.dl4j.internal.file.EntriesJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipException;

/** The entry of a model file that says why the network in it was kept. */
final class BestScoreJson {

  static final String ENTRY = "bestScore.json";
  private static final int FORMAT = 1;

  private BestScoreJson() {}

  static byte[] write(Best best, Goal goal) throws IOException {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("format", FORMAT);
    root.put("goal", goal.name());
    root.put("score", best.score());
    root.put("iteration", best.iteration());
    root.put("epoch", best.epoch());
    best.average()
        .ifPresent(
            average -> {
              root.put("average", average.index());
              root.put("schedule", average.schedule());
            });
    return PlainJson.write(root);
  }

  /**
   * Reads the entry of a file, and the others to see that they are undamaged.
   *
   * @throws EmaCheckpointException if it is missing, damaged or says something else than it should
   * @throws IllegalArgumentException if the network was kept for another goal
   */
  static Best read(Path file, Goal goal) throws IOException {
    Goal kept;
    Best best;
    try (ZipReader zip = new ZipReader(file)) {
      PlainValues root = PlainJson.read(zip.bytes(ENTRY, PlainJson.MOST_BYTES));
      long format = root.whole("format");
      if (format != FORMAT) {
        throw new IllegalArgumentException(
            "the format is version %d, but this version of EMA4J reads %d"
                .formatted(format, FORMAT));
      }
      kept = root.constant("goal", Goal.class);
      best =
          new Best(
              file,
              root.number("score"),
              Math.toIntExact(root.whole("iteration")),
              Math.toIntExact(root.whole("epoch")),
              average(root));
      root.requireNoOthers();
      EntriesJson.verify(zip);
    } catch (ZipException e) {
      throw new EmaCheckpointException(file, e.getMessage(), e);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new EmaCheckpointException(file, "has a bad " + ENTRY + ": " + e.getMessage(), e);
    }
    if (kept != goal) {
      throw new IllegalArgumentException(
          "The network in %s was kept to %s its score, but now the goal is to %s: use another directory"
              .formatted(file, kept, goal));
    }
    return best;
  }

  private static Optional<BestModels.Average> average(PlainValues root) {
    return root.has("average")
        ? Optional.of(
            new BestModels.Average(Math.toIntExact(root.whole("average")), root.text("schedule")))
        : Optional.empty();
  }
}
