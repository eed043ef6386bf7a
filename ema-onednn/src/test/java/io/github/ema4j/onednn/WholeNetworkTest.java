// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Accelerated networks compute what Deeplearning4j's do, and the same bits each time. */
class WholeNetworkTest {

  /** What any sum of products in single precision errs by. */
  private static final double LEAST = 5e-7;

  /** An odd number: where a rectifier switches, results jump, whoever computes them. */
  private static final int BATCHES = 5;

  @ParameterizedTest
  @EnumSource
  void gradientsErrByNoMoreThanThoseOfWeightsMovedByOneUlp(TestNetworks kind) {
    assertErrors(kind, WholeNetworkTest::gradients);
  }

  @ParameterizedTest
  @EnumSource
  void predictionsErrByNoMoreThanThoseOfWeightsMovedByOneUlp(TestNetworks kind) {
    assertErrors(kind, (network, data) -> TestNetworks.output(network, data.getFeatures()));
  }

  /**
   * Errors of accelerated networks, against Deeplearning4j in double precision, and by how much
   * Deeplearning4j's results in single precision change; medians of some batches.
   */
  private static void assertErrors(
      TestNetworks kind, BiFunction<Model, DataSet, INDArray> function) {
    double[] errors = new double[BATCHES];
    double[] changes = new double[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
      DataSet data = TestNetworks.batch(i, 16);
      Model fast = kind.create();
      TestNetworks.accelerate(fast);
      INDArray exact = function.apply(inDouble(kind.create()), inDouble(data));
      errors[i] = distance(exact, function.apply(fast, data));
      Model moved = kind.create();
      moveByOneUlp(moved.params(), i);
      changes[i] = distance(function.apply(kind.create(), data), function.apply(moved, data));
    }
    assertTrue(
        median(errors) <= Math.max(median(changes), LEAST),
        () -> String.format("error %.1e, change %.1e", median(errors), median(changes)));
  }

  @ParameterizedTest
  @Tag("every-native")
  @EnumSource
  void trainingRepeatsBitForBit(TestNetworks kind) {
    assertArrayEquals(
        train(kind, WorkspaceMode.ENABLED, false), train(kind, WorkspaceMode.ENABLED, false));
  }

  @ParameterizedTest
  @EnumSource
  void evaluationAtEveryStepLeavesNoTrace(TestNetworks kind) {
    assertArrayEquals(
        train(kind, WorkspaceMode.ENABLED, false), train(kind, WorkspaceMode.ENABLED, true));
  }

  @ParameterizedTest
  @EnumSource
  void workspacesDoNotChangeBits(TestNetworks kind) {
    assertArrayEquals(
        train(kind, WorkspaceMode.ENABLED, false), train(kind, WorkspaceMode.NONE, true));
  }

  private static float[] train(TestNetworks kind, WorkspaceMode workspaces, boolean evaluate) {
    Model network = kind.create(workspaces);
    TestNetworks.accelerate(network);
    Nd4j.getRandom().setSeed(11);
    List<DataSet> batches = TestNetworks.batches(8);
    for (DataSet batch : batches) {
      TestNetworks.fit(network, batch);
      if (evaluate) {
        TestNetworks.output(network, batches.get(1).getFeatures());
      }
    }
    return network.params().data().asFloat();
  }

  /** With the masks of dropout of one seed. */
  private static INDArray gradients(Model network, DataSet data) {
    Nd4j.getRandom().setSeed(7);
    if (network instanceof ComputationGraph graph) {
      graph.setInputs(data.getFeatures());
      graph.setLabels(data.getLabels());
      graph.computeGradientAndScore();
      return graph.getFlattenedGradients().dup();
    }
    MultiLayerNetwork layers = (MultiLayerNetwork) network;
    layers.setInput(data.getFeatures());
    layers.setLabels(data.getLabels());
    layers.computeGradientAndScore();
    return layers.getFlattenedGradients().dup();
  }

  private static Model inDouble(Model network) {
    return network instanceof ComputationGraph graph
        ? graph.convertDataType(DataType.DOUBLE)
        : ((MultiLayerNetwork) network).convertDataType(DataType.DOUBLE);
  }

  private static DataSet inDouble(DataSet data) {
    return new DataSet(
        data.getFeatures().castTo(DataType.DOUBLE), data.getLabels().castTo(DataType.DOUBLE));
  }

  private static void moveByOneUlp(INDArray params, int seed) {
    Random random = new Random(seed);
    for (long i = 0; i < params.length(); i++) {
      float value = params.getFloat(i);
      params.putScalar(i, random.nextBoolean() ? Math.nextUp(value) : Math.nextDown(value));
    }
  }

  private static double distance(INDArray one, INDArray other) {
    INDArray exact = one.castTo(DataType.DOUBLE);
    double distance =
        exact.distance2(other.castTo(DataType.DOUBLE)) / exact.norm2Number().doubleValue();
    assertTrue(Double.isFinite(distance));
    return distance;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
