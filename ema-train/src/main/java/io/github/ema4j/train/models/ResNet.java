// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;

/**
 * Residual networks as in <a href="https://arxiv.org/abs/1512.03385">He et al. (2015)</a> and
 * torchvision: in the bottleneck block the 3 x 3 convolution has the stride.
 *
 * <p>The stem divides height and width by 4, each stage after the first by 2, rounding up. Any size
 * of image works, but of 32 x 32 pixels the last stage has one, so that its batch norm sees as many
 * values as the batch has images: with fewer than about eight, gradients of the first steps are
 * huge.
 */
final class ResNet {
  /** Channels of the first stage, as published. */
  static final int WIDTH = 64;

  private ResNet() {}

  /**
   * Two 3 x 3 convolutions in a block.
   *
   * @param width channels of the first stage; each after it has twice those of the one before
   */
  static ComputationGraph basic(ModelSettings settings, int width, int... blocks) {
    return build(settings, false, width, blocks);
  }

  /** 1 x 1, 3 x 3 and 1 x 1 convolutions in a block, the last with four times the channels. */
  static ComputationGraph bottleneck(ModelSettings settings, int... blocks) {
    return build(settings, true, WIDTH, blocks);
  }

  private static ComputationGraph build(
      ModelSettings settings, boolean bottleneck, int width, int[] blocks) {
    GraphPieces graph = new GraphPieces(settings);
    String last = graph.convolution("stem", GraphPieces.INPUT, width, 7, 2);
    last = graph.activation("stem", last, Activation.RELU);
    last = graph.maxPool("pool", last);
    for (int stage = 0; stage < blocks.length; stage++) {
      int channels = width << stage;
      for (int block = 0; block < blocks[stage]; block++) {
        int stride = stage > 0 && block == 0 ? 2 : 1;
        // What comes in has another number of channels than what goes out.
        boolean widens = block == 0 && (stage > 0 || bottleneck);
        String name = "stage" + (stage + 1) + "-block" + (block + 1);
        last = block(graph, name, last, channels, stride, bottleneck, widens);
      }
    }
    return graph.classify(last, 0);
  }

  private static String block(
      GraphPieces graph,
      String name,
      String input,
      int channels,
      int stride,
      boolean bottleneck,
      boolean widens) {
    String residual =
        bottleneck
            ? bottleneckResidual(graph, name, input, channels, stride)
            : basicResidual(graph, name, input, channels, stride);
    String shortcut =
        widens
            ? graph.convolution(
                name + "-shortcut", input, bottleneck ? 4 * channels : channels, 1, stride)
            : input;
    String sum = graph.sum(name + "-sum", residual, shortcut);
    return graph.activation(name, sum, Activation.RELU);
  }

  private static String basicResidual(
      GraphPieces graph, String name, String input, int channels, int stride) {
    String inner = graph.convolution(name + "-1", input, channels, 3, stride);
    inner = graph.activation(name + "-1", inner, Activation.RELU);
    return graph.convolution(name + "-2", inner, channels, 3, 1);
  }

  private static String bottleneckResidual(
      GraphPieces graph, String name, String input, int channels, int stride) {
    String inner = graph.convolution(name + "-1", input, channels, 1, 1);
    inner = graph.activation(name + "-1", inner, Activation.RELU);
    inner = graph.convolution(name + "-2", inner, channels, 3, stride);
    inner = graph.activation(name + "-2", inner, Activation.RELU);
    return graph.convolution(name + "-3", inner, 4 * channels, 1, 1);
  }
}
