// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import io.github.ema4j.train.record.Score;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * The trials of an experiment, to be asked for one kind of weights over all seeds.
 *
 * @param averages names of the averages, in the order of the trials
 * @param trials one per seed
 */
record Results(List<String> averages, List<Trial> trials) {

  Results {
    averages = List.copyOf(averages);
    trials = List.copyOf(trials);
  }

  /** Accuracies of the raw weights in per cent. */
  double[] raw() {
    return trials.stream().mapToDouble(trial -> 100 * trial.raw().accuracy()).toArray();
  }

  /** Losses of the raw weights. */
  double[] rawLosses() {
    return trials.stream().mapToDouble(trial -> trial.raw().loss()).toArray();
  }

  /** Accuracies of an average in per cent. */
  double[] accuracies(String average) {
    return scores(average).stream().mapToDouble(score -> 100 * score.accuracy()).toArray();
  }

  /** Losses of an average. */
  double[] losses(String average) {
    return scores(average).stream().mapToDouble(Score::loss).toArray();
  }

  /** By how many points an average is better than the raw weights of the same seed. */
  double[] gains(String average) {
    return trials.stream()
        .mapToDouble(trial -> 100 * (scoreOf(trial, average).accuracy() - trial.raw().accuracy()))
        .toArray();
  }

  private List<Score> scores(String average) {
    return trials.stream().map(trial -> scoreOf(trial, average)).toList();
  }

  private Score scoreOf(Trial trial, String average) {
    int index = averages.indexOf(average);
    if (index < 0) {
      throw new IllegalArgumentException("there is no average '" + average + "' in " + averages);
    }
    return trial.averaged().get(index);
  }

  static double mean(double... values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  static double least(double... values) {
    return DoubleStream.of(values).min().orElseThrow();
  }

  static double greatest(double... values) {
    return DoubleStream.of(values).max().orElseThrow();
  }
}
