// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Vectors;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Which memory a vector is of: views name their address in another way on every backend. */
class HostVectorTest {
  private static final int OFFSET = 5;
  private static final int LENGTH = 7;

  private static INDArray numbers(DataType type) {
    double[] values = new double[20];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return Vectors.of(type, values);
  }

  private static INDArray view(INDArray array, int offset) {
    return array.get(NDArrayIndex.interval(offset, offset + LENGTH));
  }

  /** What {@code HostVector} asks a view for, answered as the buffers of CUDA do. */
  private static INDArray asOnCuda(INDArray view) {
    long start = view.data().addressPointer().address();
    DataBuffer data =
        proxy(
            DataBuffer.class,
            Map.of(
                "address", start,
                "addressPointer", view.data().addressPointer(),
                "pointer", view.data().addressPointer(),
                "offset", view.offset()));
    return proxy(
        INDArray.class,
        Map.of(
            "data", data,
            "offset", view.offset(),
            "length", view.length(),
            "dataType", view.dataType()));
  }

  private static <T> T proxy(Class<T> type, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              if (!answers.containsKey(method.getName())) {
                throw new UnsupportedOperationException(method.getName());
              }
              return answers.get(method.getName());
            }));
  }

  private static void assertHoldsTheView(HostVector vector) {
    Block block = new Block();
    vector.read(0, LENGTH, block);
    for (int i = 0; i < LENGTH; i++) {
      assertEquals(OFFSET + i, block.doubles()[Block.DOUBLE_START + i]);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE", "HALF", "BFLOAT16"})
  void aViewIsMappedFromItsFirstElementOn(DataType type) {
    INDArray view = view(numbers(type), OFFSET);
    assertHoldsTheView(HostVector.of(view));
    assertHoldsTheView(HostVector.of(asOnCuda(view)));
  }

  @Test
  void theSameMemoryIsKnownAgainAndAnyOtherIsNot() {
    INDArray array = numbers(DataType.FLOAT);
    HostVector vector = HostVector.of(view(array, OFFSET));
    assertTrue(vector.maps(view(array, OFFSET)));
    assertFalse(vector.maps(view(array, OFFSET + 1)));
    assertFalse(vector.maps(view(array, 0)));
    assertFalse(vector.maps(view(numbers(DataType.FLOAT), OFFSET)));
    assertFalse(vector.maps(array.get(NDArrayIndex.interval(OFFSET, OFFSET + LENGTH + 1))));
    HostVector onCuda = HostVector.of(asOnCuda(view(array, OFFSET)));
    assertTrue(onCuda.maps(asOnCuda(view(array, OFFSET))));
    assertFalse(onCuda.maps(asOnCuda(view(array, OFFSET + 1))));
    assertFalse(onCuda.maps(asOnCuda(view(array, 2 * OFFSET))));
  }

  /** A view of a view, and one that was reshaped, begin where they say. */
  @Test
  void viewsOfViewsAreMappedToo() {
    INDArray outer = numbers(DataType.FLOAT).get(NDArrayIndex.interval(2, 18));
    INDArray inner = outer.get(NDArrayIndex.interval(OFFSET - 2, OFFSET - 2 + LENGTH));
    assertHoldsTheView(HostVector.of(inner));
    assertHoldsTheView(HostVector.of(inner.reshape(1, LENGTH)));
  }
}
