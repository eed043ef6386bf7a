// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One average at one moment of training. Posted every so many iterations, and at each evaluation
 * with the scores that it gave.
 *
 * @param average its name, one of {@link TrainingRun#averages}
 * @param iteration iterations the network had made
 * @param epoch epochs the network had completed
 * @param updates updates of the average
 * @param skipped updates left out, as the network's weights were not finite; 0 in records of format
 *     1
 * @param restores times that the averaged weights were put into the network for that reason; 0 in
 *     records of format 1
 * @param decay decay per optimizer step at the last update, NaN before the first
 * @param initialShare share of the initial weights still in the average, from 0 to 1
 * @param distance {@code ||raw - averaged|| / ||raw||} over all parameters
 * @param distanceByLayer the same for each layer or vertex with parameters, in their order
 * @param advice what to change, a sentence each; null, of a record of format 1, is taken as none
 * @param raw scores of the network's own weights by name; empty if nothing was evaluated
 * @param averaged scores of the averaged weights, of the same names; empty also before the first
 *     update
 */
record AverageState(
    String average,
    int iteration,
    int epoch,
    long updates,
    long skipped,
    long restores,
    double decay,
    double initialShare,
    double distance,
    Map<String, Double> distanceByLayer,
    List<String> advice,
    Map<String, Double> raw,
    Map<String, Double> averaged)
    implements Serializable {

  /** Copies the collections, in their order. */
  public AverageState {
    advice = advice == null ? List.of() : List.copyOf(advice);
    distanceByLayer = copy(distanceByLayer);
    raw = copy(raw);
    averaged = copy(averaged);
  }

  private static Map<String, Double> copy(Map<String, Double> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
