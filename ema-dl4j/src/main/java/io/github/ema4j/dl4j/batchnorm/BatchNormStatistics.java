// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.batchnorm;

import io.github.ema4j.dl4j.internal.KeptRandom;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Recomputes the running mean and variance of batch-norm layers for the weights that a network has.
 *
 * <p>An average of weights also averages these statistics, which is right as long as activations
 * change little over the updates that the average reaches back. Where they change a lot, early in a
 * run or with a long reach, the averaged statistics belong to activations that the averaged weights
 * do not produce, and recalibration fits them. In a small run of 192 updates, the validation loss
 * of an average at 0.99, a seventh of which is still the start, falls from 0.7 to 0.06 by it; that
 * of one warmed up by {@code DecaySchedule.inversePower(0.998)}, which has come to a reach of 33
 * updates, does not change. ArXiv 2411.18704 measures 0.56 and 0.84 points of accuracy.
 *
 * <pre>{@code
 * MultiLayerNetwork averaged = ema.averagedNetwork(net);
 * BatchNormStatistics.recalibrate(averaged, trainingData);
 * }</pre>
 *
 * <p>The statistics become those of the whole data, not of single batches: mean and biased variance
 * of everything that enters a layer at inference, computed in double precision and pooled over
 * batches of any size, layer after layer, each seeing the recalibrated layers before it. That takes
 * one forward pass over the data for each batch-norm layer; a few thousand examples are enough.
 * PyTorch's {@code update_bn} makes a single pass instead, and lets later layers see batch
 * statistics of earlier ones.
 *
 * <p>Works for inputs of rank 2 (dense) and 4 (convolutional, both formats), for variances held as
 * they are or as log10 of the standard deviation. Layers that are frozen or inside another wrapper
 * keep their statistics. Masks are ignored, as they are in training. Iterators are reset before and
 * after each pass, so pass none that is in use. Do not recalibrate a network that trains or a live
 * view: use a copy. No random number is drawn.
 */
public final class BatchNormStatistics {

  /** Stands for a variance of zero where it is held as a logarithm, which must be finite. */
  private static final double SMALLEST_VARIANCE = 1e-30;

  private BatchNormStatistics() {}

  /**
   * Recalibrates all batch-norm layers of a network, in place.
   *
   * @param network its weights stay as they are
   * @param data features to compute the statistics over, usually training data without augmentation
   * @return the number of layers recalibrated
   * @throws IllegalArgumentException if the iterator cannot be reset
   * @throws IllegalStateException if the data is empty or gives statistics that are not finite; the
   *     network is as before then
   */
  public static int recalibrate(MultiLayerNetwork network, DataSetIterator data) {
    Networks.params(network);
    requireResettable(data);
    List<Recalibration> recalibrations = new ArrayList<>();
    for (int i = 0; i < network.getnLayers(); i++) {
      if (network.getLayer(i) instanceof BatchNormalization layer) {
        int index = i;
        recalibrations.add(
            new Recalibration(layer, statistics -> overInputs(network, index, data, statistics)));
      }
    }
    return run(recalibrations);
  }

  /**
   * Recalibrates all batch-norm layers of a network of one input, in place.
   *
   * @param network its weights stay as they are
   * @param data features to compute the statistics over
   * @return the number of layers recalibrated
   * @throws IllegalArgumentException if the iterator cannot be reset
   * @throws IllegalStateException if the data is empty or gives statistics that are not finite; the
   *     network is as before then
   */
  public static int recalibrate(ComputationGraph network, DataSetIterator data) {
    return recalibrate(network, new MultiDataSetIteratorAdapter(data));
  }

  /**
   * Recalibrates all batch-norm layers of a network, in place.
   *
   * @param network its weights stay as they are
   * @param data features to compute the statistics over
   * @return the number of layers recalibrated
   * @throws IllegalArgumentException if the iterator cannot be reset
   * @throws IllegalStateException if the data is empty or gives statistics that are not finite; the
   *     network is as before then
   */
  public static int recalibrate(ComputationGraph network, MultiDataSetIterator data) {
    Networks.params(network);
    requireResettable(data);
    List<Recalibration> recalibrations = new ArrayList<>();
    for (int index : network.topologicalSortOrder()) {
      if (network.getVertices()[index] instanceof LayerVertex vertex
          && vertex.getLayer() instanceof BatchNormalization layer) {
        recalibrations.add(
            new Recalibration(layer, statistics -> overInputs(network, vertex, data, statistics)));
      }
    }
    return run(recalibrations);
  }

  /**
   * What to do for one layer.
   *
   * @param pass makes a pass over the data and hands all inputs of the layer to its statistics
   */
  private record Recalibration(BatchNormalization layer, Consumer<ChannelStatistics> pass) {}

