// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import io.github.ema4j.onednn.internal.host.Floats;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A layer's rectified output, kept from the forward pass of training to the backward pass, which
 * then does not have to compute it again. A copy is kept, since the next layer may change its
 * input: dropout does.
 */
final class RectifiedOutput {

  private final Rectifier rectifier;
  private INDArray input;
  private INDArray output;

  RectifiedOutput(Rectifier rectifier) {
    this.rectifier = rectifier;
  }

  /**
   * Rectifies z in place.
   *
   * @param x the layer's input
   */
  INDArray rectify(INDArray z, INDArray x, boolean training, LayerWorkspaceMgr workspaces) {
    Floats elements = Floats.of(z);
    rectifier.apply(elements, elements);
    input = training ? x : null;
    output = training ? workspaces.dup(ArrayType.INPUT, z, 'c') : null;
    return z;
  }

  /** Whether the last pass forwards was one of training, on this input. */
  boolean isOf(INDArray x) {
    return output != null && input == x;
  }

  /** The gradient of z, given that of the output. */
  INDArray gradient(INDArray dy, LayerWorkspaceMgr workspaces) {
    INDArray dz =
        workspaces.createUninitialized(
            ArrayType.BP_WORKING_MEM, DataType.FLOAT, output.shape(), 'c');
    rectifier.gradient(Floats.of(output), Floats.of(Floats.dense(dy)), Floats.of(dz));
    return dz;
  }
}
