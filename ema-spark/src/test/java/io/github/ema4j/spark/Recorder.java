// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.dl4j.network.Networks;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.TrainingHook;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Writes down which minibatch each worker fits at each iteration, in a directory that all workers
 * can write to. A task that runs again writes the same files again.
 */
final class Recorder implements TrainingHook {

  private final String directory;

  Recorder(Path directory) {
    this.directory = directory.toString();
  }

  @Override
  public void preUpdate(DataSet minibatch, Model model) {
    record(
        new org.nd4j.linalg.dataset.MultiDataSet(minibatch.getFeatures(), minibatch.getLabels()),
        model);
  }

  @Override
  public void preUpdate(MultiDataSet minibatch, Model model) {
    record(minibatch, model);
  }

  private void record(MultiDataSet minibatch, Model model) {
    Path file = file(Networks.iterationCount(model), TaskContext.getPartitionId());
    try {
      Path temporary = Files.createTempFile(file.getParent(), "writing-", ".tmp");
      minibatch.save(temporary.toFile());
      Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path file(int iteration, int worker) {
    return Path.of(directory, "%d-%d.bin".formatted(iteration, worker));
  }

  /** The minibatches that each worker with any fitted, in order, in a round of k iterations. */
  List<List<MultiDataSet>> round(int round, int k, int workers) {
    List<List<MultiDataSet>> recorded = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      List<MultiDataSet> minibatches = new ArrayList<>();
      for (int iteration = round * k; iteration < (round + 1) * k; iteration++) {
        File file = file(iteration, worker).toFile();
        if (file.exists()) {
          minibatches.add(load(file));
        }
      }
      if (!minibatches.isEmpty()) {
        recorded.add(minibatches);
      }
    }
    return recorded;
  }

  private static MultiDataSet load(File file) {
    MultiDataSet minibatch =
        new org.nd4j.linalg.dataset.MultiDataSet(new INDArray[0], new INDArray[0]);
    try {
      minibatch.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return minibatch;
  }

  @Override
  public void postUpdate(DataSet minibatch, Model model) {}

  @Override
  public void postUpdate(MultiDataSet minibatch, Model model) {}
}
