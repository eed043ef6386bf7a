// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Host memory for the elements of one vector, allocated outside ND4J: an {@code INDArray} of a GPU
 * backend always owns device memory too. Freed when it is garbage. Not thread-safe.
 *
 * <p>It counts as memory of JavaCPP, whose limit is {@code -Dorg.bytedeco.javacpp.maxbytes} (by
 * default the maximum heap size).
 */
public final class HostMemory {

  private final Pointer pointer;
  private final HostVector vector;

  /**
   * Allocates memory; what it holds is not defined.
   *
   * @param type FLOAT, DOUBLE, HALF or BFLOAT16
   * @param length in elements
   * @throws OutOfMemoryError if there is not that much, or the limit of JavaCPP is lower
   */
  public HostMemory(DataType type, long length) {
    pointer = new BytePointer(Math.multiplyExact(length, type.width()));
    vector = HostVector.of(type, pointer, length);
  }

  /**
   * The data type of the elements.
   *
   * @return as given to the constructor
   */
  public DataType type() {
    return vector.type();
  }

  /**
   * The number of elements.
   *
   * @return as given to the constructor
   */
  public long length() {
    return vector.length();
  }

  HostVector vector() {
    return vector;
  }
}
