// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.testing.dl4j.Kind;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.dataset.DataSet;

/** A network, its average, and the ways to train it. */
public record Run(Kind kind, Model network, ModelEmaListener ema) {

  public static final AveragingConfig CONFIG =
      AveragingConfig.builder().schedule(DecaySchedule.inversePower(0.99)).updateEvery(2).build();

  /** With steps that are not finite now and then. */
  public static final AveragingConfig RESTORING =
      AveragingConfig.builder()
          .schedule(DecaySchedule.powerFunction(0.1))
          .unit(AveragingUnit.EXAMPLES)
          .onNonFinite(NonFinitePolicy.RESTORE)
          .build();

  private static final int ITERATIONS_PER_POISON = 3;

  public static Run start(Kind kind) {
    return start(kind, new ModelEmaListener(CONFIG));
  }

  public static Run start(Kind kind, ParameterSelection selection) {
    return start(
        kind,
        new ModelEmaListener(
            AveragingConfig.builder()
                .schedule(CONFIG.schedule())
                .updateEvery(CONFIG.updateEvery())
                .build(),
            selection));
  }

  public static Run start(Kind kind, AveragingConfig config) {
    return start(kind, new ModelEmaListener(config));
  }

  private static Run start(Kind kind, ModelEmaListener ema) {
    Run run = new Run(kind, kind.initialised(), ema);
    run.network.setListeners(run.ema);
    return run;
  }

  public static Run restore(Kind kind, Path file) throws IOException {
    return restore(kind, file, CONFIG);
  }

  public static Run restore(Kind kind, Path file, AveragingConfig config) throws IOException {
    RestoredCheckpoint<Model> restored = EmaCheckpoint.restore(file, config);
    Run run = new Run(kind, restored.network(), restored.ema());
    run.network.setListeners(run.ema);
    return run;
  }

  /** Adds a listener after the average's. */
  public Run with(TrainingListener listener) {
    network.setListeners(ema, listener);
    return this;
  }

  /** One fit per minibatch. */
  public void fitIterations(int from, int to) {
    for (int i = from; i < to; i++) {
      Models.fit(network, batch(i));
    }
  }

  private DataSet batch(int index) {
    DataSet batch = kind.batch(index);
    if (ema.config().equals(RESTORING) && (index + 1) % ITERATIONS_PER_POISON == 0) {
      batch = batch.copy();
      batch.getLabels().putScalar(0, Double.NaN);
    }
    return batch;
  }

  public void fitEpochs(int epochs) {
    ListDataSetIterator<DataSet> batches = new ListDataSetIterator<>(kind.epoch(), 1);
    if (network instanceof MultiLayerNetwork mln) {
      mln.fit(batches, epochs);
    } else {
      ((ComputationGraph) network).fit(batches, epochs);
    }
  }

  public void save(Path file) {
    try {
      EmaCheckpoint.save(file, network, ema);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of the state as a checkpoint has it: equal states are equal bytes. */
  public byte[] state(Path directory) throws IOException {
    Path file = directory.resolve("state.zip");
    save(file);
    return Files.readAllBytes(file);
  }

  /** Saves once, in iterationDone of one iteration. */
  public static TrainingListener savingInIteration(int iteration, Path file, ModelEmaListener ema) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model network, int done, int epoch) {
        if (done == iteration) {
          write(file, network, ema);
        }
      }
    };
  }

  /** Saves in onEpochEnd. */
  public static TrainingListener savingAtEpochEnd(Path file, ModelEmaListener ema) {
    return new BaseTrainingListener() {
      @Override
      public void onEpochEnd(Model network) {
        write(file, network, ema);
      }
    };
  }

  private static void write(Path file, Model network, ModelEmaListener ema) {
    try {
      EmaCheckpoint.save(file, network, ema);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
