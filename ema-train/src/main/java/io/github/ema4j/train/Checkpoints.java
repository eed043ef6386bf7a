// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.internal.file.NetworkFile;
import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;

/**
 * The checkpoints of a run, one file for each epoch: network, optimizer, averages and counters. A
 * file appears under its name only when it is complete.
 */
final class Checkpoints {
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,9})\\.zip");

  private final Path directory;

  Checkpoints(Path directory) {
    this.directory = directory;
  }

  /** What a checkpoint holds. */
  record Restored(Model network, List<ModelEmaListener> averages) {}

  Path file(int epoch) {
    return directory.resolve("checkpoint-" + epoch + ".zip");
  }

  /** The number of epochs that a checkpoint was saved after. */
  static int epoch(Path file) {
    Matcher name = NAME.matcher(file.getFileName().toString());
    if (!name.matches()) {
      throw new UserError(
          file + " is not a checkpoint of a run: they are called checkpoint-EPOCH.zip");
    }
    return Integer.parseInt(name.group(1));
  }

  /**
   * Saves the network as it is after this epoch with some texts, then deletes all but the latest
   * ones.
   */
  void save(
      Model network,
      Optional<ModelEmaGroup> averages,
      Map<String, String> metadata,
      int epoch,
      int keep)
      throws IOException {
    Path file = file(epoch);
    Writing.to(
        file,
        () -> {
          if (averages.isPresent()) {
            EmaCheckpoint.Builder checkpoint = EmaCheckpoint.builder(network, averages.get());
            metadata.forEach(checkpoint::metadata);
            checkpoint.save(file);
          } else {
            NetworkFile.write(file, network, metadata);
          }
        });
    for (Path old : all().headMap(epoch - keep, true).values()) {
      Files.delete(old);
    }
  }

  /** The latest checkpoint, if there is any. */
  Optional<Path> latest() throws IOException {
    return Optional.ofNullable(all().lastEntry()).map(entry -> entry.getValue());
  }

  /** Deletes what comes after an epoch from which the run goes on. */
  void deleteAfter(int epoch) throws IOException {
    for (Path later : all().tailMap(epoch, false).values()) {
      Files.delete(later);
    }
  }

  private TreeMap<Integer, Path> all() throws IOException {
    TreeMap<Integer, Path> byEpoch = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      files
          .filter(file -> NAME.matcher(file.getFileName().toString()).matches())
          .forEach(file -> byEpoch.put(epoch(file), file));
    }
    return byEpoch;
  }

  /**
   * Restores a network with averages that must be as configured, or without any.
   *
   * @throws UserError if the file is damaged; the message names the latest one before it that is
   *     not
   */
  static Restored restore(Path file, List<AveragingConfig> averages) throws IOException {
    try {
      if (averages.isEmpty()) {
        return new Restored(NetworkFile.restore(file).network(), List.of());
      }
      RestoredCheckpoint<Model> restored = EmaCheckpoint.restore(file, averages);
      return new Restored(restored.network(), restored.averages());
    } catch (EmaCheckpointException e) {
      throw intactBefore(file, averages.isEmpty())
          .map(
              earlier ->
                  new UserError(
                      "%s. To go on from the one before it: %s --resume %s"
                          .formatted(e.getMessage(), Environment.command(), earlier),
                      e))
          .orElseGet(() -> new UserError(e.getMessage(), e));
    }
  }

  private static Optional<Path> intactBefore(Path file, boolean alone) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    return new Checkpoints(directory)
        .all().headMap(epoch(file), false).descendingMap().values().stream()
            .filter(earlier -> isIntact(earlier, alone))
            .findFirst();
  }

  private static boolean isIntact(Path file, boolean alone) {
    try {
      if (alone) {
        NetworkFile.restore(file);
      } else {
        EmaCheckpoint.verify(file);
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
