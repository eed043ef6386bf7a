// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.longer.MatchCondition;
import org.nd4j.linalg.api.ops.impl.transforms.comparison.CompareAndReplace;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.indexing.conditions.Condition;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * A kernel of in-place ND4J operations: runs on every backend, CUDA included. Makes temporaries of
 * the order of the arrays only where an element is not finite.
 */
public final class Nd4jKernel implements AveragingKernel {

  /** Elements at a time where scratch is needed: 4 MB of FLOAT. */
  private static final long BLOCK = 1 << 20;

  /** Creates a kernel. */
  public Nd4jKernel() {}

  @Override
  public boolean lerp(INDArray params, INDArray[] shadows, double[] decays, Chunks ranges) {
    boolean allFinite = true;
    for (int range = 0; range < ranges.size(); range++) {
      INDArray p = view(params, ranges, range);
      boolean finite = allFinite(p);
      for (int i = 0; i < shadows.length; i++) {
        INDArray shadow = view(shadows[i], ranges, range);
        if (finite) {
          lerp(shadow, p, decays[i]);
        } else {
          lerpFinite(shadow, p, decays[i]);
        }
      }
      allFinite &= finite;
    }
    return allFinite;
  }

  /** Parameters that are not finite get the value that the shadow has already. */
  private static void lerpFinite(INDArray shadow, INDArray params, double decay) {
    // A type that holds the values of both.
    boolean wide = shadow.dataType() == DataType.DOUBLE || params.dataType() == DataType.DOUBLE;
    DataType type = wide ? DataType.DOUBLE : DataType.FLOAT;
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        INDArray finite = Nd4j.createUninitialized(type, params.length());
        INDArray kept = Nd4j.createUninitialized(type, params.length())) {
      finite.assign(params);
      kept.assign(shadow);
      // notFinite() overlooks NaN in this operation.
      replace(finite, kept, Conditions.isNan());
      replace(finite, kept, Conditions.isInfinite());
      lerp(shadow, finite, decay);
    }
  }

  private static void replace(INDArray values, INDArray by, Condition where) {
    Nd4j.getExecutioner().exec(new CompareAndReplace(values, by, values, where));
  }

  private static void lerp(INDArray shadow, INDArray params, double decay) {
    if (decay == 0) {
      shadow.assign(params);
    } else if (decay < 1) {
      // p - d * (p - s) and not (s - p) * d + p, which would turn a constant -0.0 into 0.0
      shadow.rsubi(params).muli(decay).rsubi(params);
    }
  }

  @Override
  public boolean copy(INDArray from, INDArray to, Chunks ranges) {
    return lerp(from, new INDArray[] {to}, new double[] {0}, ranges);
  }

  @Override
  public boolean isFinite(INDArray array, Chunks ranges) {
    for (int range = 0; range < ranges.size(); range++) {
      if (!allFinite(view(array, ranges, range))) {
        return false;
      }
    }
    return true;
  }

  private static boolean allFinite(INDArray vector) {
    if (vector.dataType().width() == 2) {
      return allFinite16(vector);
    }
    // A sum is many times faster than MatchCondition; only large finite values can mislead it.
    if (Double.isFinite(vector.norm1Number().doubleValue())) {
      return true;
    }
    MatchCondition notFinite = new MatchCondition(vector, Conditions.notFinite());
    return Nd4j.getExecutioner().exec(notFinite).getLong(0) == 0;
  }

  /** In 16 bits a sum overflows early, and ND4J knows one bit pattern of a HALF NaN out of 2046. */
  private static boolean allFinite16(INDArray vector) {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        INDArray floats =
            Nd4j.createUninitialized(DataType.FLOAT, Math.min(vector.length(), BLOCK))) {
      for (long from = 0; from < vector.length(); from += BLOCK) {
        long to = Math.min(vector.length(), from + BLOCK);
        INDArray block = view(floats, 0, to - from);
        block.assign(view(vector, from, to));
        if (!allFinite(block)) {
          return false;
        }
      }
      return true;
    }
  }

  @Override
  public void swap(INDArray a, INDArray b, Chunks ranges) {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        INDArray scratch = Nd4j.createUninitialized(a.dataType(), Math.min(a.length(), BLOCK))) {
      for (int range = 0; range < ranges.size(); range++) {
        for (long from = ranges.from(range); from < ranges.to(range); from += BLOCK) {
          long to = Math.min(ranges.to(range), from + BLOCK);
          INDArray blockA = view(a, from, to);
          INDArray blockB = view(b, from, to);
          INDArray saved = view(scratch, 0, to - from);
          saved.assign(blockA);
          blockA.assign(blockB);
          blockB.assign(saved);
        }
      }
    }
  }

  @Override
  public void read(INDArray from, Chunks ranges, double[] to) {
    int at = 0;
    for (int range = 0; range < ranges.size(); range++) {
      double[] values = view(from, ranges, range).toDoubleVector();
      System.arraycopy(values, 0, to, at, values.length);
      at += values.length;
    }
  }

  @Override
  public void write(double[] from, INDArray to, Chunks ranges) {
    int at = 0;
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      for (int range = 0; range < ranges.size(); range++) {
        INDArray target = view(to, ranges, range);
        int end = at + (int) target.length();
        try (INDArray values = Nd4j.createFromArray(Arrays.copyOfRange(from, at, end))) {
          target.assign(values);
        }
        at = end;
      }
    }
  }

  private static INDArray view(INDArray array, Chunks ranges, int range) {
    return view(array, ranges.from(range), ranges.to(range));
  }

  private static INDArray view(INDArray array, long from, long to) {
    INDArray flat =
        array.rank() == 1 ? array : array.reshape(array.ordering(), new long[] {array.length()});
    return from == 0 && to == flat.length() ? flat : flat.get(NDArrayIndex.interval(from, to));
  }
}
