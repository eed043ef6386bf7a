// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;

/**
 * MobileNetV2 of width 1.0 as in <a href="https://arxiv.org/abs/1801.04381">Sandler et al.
 * (2018)</a> and torchvision. It divides height and width by 32, rounding up.
 */
final class MobileNetV2 {

  private record Stage(int expansion, int channels, int blocks, int stride) {}

  private static final int STEM_CHANNELS = 32;

  private static final List<Stage> STAGES =
      List.of(
          new Stage(1, 16, 1, 1),
          new Stage(6, 24, 2, 2),
          new Stage(6, 32, 3, 2),
          new Stage(6, 64, 4, 2),
          new Stage(6, 96, 3, 1),
          new Stage(6, 160, 3, 2),
          new Stage(6, 320, 1, 1));

  private MobileNetV2() {}

  static ComputationGraph build(ModelSettings settings) {
    GraphPieces graph = new GraphPieces(settings);
    String last = graph.convolution("stem", GraphPieces.INPUT, STEM_CHANNELS, 3, 2);
    last = graph.activation("stem", last, Activation.RELU6);
    int channels = STEM_CHANNELS;
    for (int i = 0; i < STAGES.size(); i++) {
      Stage stage = STAGES.get(i);
      for (int block = 0; block < stage.blocks(); block++) {
        String name = "stage" + (i + 1) + "-block" + (block + 1);
        int stride = block == 0 ? stage.stride() : 1;
        last = invertedResidual(graph, name, last, channels, stage, stride);
        channels = stage.channels();
      }
    }
    last = graph.convolution("head", last, 1280, 1, 1);
    last = graph.activation("head", last, Activation.RELU6);
    return graph.classify(last, 0.2);
  }

  private static String invertedResidual(
      GraphPieces graph, String name, String input, int channels, Stage stage, int stride) {
    String last = input;
    if (stage.expansion() > 1) {
      last = graph.convolution(name + "-expand", last, stage.expansion() * channels, 1, 1);
      last = graph.activation(name + "-expand", last, Activation.RELU6);
    }
    last = graph.depthwise(name + "-depthwise", last, stride);
    last = graph.activation(name + "-depthwise", last, Activation.RELU6);
    last = graph.convolution(name + "-project", last, stage.channels(), 1, 1);
    boolean sameShape = stride == 1 && channels == stage.channels();
    return sameShape ? graph.sum(name, last, input) : last;
  }
}