  private static int run(List<Recalibration> recalibrations) {
    List<Runnable> undo = new ArrayList<>();
    // A listener may call in the middle of a fit.
    try (KeptRandom kept = KeptRandom.now();
        MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      for (Recalibration recalibration : recalibrations) {
        BatchNormalization layer = recalibration.layer();
        ChannelStatistics statistics = new ChannelStatistics(channelAxis(layer));
        recalibration.pass().accept(statistics);
        requireUsable(layer, statistics);
        write(layer, statistics, undo);
      }
    } catch (RuntimeException | Error e) {
      undo.forEach(Runnable::run);
      throw e;
    }
    return recalibrations.size();
  }

  private static void requireUsable(BatchNormalization layer, ChannelStatistics statistics) {
    if (statistics.count() == 0) {
      throw new IllegalStateException(
          "The iterator is empty: there is no data to compute batch-norm statistics over");
    }
    if (!statistics.isFinite()) {
      throw new IllegalStateException(
          "The inputs of the batch-norm layer '%s' are not all finite over %d values per channel:"
                  .formatted(layer.layerConf().getLayerName(), statistics.count())
              + " look for NaN or infinity in the data and in the weights");
    }
  }

  private static int channelAxis(BatchNormalization layer) {
    return layer.layerConf().getCnn2DFormat() == CNN2DFormat.NHWC ? 3 : 1;
  }

  private static void write(
      BatchNormalization layer, ChannelStatistics statistics, List<Runnable> undo) {
    assign(layer, BatchNormalizationParamInitializer.GLOBAL_MEAN, statistics.mean(), undo);
    double[] variance = statistics.variance();
    if (layer.layerConf().isUseLogStd()) {
      double[] log10Deviation = new double[variance.length];
      for (int i = 0; i < variance.length; i++) {
        log10Deviation[i] = 0.5 * Math.log10(Math.max(variance[i], SMALLEST_VARIANCE));
      }
      assign(layer, BatchNormalizationParamInitializer.GLOBAL_LOG_STD, log10Deviation, undo);
    } else {
      assign(layer, BatchNormalizationParamInitializer.GLOBAL_VAR, variance, undo);
    }
  }

  private static void assign(
      BatchNormalization layer, String key, double[] values, List<Runnable> undo) {
    INDArray param = layer.getParam(key);
    INDArray before = param.dup();
    undo.add(() -> param.assign(before));
    param.assign(Nd4j.createFromArray(values).reshape(param.shape()));
  }

  private static void overInputs(
      MultiLayerNetwork network, int layer, DataSetIterator data, ChannelStatistics statistics) {
    InputPreProcessor preProcessor = network.getLayerWiseConfigurations().getInputPreProcess(layer);
    data.reset();
    while (data.hasNext()) {
      INDArray features = data.next().getFeatures();
      INDArray input =
          layer == 0 ? features : network.feedForwardToLayer(layer - 1, features, false).get(layer);
      statistics.add(preProcessed(preProcessor, input, features));
    }
    data.reset();
  }

  private static void overInputs(
      ComputationGraph network,
      LayerVertex vertex,
      MultiDataSetIterator data,
      ChannelStatistics statistics) {
    String source = network.getConfiguration().getVertexInputs().get(vertex.getVertexName()).get(0);
    data.reset();
    while (data.hasNext()) {
      INDArray[] features = data.next().getFeatures();
      // As far as the outputs: Deeplearning4j's pass to a layer takes the index of a vertex for its
      // place in the order of execution.
      INDArray input = network.feedForward(features, false).get(source);
      statistics.add(preProcessed(vertex.getLayerPreProcessor(), input, features[0]));
    }
    data.reset();
  }

  private static INDArray preProcessed(
      InputPreProcessor preProcessor, INDArray input, INDArray features) {
    return preProcessor == null
        ? input
        : preProcessor.preProcess(
            input.dup(), Math.toIntExact(features.size(0)), LayerWorkspaceMgr.noWorkspaces());
  }

  /**
   * Refuses data that one pass uses up.
   *
   * @param data to recalibrate on
   * @throws IllegalArgumentException if the iterator cannot be reset
   */
  public static void requireResettable(DataSetIterator data) {
    requireResettable(data.resetSupported());
  }

  /**
   * Refuses data that one pass uses up.
   *
   * @param data to recalibrate on
   * @throws IllegalArgumentException if the iterator cannot be reset
   */
  public static void requireResettable(MultiDataSetIterator data) {
    requireResettable(data.resetSupported());
  }

  private static void requireResettable(boolean resettable) {
    if (!resettable) {
      throw new IllegalArgumentException(
          "Recalibration makes a pass over the data per batch-norm layer, but the iterator does not"
              + " support reset(): load the data into a ListDataSetIterator");
    }
  }
}
