// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/** A pass over data, and what cannot be evaluated on it. */
class ValidationSetTest {

  private static final DataSet POINTS = Data.points(1, 20);

  private static ValidationSet at(int output, Batches data, IEvaluation<?>... evaluations) {
    return ValidationSet.of(data, Map.of(output, List.of(evaluations)));
  }

  private static void refused(
      Class<? extends Exception> type, String said, ValidationSet set, Model network) {
    Exception e = assertThrows(type, () -> set.evaluate(network));
    assertTrue(e.getMessage().contains(said), e.getMessage());
  }

  @Test
  void withoutAnEvaluationThereIsNothingToDo() {
    Batches data = Batches.of(POINTS, 8);
    assertThrows(IllegalArgumentException.class, () -> ValidationSet.of(data, Map.of()));
    assertThrows(IllegalArgumentException.class, () -> at(0, data));
    assertThrows(
        IllegalArgumentException.class,
        () -> ValidationSet.of(data, Map.of(0, List.of(new Evaluation()), 1, List.of())));
    assertThrows(NullPointerException.class, () -> at(0, null, new Evaluation()));
    assertThrows(
        NullPointerException.class,
        () -> ValidationSet.of((MultiDataSetIterator) null, Map.of(0, List.of(new Evaluation()))));
  }

  @Test
  void anOutputThatTheNetworkDoesNotHaveIsRefusedByItsNumber() {
    Class<IllegalArgumentException> type = IllegalArgumentException.class;
    Batches data = Batches.of(POINTS, 8);
    refused(type, "output 0 only", at(1, data, new Evaluation()), Nets.mlp());
    refused(
        type,
        "output 1, but the network has outputs 0 to 0",
        at(1, data, new Evaluation()),
        Nets.graph());
    refused(type, "output -1,", at(-1, data, new Evaluation()), Nets.graph());
    refused(
        type,
        "output 2, but the network has outputs 0 to 1",
        at(2, data, new Evaluation()),
        Nets.twoOutputs());
    assertEquals(0, data.position()); // ready for the next pass
  }

  @Test
  void emptyDataIsToldFromDataThatIsAtItsEnd() {
    Class<IllegalStateException> type = IllegalStateException.class;
    refused(type, "is empty", at(0, Batches.of(List.of()), new Evaluation()), Nets.mlp());
    ValidationSet once = at(0, Batches.of(POINTS, 8).once(), new Evaluation());
    assertFalse(once.isRepeatable());
    assertEquals(20, once.evaluate(Nets.mlp()).get(Evaluation.class).getNumRowCounter());
    refused(type, "is exhausted", once, Nets.mlp());
  }

  @Test
  void dataIsReadFromItsBeginningAndLeftThere() {
    Batches data = Batches.of(POINTS, 8);
    data.next();
    ValidationSet set = at(0, data, new Evaluation());
    assertTrue(set.isRepeatable());
    for (int pass = 0; pass < 2; pass++) {
      Evaluation evaluation = set.evaluate(Nets.graph()).get(Evaluation.class);
      assertEquals(20, evaluation.getNumRowCounter());
      assertEquals(0, data.position());
    }
  }

  /** The last minibatch is smaller than the others, and counts by its examples. */
  @Test
  void theLossIsTheMeanOverExamplesForEveryKindOfDataAndNetwork() {
    MultiLayerNetwork network = Nets.mlp();
    double expected = network.score(POINTS, false);
    ValidationSet ofDataSets = at(0, Batches.of(POINTS, 8), new NetworkLoss());
    assertEquals(
        expected, ofDataSets.evaluate(network).score(r -> r.get(NetworkLoss.class).loss()), 1e-6);
    ValidationSet ofMulti =
        ValidationSet.of(
            new MultiDataSetIteratorAdapter(Batches.of(POINTS, 8)),
            Map.of(0, List.of(new NetworkLoss())));
    assertEquals(
        expected, ofMulti.evaluate(network).score(r -> r.get(NetworkLoss.class).loss()), 1e-6);
    Model graph = Nets.graph();
    assertEquals(
        Nets.graph().score(POINTS, false),
        ofMulti.evaluate(graph).score(r -> r.get(NetworkLoss.class).loss()),
        1e-6);
  }

  @Test
  void aLossNeedsDataThatCanBeReadTwice() {
    refused(
        IllegalStateException.class,
        "does not support reset()",
        at(0, Batches.of(POINTS, 8).once(), new NetworkLoss()),
        Nets.mlp());
  }
}
