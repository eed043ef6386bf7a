// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Models;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What ParallelWrapper's AVERAGING mode does, one worker after the other in a single thread: each
 * round gives a minibatch to every worker as long as there are any; after every so many rounds the
 * weights and updater states of those that trained in it are averaged; a fit begins with copies of
 * the first worker's network.
 */
final class Replay {

  private final Model network;
  private final int workers;
  private final int frequency;
  private final EmaOracle ema;
  private final List<Long> intervals = new ArrayList<>();
  private long rounds;
  private int synchronised;

  Replay(Model network, int workers, int frequency, EmaOracle ema) {
    this.network = network;
    this.workers = workers;
    this.frequency = frequency;
    this.ema = ema;
    synchronised = Models.iterations(network);
  }

  void fit(List<DataSet> batches) {
    List<Model> replicas = new ArrayList<>(List.of(network));
    while (replicas.size() < workers) {
      replicas.add(copy(network));
    }
    for (int from = 0; from < batches.size(); from += workers) {
      int busy = Math.min(workers, batches.size() - from);
      for (int i = 0; i < busy; i++) {
        Models.fit(replicas.get(i), batches.get(from + i));
      }
      if (++rounds % frequency == 0) {
        average(replicas.subList(0, busy));
        synchronise();
      }
    }
    synchronise();
    network.clear(); // as the wrapper does; a MultiLayerNetwork loses the updater's state by it
  }

  private void synchronise() {
    int steps = Models.iterations(network) - synchronised;
    if (steps > 0) {
      ema.update(network.params(), steps);
      intervals.add((long) steps);
      synchronised += steps;
    }
  }

  private static void average(List<Model> busy) {
    Nd4j.averageAndPropagate(null, busy.stream().map(Model::params).toList());
    Nd4j.averageAndPropagate(null, busy.stream().map(Models::updaterState).toList());
  }

  Model network() {
    return network;
  }

  EmaOracle ema() {
    return ema;
  }

  /** The iterations of each update of the average. */
  List<Long> intervals() {
    return intervals;
  }

  private static Model copy(Model network) {
    if (network instanceof MultiLayerNetwork mln) {
      return mln.clone();
    }
    ComputationGraph copy = ((ComputationGraph) network).clone();
    copy.getConfiguration()
        .setIterationCount(Models.iterations(network)); // which clone() leaves out
    return copy;
  }
}
