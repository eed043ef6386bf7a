// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Models;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * What Spark's workers did, done again one after the other in this process, without Spark and
 * without the plugin: every worker's minibatches fitted to a copy of the network, the copies
 * averaged, and the moving average written out in plain Java.
 */
final class Replay {

  private final Model network;
  private final DecaySchedule schedule;
  private final int k;
  private final List<Round> rounds = new ArrayList<>();
  private EmaOracle average;
  private int stepsPerIteration = 1;
  private boolean everyStep;
  private boolean dropsUpdater;

  /**
   * Begins a replay.
   *
   * @param start the network before the first round; copied
   * @param k iterations that a round counts as
   */
  Replay(Model start, DecaySchedule schedule, int k) {
    network = Kind.copy(start);
    this.schedule = schedule;
    this.k = k;
    average =
        new EmaOracle(
            schedule::decayAt, EmaOracle.floats(network.params()), Models.log10Deviations(network));
  }

  /** Lets the decay count the minibatches of so many workers. */
  Replay countingExamplesOf(int workers) {
    stepsPerIteration = workers;
    return this;
  }

  Replay averagingEveryStep() {
    everyStep = true;
    return this;
  }

  Replay droppingUpdaterState() {
    dropsUpdater = true;
    return this;
  }

  List<Round> of(List<List<List<MultiDataSet>>> recorded) {
    recorded.forEach(this::round);
    return rounds;
  }

  private void round(List<List<MultiDataSet>> recorded) {
    long before = (long) rounds.size() * k;
    INDArray params = null;
    INDArray state = null;
    List<EmaOracle> averages = new ArrayList<>();
    for (List<MultiDataSet> minibatches : recorded) {
      Model worker = Kind.copy(network);
      EmaOracle own = average.copy();
      long step = before;
      for (MultiDataSet minibatch : minibatches) {
        Kind.fit(worker, minibatch);
        step++;
        own.move(EmaOracle.floats(worker.params()), schedule.decayAt(step));
      }
      params = sum(params, worker.params());
      state = sum(state, Models.updaterState(worker));
      averages.add(own);
    }
    network.params().assign(params.divi(recorded.size()));
    if (!dropsUpdater) {
      Models.updaterState(network).assign(state.divi(recorded.size()));
    }
    Models.setIterations(network, (int) before + k);
    if (everyStep) {
      average = EmaOracle.mean(averages);
    } else {
      average.move(
          EmaOracle.floats(network.params()),
          product(before * stepsPerIteration, k * stepsPerIteration));
    }
    rounds.add(new Round(EmaOracle.floats(network.params()), average.shadow()));
  }

  private double product(long before, int steps) {
    double product = 1;
    for (long step = before + 1; step <= before + steps; step++) {
      product *= schedule.decayAt(step);
    }
    return product;
  }

  private static INDArray sum(INDArray sum, INDArray array) {
    return sum == null ? array.dup() : sum.addi(array);
  }
}
