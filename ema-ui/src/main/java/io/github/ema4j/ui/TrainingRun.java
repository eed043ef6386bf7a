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
 */
record TrainingRun(String network, long parameters, List<String> averages) implements Serializable {

  /** Copies the list. */
  public TrainingRun {
    averages = List.copyOf(averages);
  }
}
