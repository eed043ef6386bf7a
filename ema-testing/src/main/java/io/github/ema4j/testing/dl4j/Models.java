// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing.dl4j;

import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** What both classes of network can do and their interface does not say. */
public final class Models {

  private Models() {}

  public static void fit(Model network, DataSet batch) {
    if (network instanceof MultiLayerNetwork mln) {
      mln.fit(batch);
    } else {
      ((ComputationGraph) network).fit(batch);
    }
  }

  public static INDArray updaterState(Model network) {
    return network instanceof MultiLayerNetwork mln
        ? mln.getUpdater().getStateViewArray()
        : ((ComputationGraph) network).getUpdater().getStateViewArray();
  }

  public static int iterations(Model network) {
    return network instanceof MultiLayerNetwork mln
        ? mln.getIterationCount()
        : ((ComputationGraph) network).getConfiguration().getIterationCount();
  }

  public static void setIterations(Model network, int iterations) {
    if (network instanceof MultiLayerNetwork mln) {
      mln.setIterationCount(iterations);
    } else {
      ((ComputationGraph) network).getConfiguration().setIterationCount(iterations);
    }
  }

  public static int epochs(Model network) {
    return network instanceof MultiLayerNetwork mln
        ? mln.getEpochCount()
        : ((ComputationGraph) network).getConfiguration().getEpochCount();
  }

  /**
   * Where in its parameters a network holds a variance as the log10 of the standard deviation:
   * found by the names that Deeplearning4j gives them.
   */
  public static int[] log10Deviations(Model network) {
    long start = network.params().offset();
    return network.paramTable().entrySet().stream()
        .filter(parameter -> parameter.getKey().endsWith("_log10stdev"))
        .flatMapToInt(
            parameter -> {
              int from = (int) (parameter.getValue().offset() - start);
              return IntStream.range(from, from + (int) parameter.getValue().length());
            })
        .sorted()
        .toArray();
  }
}
