// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.samediff;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A copy of the trainable variables of a SameDiff in one vector, by name: so one average serves
 * them all, and one value that is not finite holds back all of them.
 */
final class VariableVector {

  private final SameDiff sd;
  private final INDArray values;

  /** Each variable's part of the vector, in the variable's shape. */
  private final Map<String, INDArray> parts = new LinkedHashMap<>();

  VariableVector(SameDiff sd) {
    this.sd = sd;
    Set<String> names = trainable();
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "There is nothing to average: this SameDiff has no trainable variables. Define them with"
              + " sd.var(...) first");
    }
    long length = 0;
    DataType type = null;
    for (String name : names) {
      INDArray array = array(name);
      length += array.length();
      type = type == null ? array.dataType() : wider(type, array.dataType());
    }
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      values = Nd4j.createUninitialized(type, length);
    }
    long from = 0;
    for (String name : names) {
      INDArray array = array(name);
      long to = from + array.length();
      parts.put(name, part(values, from, to, array.shape()));
      from = to;
    }
    gather();
  }

  private Set<String> trainable() {
    return sd.variables().stream()
        .filter(v -> v.getVariableType() == VariableType.VARIABLE && v.dataType().isFPType())
        .map(SDVariable::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** A type that holds the values of both without rounding. */
  private static DataType wider(DataType a, DataType b) {
    if (a == b) {
      return a;
    }
    return a == DataType.DOUBLE || b == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT;
  }

  private static INDArray part(INDArray vector, long from, long to, long[] shape) {
    return vector.get(NDArrayIndex.interval(from, to)).reshape('c', shape);
  }

  private INDArray array(String name) {
    SDVariable variable = sd.getVariable(name);
    INDArray array = variable == null ? null : variable.getArr();
    if (array == null) {
      throw new IllegalStateException("The variable '" + name + "' has no values");
    }
    return array;
  }

  /** Copies the variables here, bit for bit. */
  INDArray gather() {
    if (!trainable().equals(parts.keySet())) {
      throw new IllegalStateException(
          "The trainable variables are %s now, but were %s when their average began. Create a new listener"
              .formatted(trainable(), parts.keySet()));
    }
    parts.forEach(
        (name, part) -> {
          INDArray array = array(name);
          if (!Arrays.equals(array.shape(), part.shape())) {
            throw new IllegalStateException(
                "The variable '%s' is of shape %s now, but was of %s when its average began. Create a new listener"
                    .formatted(
                        name, Arrays.toString(array.shape()), Arrays.toString(part.shape())));
          }
          part.assign(array);
        });
    return values;
  }

  /** Copies what is here to the variables, into the arrays that they have. */
  void scatter() {
    // A SameDiff that trains holds on to its arrays: it would not see new ones.
    parts.forEach((name, part) -> array(name).assign(part));
  }

  INDArray values() {
    return values;
  }

  /** The shapes of the variables by name, in the order of the vector. */
  Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    parts.forEach((name, part) -> shapes.put(name, part.shape()));
    return shapes;
  }

  /** Another vector of this layout, cut into copies of its variables. */
  Map<String, INDArray> split(INDArray vector) {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    long from = 0;
    for (Map.Entry<String, INDArray> entry : parts.entrySet()) {
      long to = from + entry.getValue().length();
      arrays.put(entry.getKey(), part(vector, from, to, entry.getValue().shape()).dup());
      from = to;
    }
    return arrays;
  }
}
