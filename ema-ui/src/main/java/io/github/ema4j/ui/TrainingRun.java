// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import java.io.Serializable;
import java.util.List;

/**
 * What stays the same in a run of training. Posted once, when it begins.
 *
 * @param network class of the network, such as {@code MultiLayerNetwork}
 * @param parameters number of its parameters
 * @param averages name of each average: as given, or its decay schedule in textual form
 * @param unscored names of those averages that nothing evaluates; null, of a record of format 1, is
 *     taken as none
 */
record TrainingRun(String network, long parameters, List<String> averages, List<String> unscored)
    implements Serializable {

  /** Copies the lists. */
  public TrainingRun {
    averages = List.copyOf(averages);
    unscored = unscored == null ? List.of() : List.copyOf(unscored);
  }
}
