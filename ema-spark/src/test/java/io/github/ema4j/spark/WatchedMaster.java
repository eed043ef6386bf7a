// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.testing.EmaOracle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.apache.spark.api.java.JavaRDD;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;

/** Keeps weights and average of every round, and calls back after each. */
final class WatchedMaster extends EmaTrainingMaster {

  private final transient List<Round> rounds = new ArrayList<>();
  private final transient LongConsumer afterRound;

  WatchedMaster(Builder builder) {
    this(builder, round -> {});
  }

  /**
   * The callback gets the number of rounds done, the checkpoint of the last of which is written.
   */
  WatchedMaster(Builder builder, LongConsumer afterRound) {
    super(builder);
    this.afterRound = afterRound;
  }

  List<Round> watched() {
    return rounds;
  }

  @Override
  protected void processResults(
      SparkDl4jMultiLayer mln,
      SparkComputationGraph graph,
      JavaRDD<ParameterAveragingTrainingResult> results,
      int number,
      int splits) {
    super.processResults(mln, graph, results, number, splits);
    Model network = mln != null ? mln.getNetwork() : graph.getNetwork();
    rounds.add(new Round(EmaOracle.floats(network.params()), EmaOracle.floats(ema().shadow())));
    afterRound.accept(rounds());
  }
}
