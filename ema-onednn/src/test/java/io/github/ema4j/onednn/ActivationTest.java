// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** ReLU and ReLU6 in Java give the numbers of Deeplearning4j's own. */
class ActivationTest {

  private static final float[] SPECIAL = {
    -1,
    -0f,
    0,
    1,
    6,
    Math.nextDown(6f),
    Math.nextUp(6f),
    7,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY
  };

  @ParameterizedTest
  @EnumSource(names = {"RELU", "RELU6"})
  void everyNumberHasTheSameOutputAndGradient(Activation function) {
    LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
    Layer own = layer(function, false);
    Layer fast = layer(function, true);
    for (Strides strides : Strides.values()) {
      for (boolean training : new boolean[] {true, false}) {
        INDArray x = Nd4j.randn(DataType.FLOAT, 7, 9, 11, 13).muli(4);
        for (int i = 0; i < SPECIAL.length; i++) {
          x.putScalar(i, SPECIAL[i]);
        }
        INDArray dy = Nd4j.randn(DataType.FLOAT, x.shape());
        assertEqual(
            own.activate(x.dup(), training, none), fast.activate(strides.of(x), training, none));
        if (training) {
          assertEqual(
              own.backpropGradient(dy.dup(), none).getSecond(),
              fast.backpropGradient(strides.of(dy), none).getSecond());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RELU", "RELU6"})
  void whatIsNotANumberIsNotHidden(Activation function) {
    Layer fast = layer(function, true);
    INDArray x = Nd4j.createFromArray(1, Float.NaN, -1, Float.intBitsToFloat(0xffc00000));
    INDArray y = fast.activate(x.reshape(1, 4), true, LayerWorkspaceMgr.noWorkspaces());
    assertEquals("[1.0, NaN, 0.0, NaN]", java.util.Arrays.toString(y.toFloatVector()));
    INDArray dy = Nd4j.ones(DataType.FLOAT, 1, 4);
    INDArray dx = fast.backpropGradient(dy, LayerWorkspaceMgr.noWorkspaces()).getSecond();
    assertEquals("[1.0, 0.0, 0.0, 0.0]", java.util.Arrays.toString(dx.toFloatVector()));
  }

  private static Layer layer(Activation function, boolean accelerated) {
    LayerTwin twin =
        LayerTwin.of(
            function.name(),
            new ActivationLayer(function),
            ConvolutionMode.Truncate,
            InputType.convolutional(11, 13, 9));
    return (accelerated ? twin.accelerated() : twin).network().getLayer(0);
  }

  /** The bits of all numbers but zeros. */
  private static void assertEqual(INDArray expected, INDArray actual) {
    float[] of = expected.dup('c').data().asFloat();
    float[] is = actual.dup('c').data().asFloat();
    assertEquals(of.length, is.length);
    for (int i = 0; i < of.length; i++) {
      assertEquals(of[i] + 0f, is[i] + 0f, 0f, "element " + i);
    }
  }
}
