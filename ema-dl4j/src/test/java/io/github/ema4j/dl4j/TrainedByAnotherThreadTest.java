// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.DataSet;

/** One thread trains, another wants to know how good the average is. */
class TrainedByAnotherThreadTest {

  private static final DataSet POINTS = Data.points(1, 24);

  @TempDir private Path directory;

  private final MultiLayerNetwork network = Nets.mlp();
  private final ModelEmaListener ema = new ModelEmaListener(0.9);
  private final EmaEvaluator evaluator = new EmaEvaluator(ema, data());
  private final ExecutorService trainer = Executors.newSingleThreadExecutor();

  @AfterEach
  void stop() {
    trainer.shutdownNow();
  }

  private static Batches data() {
    return Batches.of(POINTS, 8);
  }

  private static Bits trainedAlone(int epochs) {
    MultiLayerNetwork alone = Nets.mlp();
    alone.fit(data(), epochs);
    return Bits.of(alone.params());
  }

  private static double accuracy(MultiLayerNetwork averaged) {
    return averaged.evaluate(data()).accuracy();
  }

  /** Holds the training up in the middle of an epoch, so that the other thread can look around. */
  private static final class Pause extends BaseTrainingListener {
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch over = new CountDownLatch(1);

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      if (iteration == 7) {
        reached.countDown();
        try {
          over.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  @Test
  void whileFitRunsTheAverageIsEvaluatedAndNothingElseIsDone() throws Exception {
    Pause pause = new Pause();
    network.setListeners(ema, pause);
    Future<?> training = trainer.submit(() -> network.fit(data(), 4));
    pause.reached.await();
    try {
      Bits raw = Bits.of(network.params());
      assertTrue(ema.isTrainedElsewhere());
      double expected = accuracy(ema.averagedNetwork(network));
      for (EmaEvaluator each : new EmaEvaluator[] {evaluator, evaluator.onLiveView()}) {
        assertEquals(expected, each.averaged(network).get(Evaluation.class).accuracy());
      }
      Stream.<Executable>of(
              () -> evaluator.raw(network),
              () -> evaluator.compare(network),
              () -> ema.swap(network),
              () -> EmaCheckpoint.save(directory.resolve("file.zip"), network, ema))
          .forEach(
              use -> {
                String message = assertThrows(IllegalStateException.class, use).getMessage();
                assertTrue(message.startsWith("Another thread trains this network"), message);
              });
      assertFalse(Files.exists(directory.resolve("file.zip")));
      assertEquals(raw, Bits.of(network.params()));
    } finally {
      pause.over.countDown();
    }
    training.get();
    assertEquals(trainedAlone(4), Bits.of(network.params()));
  }

  @Test
  void evaluatingAllTheTimeChangesNoBitOfTheTraining() throws Exception {
    network.setListeners(ema);
    CountDownLatch begun = new CountDownLatch(1);
    network.addListeners(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            begun.countDown();
          }
        });
    Future<?> training =
        trainer.submit(
            () -> {
              for (int epoch = 0; epoch < 30; epoch++) {
                data().forEachRemaining(network::fit); // has no epochs to tell that it goes on
              }
            });
    begun.await();
    int evaluations = 0;
    while (!training.isDone() || evaluations == 0) {
      evaluator.averaged(network);
      evaluations++;
    }
    training.get();
    assertEquals(trainedAlone(30), Bits.of(network.params()));
  }

  @Test
  void onceFitHasReturnedEverythingCanBeDone() throws Exception {
    network.setListeners(ema);
    trainer.submit(() -> network.fit(data(), 2)).get();
    Bits raw = Bits.of(network.params());

    assertEquals(
        accuracy(ema.averagedNetwork(network)),
        evaluator.compare(network).averaged(Evaluation.class).accuracy());
    ema.swap(network).close();
    EmaCheckpoint.save(directory.resolve("file.zip"), network, ema);

    assertEquals(raw, Bits.of(network.params()));
    trainer.submit(() -> network.fit(data(), 2)).get();
    assertEquals(12, ema.updateCount());
  }
}
