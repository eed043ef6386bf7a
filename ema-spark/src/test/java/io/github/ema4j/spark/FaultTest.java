// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** A task that fails in the middle of a round and runs again changes nothing. */
@SparkTest(master = "local[2,4]")
class FaultTest {

  /** Fails after the second minibatch of a task, as often as there are files to delete. */
  private static final class FailingHook implements TrainingHook {

    private final String directory;
    private transient int fitted;

    FailingHook(Path directory) {
      this.directory = directory.toString();
    }

    @Override
    public void postUpdate(DataSet minibatch, Model model) {
      fitted++;
      for (int i = 0; fitted == 2 && i < 2; i++) {
        if (Path.of(directory, "fail-" + i).toFile().delete()) {
          throw new IllegalStateException("the executor is lost");
        }
      }
    }

    @Override
    public void postUpdate(MultiDataSet minibatch, Model model) {}

    @Override
    public void preUpdate(DataSet minibatch, Model model) {}

    @Override
    public void preUpdate(MultiDataSet minibatch, Model model) {}
  }

  @TempDir Path directory;

  private List<Round> train(JavaSparkContext sc, boolean everyStep) throws Exception {
    EmaTrainingMaster.Builder builder =
        EmaTrainingMaster.builder(
                new ParameterAveragingTrainingMaster.Builder(2, 4)
                    .batchSizePerWorker(4)
                    .averagingFrequency(3)
                    .saveUpdater(true)
                    .rngSeed(5)
                    .rddTrainingApproach(RDDTrainingApproach.Direct)
                    .trainingHooks(new FailingHook(directory)))
            .decay(0.9);
    WatchedMaster master = new WatchedMaster(everyStep ? builder.averageEveryStep() : builder);
    Kind.BATCH_NORM
        .train(sc, Kind.BATCH_NORM.create(), master)
        .fit(sc.parallelize(Minibatches.of(19, 4), 3), 1);
    assertEquals(3, master.rounds());
    return master.watched();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failedTasks(boolean everyStep, JavaSparkContext sc) throws Exception {
    List<Round> undisturbed = train(sc, everyStep);
    for (int i = 0; i < 2; i++) {
      Files.createFile(directory.resolve("fail-" + i));
    }
    List<Round> disturbed = train(sc, everyStep);
    assertTrue(Files.notExists(directory.resolve("fail-1")), "tasks have failed");
    Round.assertSame(undisturbed, disturbed);
  }
}
