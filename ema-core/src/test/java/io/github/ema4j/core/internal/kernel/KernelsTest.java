// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static io.github.ema4j.core.Vectors.floats;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/** Which arrays are averaged in host memory. */
class KernelsTest {

  @Test
  void denseArraysInHostMemoryGetTheHostKernelAndOthersTheNd4jOne() {
    INDArray vector = floats(1, 2, 3, 4);
    INDArray strided = Nd4j.create(DataType.FLOAT, 4, 3).getColumn(1);
    assertInstanceOf(HostKernel.class, Kernels.forArrays(vector, vector));
    assertInstanceOf(Nd4jKernel.class, Kernels.forArrays(vector, strided));
  }

  @Test
  void ofOneThreadChoosesLikewise() {
    INDArray vector = floats(1, 2, 3, 4);
    INDArray integers = Nd4j.create(DataType.INT, 4);
    assertInstanceOf(HostKernel.class, Kernels.ofOneThread(vector));
    assertInstanceOf(Nd4jKernel.class, Kernels.ofOneThread(vector, integers));
  }

  @Test
  void arraysOfAnyBackendButTheCpuOneGetTheNd4jKernel() {
    for (ExecutionerType type : ExecutionerType.values()) {
      boolean cpu = type == ExecutionerType.NATIVE_CPU;
      assertEquals(cpu, HostKernel.supports(floats(1, 2), type), type.name());
    }
  }
}
