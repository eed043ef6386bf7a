// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.schedule.DecaySchedule;
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
  private final int workers;
  private final long stepsPerIteration;
  private final boolean everyStep;
  private final boolean saveUpdater;
  private float[] average;
  private final List<Round> rounds = new ArrayList<>();

  Replay(
      Model start, DecaySchedule schedule, int k, int workers, Horizon horizon, boolean everyStep) {
    this(start, schedule, k, workers, horizon, everyStep, true);
  }

  Replay(
      Model start,
      DecaySchedule schedule,
      int k,
      int workers,
      Horizon horizon,
      boolean everyStep,
      boolean saveUpdater) {
    network = Kind.copy(start);
    this.schedule = schedule;
    this.k = k;
    this.workers = workers;
    stepsPerIteration = horizon == Horizon.EXAMPLES ? workers : 1;
    this.everyStep = everyStep;
    this.saveUpdater = saveUpdater;
    average = Round.floats(network.params());
  }

  List<Round> run(Recorder recorder, int rounds) {
    for (int round = 0; round < rounds; round++) {
      round(recorder.round(round, k, workers), round);
    }
    return this.rounds;
  }

  private void round(List<List<MultiDataSet>> recorded, int round) {
    INDArray params = null;
    INDArray state = null;
    float[] averages = null;
    for (List<MultiDataSet> minibatches : recorded) {
      Model worker = Kind.copy(network);
      float[] own = average.clone();
      long step = (long) round * k;
      for (MultiDataSet minibatch : minibatches) {
        Kind.fit(worker, minibatch);
        step++;
        move(own, worker.params(), schedule.decayAt(step));
      }
      params = sum(params, worker.params());
      state = sum(state, Kind.updaterState(worker));
      averages = sum(averages, own);
    }
    network.params().assign(params.divi(recorded.size()));
    if (saveUpdater) {
      Kind.updaterState(network).assign(state.divi(recorded.size()));
    }
    Kind.setIterations(network, (round + 1) * k);
    if (everyStep) {
      for (int i = 0; i < averages.length; i++) {
        averages[i] /= recorded.size();
      }
      average = averages;
    } else {
      double decay = 1;
      for (long s = round * k * stepsPerIteration; s < (round + 1) * k * stepsPerIteration; s++) {
        decay *= schedule.decayAt(s + 1);
      }
      move(average, network.params(), decay);
    }
    rounds.add(new Round(Round.floats(network.params()), average.clone()));
  }

  private static INDArray sum(INDArray sum, INDArray array) {
    return sum == null ? array.dup() : sum.addi(array);
  }

  private static float[] sum(float[] sum, float[] array) {
    if (sum == null) {
      return array;
    }
    for (int i = 0; i < sum.length; i++) {
      sum[i] += array[i];
    }
    return sum;
  }

  private static void move(float[] average, INDArray params, double decay) {
    float weight = (float) (1 - decay);
    float[] p = Round.floats(params);
    for (int i = 0; i < p.length; i++) {
      // Rounded from the nearer end, as the plugin does: a weight above a half leaves less behind.
      average[i] =
          weight < 0.5f
              ? average[i] - weight * (average[i] - p[i])
              : p[i] - (float) decay * (p[i] - average[i]);
    }
  }
}
