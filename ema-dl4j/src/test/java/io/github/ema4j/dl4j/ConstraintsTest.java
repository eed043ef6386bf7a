// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** Deeplearning4j constrains weights after its listeners have seen them. */
@Tag("numbers")
class ConstraintsTest {

  private static final double DECAY = 0.8;

  /** A constrained network, and the names of its parameters of limited norm. */
  record Case(
      String name, Supplier<? extends Model> network, DataSet data, List<String> limitedNorms) {

    Model fit(TrainingListener... listeners) {
      Model network = network().get();
      network.setListeners(listeners);
      for (int epoch = 0; epoch < 4; epoch++) {
        ((NeuralNetwork) network).fit(Batches.of(data, 8));
      }
      return network;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    DataSet points = Data.points(1, 24);
    return Stream.of(
        new Case("MLN", Nets::constrainedMlp, points, List.of("0_W", "1_W")),
        new Case("CG", Nets::constrainedGraph, points, List.of("first_W", "second_W", "out_W")),
        new Case(
            "Bidirectional",
            Nets::constrainedBidirectional,
            Data.sequences(2, 24, false),
            List.of("0_fW", "0_bW")),
        new Case(
            "LastTimeStep", Nets::constrainedLastTimeStep, Data.lastSteps(3, 24), List.of("0_W")));
  }

  /** The weights before each update, as the constraints after the update before left them. */
  private static final class ConstrainedSequence extends BaseTrainingListener {
    final List<INDArray> params = new ArrayList<>();
    boolean constraintsDidSomething;
    private INDArray afterUpdate;

    @Override
    public void onGradientCalculation(Model network) {
      params.add(network.params().dup());
      if (afterUpdate != null) {
        constraintsDidSomething |= !Bits.of(afterUpdate).equals(Bits.of(network.params()));
      }
    }

    @Override
    public void iterationDone(Model network, int iteration, int epoch) {
      afterUpdate = network.params().dup();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shadowIsTheAverageOfConstrainedWeights(Case c) {
    ConstrainedSequence sequence = new ConstrainedSequence();
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    Model network = c.fit(ema, sequence);
    sequence.params.add(network.params());

    // Deeplearning4j does not constrain the weights that it starts from.
    Model start = c.network().get();
    Bits initial = Bits.of(start.params());
    start.applyConstraints(0, 0);
    assertNotEquals(initial, Bits.of(start.params()));
    assertEquals(initial, Bits.of(sequence.params.get(0)));

    EmaByHand byHand = new EmaByHand(ema, DECAY, start.params());
    sequence.params.stream().skip(1).forEach(byHand::add);

    assertTrue(sequence.constraintsDidSomething);
    assertEquals(12, byHand.updates());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));
  }

  /** Also when the initial weights have nearly all of the share. */
  @ParameterizedTest
  @MethodSource("cases")
  void averagedNetworkKeepsTheConstraints(Case c) {
    for (double decay : new double[] {DECAY, 0.999}) {
      ModelEmaListener ema = new ModelEmaListener(decay);
      Model network = c.fit(ema);
      assertKeepsConstraints(c, ema, network);
      network.setParams(c.network().get().params()); // loads weights that are not constrained
      ema.set(network);
      assertEquals(1, ema.initialShare());
      assertKeepsConstraints(c, ema, network);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyAverageOfAGroupKeepsTheConstraints(Case c) {
    ModelEmaGroup group = ModelEmaGroup.of(DECAY, 0.999);
    Model network = c.fit(group);
    for (int i = 0; i < 2; i++) {
      assertKeepsConstraints(c, group.get(i), network);
      ModelEmaListener alone = new ModelEmaListener(i == 0 ? DECAY : 0.999);
      c.fit(alone);
      assertEquals(Bits.of(alone.shadow()), Bits.of(group.get(i).shadow()));
    }
  }

  /**
   * For training loops of one's own, in which the listener sees no weights before the first step.
   */
  @ParameterizedTest
  @MethodSource("cases")
  void anAttachedAverageStartsConstrainedToo(Case c) {
    Model network = c.network().get();
    ModelEmaListener ema = new ModelEmaListener(DECAY).attach(network);
    ModelEmaGroup group = ModelEmaGroup.of(DECAY, 0.999).attach(network);
    Bits raw = Bits.of(network.params());
    network.applyConstraints(0, 0);
    Bits constrained = Bits.of(network.params());
    assertNotEquals(raw, constrained);
    assertEquals(constrained, Bits.of(ema.shadow()));
    assertEquals(constrained, Bits.of(group.get(1).shadow()));
  }

  private static void assertKeepsConstraints(Case c, ModelEmaListener ema, Model network) {
    Map<String, INDArray> averaged = Views.network(ema, network).paramTable();

    for (String name : c.limitedNorms()) {
      double largest = averaged.get(name).norm2(0).maxNumber().doubleValue();
      assertTrue(largest <= Nets.MAX_NORM + 1e-6, name + " has the norm " + largest);
    }
    if (c.name().equals("MLN") || c.name().equals("CG")) {
      averaged.forEach(
          (name, values) -> {
            if (name.endsWith("_b")) {
              assertTrue(values.minNumber().doubleValue() >= 0, name + " is " + values);
            }
          });
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void trainingIsTheSameAsWithoutAverage(Case c) {
    TrainingState alone = TrainingState.of(c.fit());
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    assertEquals(alone, TrainingState.of(c.fit(ema)));
    assertEquals(12, ema.updateCount());
  }
}
