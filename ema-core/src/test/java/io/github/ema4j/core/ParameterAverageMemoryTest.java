// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.doubles;
import static io.github.ema4j.core.Vectors.floats;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Where the arrays of an average lie: apart from the parameters, from workspaces, anywhere in an
 * array.
 */
@Tag("slow")
class ParameterAverageMemoryTest {
  private static final int LENGTH = 1000;

  private static final WorkspaceConfiguration WORKSPACE =
      WorkspaceConfiguration.builder()
          .initialSize(1 << 20)
          .policyAllocation(AllocationPolicy.STRICT)
          .policyLearning(LearningPolicy.NONE)
          .build();

  @Test
  void theShadowIsACopyOfTheStart() {
    INDArray params = floats(1, 2, 3);
    ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.9), params);
    params.addi(10);
    assertArrayEquals(bits(floats(1, 2, 3)), bits(average.shadow()));
  }

  @Test
  void theShadowIsOneArrayThatChangesInPlace() {
    ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.5), floats(1));
    INDArray shadow = average.shadow();
    average.update(floats(3));
    try (Swap swap = average.swap(floats(5))) {
      assertTrue(average.isSwapped());
    }
    assertSame(shadow, average.shadow());
    assertEquals(2, shadow.getDouble(0));
  }

  /** The next pass through the workspace overwrites everything that the last one left in it. */
  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"HALF", "FLOAT", "DOUBLE"})
  void anAverageMadeUpdatedAndSwappedInsideAWorkspaceSurvivesIt(DataType type) {
    AveragingConfig config = AveragingConfig.of(0.9);
    ParameterAverage outside = new ParameterAverage(config, random(type, LENGTH, 0));
    ParameterAverage inside = null;
    INDArray params = random(type, LENGTH, 0);
    for (int step = 1; step <= 3; step++) {
      outside.update(random(type, LENGTH, step));
      try (MemoryWorkspace workspace =
          Nd4j.getWorkspaceManager().getAndActivateWorkspace(WORKSPACE, "TRAINING")) {
        INDArray inWorkspace = random(type, LENGTH, step);
        assertTrue(inWorkspace.isAttached());
        if (inside == null) {
          inside = new ParameterAverage(config, random(type, LENGTH, 0));
        }
        inside.update(inWorkspace);
        inside.swap(params).close();
      }
      overwriteWorkspace();
      assertFalse(inside.shadow().isAttached());
      assertArrayEquals(bits(outside.shadow()), bits(inside.shadow()), "step " + step);
      assertArrayEquals(bits(random(type, LENGTH, 0)), bits(params));
    }
  }

  @Test
  void aSwapOpenedInAWorkspaceMayBeClosedAfterIt() {
    for (DataType type : new DataType[] {DataType.HALF, DataType.FLOAT}) {
      INDArray params = random(type, LENGTH, 1);
      ParameterAverage average =
          new ParameterAverage(AveragingConfig.of(0.9), random(type, LENGTH, 0));
      Swap swap;
      try (MemoryWorkspace workspace =
          Nd4j.getWorkspaceManager().getAndActivateWorkspace(WORKSPACE, "TRAINING")) {
        swap = average.swap(params);
      }
      overwriteWorkspace();
      assertArrayEquals(bits(random(type, LENGTH, 0)), bits(params));
      swap.close();
      assertArrayEquals(bits(random(type, LENGTH, 1)), bits(params));
    }
  }

  /** Beyond 2^31 bytes, where an int overflows. Takes 2 GB for some seconds. */
  @Test
  void aViewFarIntoALargeArrayIsAveragedLikeAnArrayOfItsOwn() {
    assumeTrue(Pointer.availablePhysicalBytes() > 6L << 30, "needs 6 GB of free memory");
    DataType type = DataType.FLOAT;
    long offset = (1L << 31) / type.width() + 123;
    try (INDArray flat = Nd4j.createUninitialized(type, offset + LENGTH)) {
      INDArray view = flat.get(NDArrayIndex.interval(offset, offset + LENGTH));
      assertEquals(offset, view.offset());
      AveragingConfig config = AveragingConfig.of(0.9);
      ParameterAverage ofArray = new ParameterAverage(config, random(type, LENGTH, 0));
      view.assign(random(type, LENGTH, 0));
      ParameterAverage ofView = new ParameterAverage(config, view);
      for (int step = 1; step <= 3; step++) {
        view.assign(random(type, LENGTH, step));
        ofView.update(view);
        ofArray.update(random(type, LENGTH, step));
      }
      assertArrayEquals(bits(ofArray.shadow()), bits(ofView.shadow()));
      try (Swap swap = ofView.swap(view)) {
        assertArrayEquals(bits(ofArray.shadow()), bits(view));
      }
      assertArrayEquals(bits(random(type, LENGTH, 3)), bits(view));
    }
  }

  /** Windows of a buffer end at 2^27 elements. Takes 2 GB for some seconds. */
  @Test
  void doublesOnBothSidesOfAWindowsEndAreAveragedAndSwapped() {
    assumeTrue(Pointer.availablePhysicalBytes() > 6L << 30, "needs 6 GB of free memory");
    long end = 1L << 27;
    try (INDArray params = Nd4j.zeros(DataType.DOUBLE, end + LENGTH)) {
      ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.75), params);
      for (long index : new long[] {0, end - 1, end, end + LENGTH - 1}) {
        params.putScalar(index, 8.0);
      }
      average.update(params);
      try (Swap swap = average.swap(params)) {
        for (long index : new long[] {0, end - 1, end, end + LENGTH - 1}) {
          assertEquals(2.0, params.getDouble(index), "element " + index);
        }
        assertEquals(0.0, params.getDouble(end - 2));
      }
      assertEquals(8.0, params.getDouble(end - 1));
      average.shadow().close();
    }
  }

  @Test
  void millionsOfParametersOnSeveralThreadsEqualTheirPartsAlone() {
    int length = (1 << 21) + 4321;
    int part = 50_000;
    AveragingConfig config = AveragingConfig.of(0.99);
    INDArray start = Nd4j.rand(DataType.FLOAT, length).subi(0.5);
    ParameterAverage whole = new ParameterAverage(config, start);
    INDArray[] params = new INDArray[5];
    for (int step = 0; step < params.length; step++) {
      params[step] = Nd4j.rand(DataType.FLOAT, length).subi(0.5);
      whole.update(params[step]);
    }
    float[] shadow = whole.shadow().toFloatVector();
    for (int from = 0; from < length; from += part) {
      int to = Math.min(length, from + part);
      ParameterAverage alone =
          new ParameterAverage(config, start.get(NDArrayIndex.interval(from, to)));
      for (INDArray p : params) {
        alone.update(p.get(NDArrayIndex.interval(from, to)));
      }
      float[] expected = alone.shadow().toFloatVector();
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], shadow[from + i]);
      }
    }
  }

  @Test
  void severalAveragesOfOneVectorAreIndependent() {
    INDArray params = doubles(1, 2);
    ParameterAverage slow = new ParameterAverage(AveragingConfig.of(0.75), params);
    ParameterAverage fast = new ParameterAverage(AveragingConfig.of(0.25), params);
    params.addi(4);
    slow.update(params);
    fast.update(params);
    assertArrayEquals(bits(doubles(2, 3)), bits(slow.shadow()));
    assertArrayEquals(bits(doubles(4, 5)), bits(fast.shadow()));
  }

  private static void overwriteWorkspace() {
    try (MemoryWorkspace workspace =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace(WORKSPACE, "TRAINING")) {
      for (int i = 0; i < 10; i++) {
        Nd4j.createUninitialized(DataType.DOUBLE, LENGTH).assign(-777);
      }
    }
  }
}
