// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.primal;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.Replica;
import io.github.ema4j.dl4j.internal.SameOutput;
import io.github.ema4j.dl4j.internal.SwappedNetworks;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.Axpy;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Experimental. The averaged point {@code x} of a network that is trained by {@link
 * PrimalAveraging}: the weights to evaluate, save and serve. The network itself always stands where
 * it trains, and never has to be switched.
 *
 * <p>It is computed anew by each call, from parameters and updater state, as {@code x = y + (1 -
 * interpolation)/interpolation * (y - z)}. Parameters that another updater trains, or none, such as
 * batch-norm statistics, are as they are in the network. Before the first step all is as it is.
 *
 * <p>Call it on the thread that trains, between steps, as from {@code iterationDone}, or outside a
 * fit.
 */
public final class AveragedPoint {

  private AveragedPoint() {}

  /**
   * The averaged parameters.
   *
   * @param network a MultiLayerNetwork or ComputationGraph that {@link PrimalAveraging} trains
   * @return a new vector, in the order, shape and data type of {@link Model#params()}
   * @throws IllegalArgumentException if no parameter of the network has such an updater
   * @throws IllegalStateException if the network is not initialised, or averaged weights are
   *     swapped into it
   */
  public static INDArray params(Model network) {
    INDArray params = Networks.params(network);
    if (SwappedNetworks.contains(network)) {
      throw new IllegalStateException(
          "Averaged weights are swapped into the network, and its own are not to be had: close that Swap first");
    }
    boolean found = false;
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray x = params.dup();
      INDArray flat = x.reshape(x.length());
      for (UpdaterBlock block : updater(network).getUpdaterBlocks()) {
        if (block.getGradientUpdater() instanceof PrimalAveragingUpdater updater) {
          found = true;
          double mu = updater.getConfig().interpolation();
          INDArray part =
              flat.get(
                  NDArrayIndex.interval(block.getParamOffsetStart(), block.getParamOffsetEnd()));
          INDArray d = block.getUpdaterView().reshape(part.shape());
          Nd4j.exec(new Axpy(d, part, part, (1 - mu) / mu));
        }
      }
      if (!found) {
        throw new IllegalArgumentException(
            "No parameter of this network is trained by PrimalAveraging: pass one to updater(...) of its configuration");
      }
      return x;
    }
  }

  private static BaseMultiLayerUpdater<?> updater(Model network) {
    return network instanceof MultiLayerNetwork layers
        ? (BaseMultiLayerUpdater<?>) layers.getUpdater()
        : ((ComputationGraph) network).getUpdater();
  }

  /**
   * An independent network at the averaged point, to keep, save or serve, with the network's
   * iteration and epoch counts, without listeners and updater state. Where it has batch norm, call
   * {@code BatchNormStatistics.recalibrate} on it.
   *
   * @param network trained by {@link PrimalAveraging}
   * @param <M> MultiLayerNetwork or ComputationGraph
   * @return the averaged network
   * @throws IllegalArgumentException if no parameter of the network has such an updater
   * @throws IllegalStateException as {@link #params}
   */
  public static <M extends Model> M network(M network) {
    return Networks.copy(network, params(network));
  }

  /**
   * Evaluates the averaged point. Training is not touched: the forward passes are made by a second
   * network.
   *
   * @param network trained by {@link PrimalAveraging}
   * @param validation the data, of one input and one output
   * @param evaluations what to evaluate, {@code new Evaluation()} if none is given; only their
   *     settings are used
   * @return the results
   * @throws IllegalArgumentException if no parameter of the network has such an updater
   * @throws IllegalStateException as {@link #params}; if the data is empty, or exhausted and cannot
   *     be reset
   */
  public static EvaluationResult evaluate(
      Model network, DataSetIterator validation, IEvaluation<?>... evaluations) {
    SameOutput.proveOn(network, validation);
    return EvaluationResult.of(Replica.over(network, params(network)), validation, evaluations);
  }

  /**
   * Puts the averaged point into the network until the returned {@link Swap} is closed: for what
   * must have the network itself, such as a listener that evaluates or saves it. Do not train
   * meanwhile.
   *
   * @param network trained by {@link PrimalAveraging}
   * @return closes the swap; closing puts the parameters back, bit for bit
   * @throws IllegalArgumentException if no parameter of the network has such an updater
   * @throws IllegalStateException as {@link #params}
   */
  public static Swap swap(Model network) {
    ParameterAverage at = new ParameterAverage(AveragingConfig.of(0), params(network));
    return SwappedNetworks.swap(network, at, Networks.params(network));
  }
}
