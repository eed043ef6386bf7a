// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What all networks begin and end with. */
final class LayerPieces {
  private LayerPieces() {}

  /** Start weights after He et al. (2015), for layers before a ReLU; optimizer and weight decay. */
  static NeuralNetConfiguration.Builder builder(ModelSettings settings) {
    return new NeuralNetConfiguration.Builder()
        .seed(settings.seed())
        .weightInit(WeightInit.RELU)
        .activation(Activation.IDENTITY)
        .updater(settings.updater())
        .l2(settings.weightDecay());
  }

  static InputType inputType(ModelSettings settings) {
    ImageShape input = settings.input();
    return InputType.convolutional(input.height(), input.width(), input.channels());
  }

  /** Softmax with cross-entropy, which takes smoothed labels too. */
  static OutputLayer output(ModelSettings settings, double dropout) {
    OutputLayer.Builder output =
        new OutputLayer.Builder(LossFunction.MCXENT)
            .nOut(settings.classes())
            .activation(Activation.SOFTMAX)
            // Within 1 / sqrt(inputs), as PyTorch's: small scores at first.
            .weightInit(WeightInit.UNIFORM);
    if (dropout > 0) {
      output.dropOut(1 - dropout); // Deeplearning4j counts what is kept
    }
    return output.build();
  }
}
