// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** The iterators that a fit fetches ahead from are found by the threads that do. */
class DataInTrainingTest {

  private static final DataSet POINTS = Data.points(1, 80);

  /** It is so long that the thread cannot be at its end when the first step is done. */
  private static Batches data() {
    return Batches.of(POINTS, 4).async();
  }

  /** Whether it is in training at the first step of a fit on some data. */
  private static BaseTrainingListener asks(DataSetIterator about, List<Boolean> answers) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model model, int iteration, int epoch) {
        if (iteration == 0) {
          answers.add(DataInTraining.contains(about));
        }
      }
    };
  }

  @Test
  void theIteratorOfAFitIsFoundForBothClassesOfNetwork() {
    List<Boolean> answers = new ArrayList<>();
    Batches ofLayers = data();
    Nets.listening(Nets.mlp(), asks(ofLayers, answers)).fit(ofLayers);
    Batches ofGraph = data();
    Nets.listening(Nets.graph(), asks(ofGraph, answers)).fit(ofGraph);
    assertEquals(List.of(true, true), answers);
    assertFalse(DataInTraining.contains(ofLayers)); // any more
  }

  @Test
  void anotherIteratorOfTheSameDataIsNotIt() {
    List<Boolean> answers = new ArrayList<>();
    Nets.listening(Nets.mlp(), asks(data(), answers)).fit(data());
    assertEquals(List.of(false), answers);
  }

  @Test
  void whatIsReadWithoutFetchingAheadIsNotFound() {
    List<Boolean> answers = new ArrayList<>();
    Batches batches = Batches.of(POINTS, 4);
    Nets.listening(Nets.mlp(), asks(batches, answers)).fit(batches);
    assertEquals(List.of(false), answers);
  }

  /** A listener may be called on a thread of a group below that of the fetching one. */
  @Test
  void threadsOfAllGroupsAreLookedThrough() {
    List<Boolean> answers = new ArrayList<>();
    Batches batches = data();
    Nets.listening(
            Nets.mlp(),
            new BaseTrainingListener() {
              @Override
              public void iterationDone(Model model, int iteration, int epoch) {
                if (iteration == 0) {
                  Thread other =
                      new Thread(
                          new ThreadGroup("another"),
                          () -> answers.add(DataInTraining.contains(batches)));
                  other.start();
                  try {
                    other.join();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                }
              }
            })
        .fit(batches);
    assertTrue(answers.get(0));
  }
}
