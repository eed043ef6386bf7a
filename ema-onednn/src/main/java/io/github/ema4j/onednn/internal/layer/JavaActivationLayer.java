// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import io.github.ema4j.onednn.internal.host.Floats;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.ActivationLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** ReLU or ReLU6 in one pass over memory, where Deeplearning4j's own copies first. */
final class JavaActivationLayer extends ActivationLayer {

  private final Rectifier rectifier;

  JavaActivationLayer(NeuralNetConfiguration conf, DataType type, Rectifier rectifier) {
    super(conf, type);
    this.rectifier = rectifier;
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    if (!Floats.reaches(input.length())) {
      return super.activate(training, workspaces);
    }
    INDArray in = Floats.dense(input.castTo(DataType.FLOAT));
    INDArray out =
        workspaces.createUninitialized(ArrayType.ACTIVATIONS, DataType.FLOAT, in.shape(), 'c');
    rectifier.apply(Floats.of(in), Floats.of(out));
    return out;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    if (!Floats.reaches(input.length()) || !Arrays.equals(input.shape(), epsilon.shape())) {
      return super.backpropGradient(epsilon, workspaces);
    }
    INDArray in = Floats.dense(input.castTo(DataType.FLOAT));
    INDArray dy = Floats.dense(epsilon.castTo(DataType.FLOAT));
    INDArray dx =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, in.shape(), 'c');
    rectifier.gradient(Floats.of(in), Floats.of(dy), Floats.of(dx));
    return new Pair<>(new DefaultGradient(), dx);
  }
}
