// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.longer.MatchCondition;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * A kernel of in-place ND4J operations: runs on every backend, CUDA included, and on arrays of any
 * layout. Allocates nothing of the order of the arrays.
 */
public final class Nd4jKernel implements AveragingKernel {

  /** Elements exchanged at a time by {@link #swap}: 4 MB of FLOAT scratch. */
  private static final long SWAP_BLOCK = 1 << 20;

  /** Creates a kernel. */
  public Nd4jKernel() {}

  @Override
  public boolean isFinite(INDArray array) {
    // In 16 bits a sum overflows early, and ND4J knows one bit pattern of a HALF NaN out of 2046.
    // A sum is many times faster than MatchCondition; only large finite values can mislead it.
    INDArray values = array.dataType().width() == 2 ? array.castTo(DataType.FLOAT) : array;
    if (Double.isFinite(values.norm1Number().doubleValue())) {
      return true;
    }
    MatchCondition notFinite = new MatchCondition(values, Conditions.notFinite());
    return Nd4j.getExecutioner().exec(notFinite).getLong(0) == 0;
  }

  @Override
  public void lerp(INDArray shadow, INDArray params, double decay) {
    if (decay == 0) {
      copy(params, shadow);
    } else if (decay < 1) {
      INDArray p = like(shadow, params);
      // p - d * (p - s) and not (s - p) * d + p, which would turn a constant -0.0 into 0.0
      shadow.rsubi(p).muli(decay).rsubi(p);
    }
  }

  @Override
  public void copy(INDArray from, INDArray to) {
    to.assign(like(to, from));
  }

  @Override
  public void swap(INDArray a, INDArray b) {
    INDArray flatA = flat(a);
    INDArray flatB = flat(b);
    long length = a.length();
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        INDArray scratch = Nd4j.createUninitialized(a.dataType(), Math.min(length, SWAP_BLOCK))) {
      for (long from = 0; from < length; from += SWAP_BLOCK) {
        long to = Math.min(length, from + SWAP_BLOCK);
        INDArrayIndex block = NDArrayIndex.interval(from, to);
        INDArray blockA = flatA.get(block);
        INDArray blockB = flatB.get(block);
        INDArray saved =
            to - from == scratch.length()
                ? scratch
                : scratch.get(NDArrayIndex.interval(0, to - from));
        saved.assign(blockA);
        blockA.assign(blockB);
        blockB.assign(saved);
      }
    }
  }

  private static INDArray like(INDArray target, INDArray array) {
    return array.equalShapes(target) ? array : array.reshape(target.shape());
  }

  private static INDArray flat(INDArray array) {
    return array.rank() == 1 ? array : array.reshape(array.length());
  }
}
