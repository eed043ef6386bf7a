// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.batchnorm.BatchNormStatistics;
import io.github.ema4j.dl4j.internal.file.NetworkFile;
import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** What DL4J's two classes of networks both have, but not in their common interface. */
final class Nets {
  private Nets() {}

  /** One epoch. */
  static void fit(Model network, DataSetIterator data) {
    if (network instanceof MultiLayerNetwork layers) {
      layers.fit(data);
    } else {
      ((ComputationGraph) network).fit(data);
    }
  }

  /** Changes the learning rate of all layers; the optimizer's state stays. */
  static void setLearningRate(Model network, double rate) {
    if (network instanceof MultiLayerNetwork layers) {
      layers.setLearningRate(rate);
    } else {
      ((ComputationGraph) network).setLearningRate(rate);
    }
  }

  /**
   * Loads the network of a model file of Deeplearning4j, without its optimizer's state. Nothing in
   * Java serialization is read, which such files may hold.
   *
   * @throws UserError if the file is not there or no such file
   */
  static NetworkFile.Content load(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new UserError(file + " is not a file: name a checkpoint or an exported zip");
    }
    try {
      return NetworkFile.load(file);
    } catch (EmaCheckpointException e) {
      throw new UserError(e.getMessage(), e);
    }
  }

  /**
   * Whether a file is a zip with an average in it, as {@code EmaCheckpoint} writes, or was one: by
   * any entry of an average, as damage may have made the name of the state another.
   */
  static boolean isCheckpoint(Path file) {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      return zip.stream().anyMatch(entry -> entry.getName().startsWith("ema"));
    } catch (IOException e) {
      return false; // what it is then, loading will say
    }
  }

  /** Whether a network has a layer of batch norm. */
  static boolean hasBatchNorm(Model network) {
    Layer[] layers =
        network instanceof MultiLayerNetwork net
            ? net.getLayers()
            : ((ComputationGraph) network).getLayers();
    return Arrays.stream(layers)
        .anyMatch(layer -> layer.conf().getLayer() instanceof BatchNormalization);
  }

  /** Fits batch-norm statistics to the weights. */
  static void recalibrate(Model network, DataSetIterator data) {
    if (network instanceof MultiLayerNetwork layers) {
      BatchNormStatistics.recalibrate(layers, data);
    } else {
      BatchNormStatistics.recalibrate((ComputationGraph) network, data);
    }
  }

  /** What a network makes of one image, {@code [1, channels, height, width]}. */
  static INDArray output(Model network, INDArray image) {
    return network instanceof MultiLayerNetwork layers
        ? layers.output(image)
        : ((ComputationGraph) network).outputSingle(image);
  }

  /** The number of classes that a network tells apart, where its last layer says so. */
  static OptionalLong outputs(Model network) {
    Layer last =
        network instanceof MultiLayerNetwork layers
            ? layers.getOutputLayer()
            : ((ComputationGraph) network).getOutputLayer(0);
    return last.conf().getLayer() instanceof FeedForwardLayer layer
        ? OptionalLong.of(layer.getNOut())
        : OptionalLong.empty();
  }
}
