// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's operations {@code conv2d} and {@code conv2d_bp} with contexts that are kept: to make one
 * takes as long as a small convolution.
 */
final class Convolution {

  private final Call forward = new Call("conv2d");
  private final Call backward = new Call("conv2d_bp");

  /** Computes z from x, weights, and a bias or null. */
  void forward(
      INDArray x, INDArray weights, INDArray bias, Windows windows, boolean same, INDArray z) {
    INDArray[] in = bias == null ? of(x, weights) : of(x, weights, bias);
    forward.run(windows, same, in, of(z));
  }

  /** Computes the gradients of x, weights, and a bias or null from that of z. */
  void backward(
      INDArray x,
      INDArray weights,
      INDArray bias,
      INDArray dz,
      Windows windows,
      boolean same,
      INDArray dx,
      INDArray dWeights,
      INDArray dBias) {
    INDArray[] in = bias == null ? of(x, weights, dz) : of(x, weights, bias, dz);
    INDArray[] out = bias == null ? of(dx, dWeights) : of(dx, dWeights, dBias);
    backward.run(windows, same, in, out);
  }

  private static INDArray[] of(INDArray... arrays) {
    return arrays;
  }

  private static final class Call {
    private final DynamicCustomOp operation;
    private final OpContext context = Nd4j.getExecutioner().buildContext();
    private long[] arguments;

    Call(String operation) {
      this.operation = DynamicCustomOp.builder(operation).build();
    }

    void run(Windows windows, boolean same, INDArray[] in, INDArray[] out) {
      setArguments(windows, same);
      for (int i = 0; i < in.length; i++) {
        context.setInputArray(i, in[i]);
      }
      for (int i = 0; i < out.length; i++) {
        context.setOutputArray(i, out[i]);
      }
      try {
        Nd4j.exec(operation, context);
      } finally {
        context.purge();
      }
    }

    private void setArguments(Windows windows, boolean same) {
      long[] now = {
        windows.kernel()[0],
        windows.kernel()[1],
        windows.stride()[0],
        windows.stride()[1],
        windows.padding()[0],
        windows.padding()[1],
        windows.dilation()[0],
        windows.dilation()[1],
        same ? 1 : 0,
        0, // Activations [n, c, h, w].
        1 // Weights [out, in, h, w].
      };
      if (!Arrays.equals(arguments, now)) {
        context.setIArguments(now);
        arguments = now;
      }
    }
  }
}
