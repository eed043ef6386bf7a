// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.TrainingHook;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Writes down which minibatches each worker fits in each round, in a directory that all workers can
 * write to. A task that runs again writes the same files again.
 */
final class Recorder implements TrainingHook {

  private final String directory;

  // Every task has a copy of its own.
  private transient int fitted;

  Recorder(Path directory) {
    this.directory = directory.toString();
  }

  @Override
  public void preUpdate(DataSet minibatch, Model model) {
    record(
        new org.nd4j.linalg.dataset.MultiDataSet(minibatch.getFeatures(), minibatch.getLabels()));
  }

  @Override
  public void preUpdate(MultiDataSet minibatch, Model model) {
    record(minibatch);
  }

  private void record(MultiDataSet minibatch) {
    // Each round is a stage of its own, also when a part of it runs again.
    Path file =
        Path.of(
            directory,
            "%06d-%03d-%03d.bin"
                .formatted(
                    TaskContext.get().stageId(), TaskContext.getPartitionId(), fitted));
    fitted++;
    try {
      Path temporary = Files.createTempFile(file.getParent(), "writing-", ".tmp");
      minibatch.save(temporary.toFile());
      Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The minibatches by round and worker, in the order in which they were fitted. */
  List<List<List<MultiDataSet>>> rounds() throws IOException {
    Map<String, Map<String, List<MultiDataSet>>> rounds = new TreeMap<>();
    try (Stream<Path> files = Files.list(Path.of(directory))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".bin")).sorted().toList()) {
        String[] name = file.getFileName().toString().split("-", 3);
        rounds
            .computeIfAbsent(name[0], stage -> new TreeMap<>())
            .computeIfAbsent(name[1], partition -> new ArrayList<>())
            .add(load(file));
      }
    }
    return rounds.values().stream()
        .map(workers -> List.copyOf(workers.values()))
        .toList();
  }

  private static MultiDataSet load(Path file) throws IOException {
    MultiDataSet minibatch =
        new org.nd4j.linalg.dataset.MultiDataSet(new INDArray[0], new INDArray[0]);
    minibatch.load(file.toFile());
    return minibatch;
  }

  @Override
  public void postUpdate(DataSet minibatch, Model model) {}

  @Override
  public void postUpdate(MultiDataSet minibatch, Model model) {}
}
