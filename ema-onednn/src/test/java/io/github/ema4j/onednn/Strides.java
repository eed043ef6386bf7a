// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The same elements, laid out in memory in the ways in which layers get them. */
enum Strides {
  C {
    @Override
    INDArray of(INDArray x) {
      return x.dup('c');
    }
  },
  F {
    @Override
    INDArray of(INDArray x) {
      return x.dup('f');
    }
  },
  /** As Deeplearning4j's own convolution returns it. */
  CHANNELS_FIRST {
    @Override
    INDArray of(INDArray x) {
      return x.rank() < 4 ? x.dup('c') : x.permute(1, 0, 2, 3).dup('c').permute(1, 0, 2, 3);
    }
  },
  CHANNELS_LAST {
    @Override
    INDArray of(INDArray x) {
      return x.rank() < 4 ? x.dup('c') : x.permute(0, 2, 3, 1).dup('c').permute(0, 3, 1, 2);
    }
  },
  /** A part of a larger array, not from its beginning. */
  VIEW {
    @Override
    INDArray of(INDArray x) {
      INDArray wider = Nd4j.concat(1, Nd4j.ones(x.dataType(), x.shape()), x);
      return wider.get(NDArrayIndex.all(), NDArrayIndex.interval(x.size(1), 2 * x.size(1)));
    }
  };

  private static final List<Strides> ALL = List.of(values());

  abstract INDArray of(INDArray x);

  /** All of them one after the other, and again. */
  static Strides nth(int n) {
    return ALL.get(n % ALL.size());
  }
}
