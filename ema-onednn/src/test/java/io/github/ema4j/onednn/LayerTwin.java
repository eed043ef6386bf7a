// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A layer of Deeplearning4j in double precision, and the accelerated one in single precision with
 * the same parameters. The native library never uses oneDNN for double precision.
 */
final class LayerTwin {

  /** What the accelerated layer may differ by, relative to the largest element. */
  static final double LIMIT = 2e-6;

  private final String name;
  private final MultiLayerNetwork exact;
  private final MultiLayerNetwork fast;
  private double limit = LIMIT;

  private LayerTwin(String name, MultiLayerNetwork exact, MultiLayerNetwork fast) {
    this.name = name;
    this.exact = exact;
    this.fast = fast;
  }

  static LayerTwin of(
      String name,
      org.deeplearning4j.nn.conf.layers.Layer layer,
      ConvolutionMode mode,
      InputType input) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .activation(Activation.IDENTITY)
                .weightInit(WeightInit.XAVIER)
                .convolutionMode(mode)
                .list()
                .layer(layer)
                .setInputType(input)
                .build());
    network.init();
    MultiLayerNetwork exact;
    if (network.numParams() > 0) {
      network.params().addi(Nd4j.randn(DataType.FLOAT, network.numParams()).muli(0.1));
      exact = network.convertDataType(DataType.DOUBLE);
      exact.initGradientsView();
      network.initGradientsView();
    } else {
      MultiLayerConfiguration conf = network.getLayerWiseConfigurations().clone();
      conf.setDataType(DataType.DOUBLE);
      exact = new MultiLayerNetwork(conf);
      exact.init();
    }
    return new LayerTwin(name, exact, network);
  }

  /** Accelerates, and makes sure that this did something. */
  LayerTwin accelerated() {
    AccelerationReport report = OneDnn.accelerate(fast);
    assertEquals(1, report.accelerated(), () -> name + ": " + report);
    return this;
  }

  LayerTwin within(double limit) {
    this.limit = limit;
    return this;
  }

  MultiLayerNetwork network() {
    return fast;
  }

  /** Compares a pass in training, forwards and backwards, and one of inference. */
  void compare(INDArray x, Strides xStrides, Strides dyStrides) {
    Layer layer = fast.getLayer(0);
    Layer reference = exact.getLayer(0);
    LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
    INDArray exactX = x.castTo(DataType.DOUBLE);

    INDArray y = layer.activate(xStrides.of(x), true, none);
    INDArray exactY = reference.activate(exactX.dup(), true, none);
    check("output", exactY, y);
    INDArray dy = Nd4j.randn(DataType.FLOAT, y.shape());
    if (fast.numParams() > 0) {
      fast.getFlattenedGradients().assign(Double.NaN);
    }
    Pair<Gradient, INDArray> back = layer.backpropGradient(dyStrides.of(dy), none);
    Pair<Gradient, INDArray> exactBack =
        reference.backpropGradient(dy.castTo(DataType.DOUBLE), none);
    check("gradient of the input", exactBack.getSecond(), back.getSecond());
    assertEquals(
        exactBack.getFirst().gradientForVariable().keySet(),
        back.getFirst().gradientForVariable().keySet());
    exactBack
        .getFirst()
        .gradientForVariable()
        .forEach(
            (parameter, gradient) ->
                check(
                    "gradient of " + parameter,
                    gradient,
                    back.getFirst().getGradientFor(parameter)));
    check(
        "inference",
        reference.activate(exactX.dup(), false, none),
        layer.activate(xStrides.of(x), false, none));
  }

  private void check(String what, INDArray expected, INDArray actual) {
    assertTrue(
        Arrays.equals(expected.shape(), actual.shape()),
        () -> name + ", " + what + ": shape " + Arrays.toString(actual.shape()));
    double error = error(expected, actual);
    assertTrue(error <= limit, () -> name + ", " + what + ": error " + error);
  }

  static double error(INDArray expected, INDArray actual) {
    double largest = expected.amaxNumber().doubleValue();
    INDArray difference = actual.castTo(DataType.DOUBLE).sub(expected);
    double most = difference.amaxNumber().doubleValue();
    boolean finite = Double.isFinite(difference.sumNumber().doubleValue());
    return !finite ? Double.POSITIVE_INFINITY : most / (largest == 0 ? 1 : largest);
  }
}
