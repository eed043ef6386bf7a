// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.state.AverageState;
import io.github.ema4j.dl4j.ModelEmaListener;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;

/** How the average of a run takes in the rounds. */
sealed interface RoundAveraging {

  /** The workers' results, to be summed by Deeplearning4j. */
  JavaRDD<ParameterAveragingTrainingResult> watched(
      JavaRDD<ParameterAveragingTrainingResult> results);

  /**
   * Moves the average, once the results have been summed and their mean is in the network.
   *
   * @param iterations of the round; none in a round without data
   */
  void roundDone(Model network, int iterations);

  /** How the average moves, as a sentence about it goes on. */
  String description();

  /** On the driver, towards the mean of the workers' weights. */
  record OncePerRound(ModelEmaListener ema, RunSettings settings) implements RoundAveraging {

    @Override
    public JavaRDD<ParameterAveragingTrainingResult> watched(
        JavaRDD<ParameterAveragingTrainingResult> results) {
      return results;
    }

    @Override
    public void roundDone(Model network, int iterations) {
      if (iterations > 0) {
        ema.update(network, settings.stepsOf(iterations));
        ema.declareCurrent(network); // which has counted the round already
      }
    }

    @Override
    public String description() {
      return "once per round, by the decays of "
          + settings.stepsOf(settings.averagingFrequency())
          + " steps";
    }
  }

  /** On the workers, each from the driver's average on, which then becomes the mean of theirs. */
  final class PerStep implements RoundAveraging {

    private final ModelEmaListener ema;

    // Of the round under way.
    private Broadcast<PerStepStart> start;
    private PerStepResults results;

    PerStep(ModelEmaListener ema) {
      this.ema = ema;
    }

    Broadcast<PerStepStart> broadcastAverage(JavaSparkContext sc) {
      start = sc.broadcast(new PerStepStart(AverageState.of(ema.average())));
      return start;
    }

    @Override
    public JavaRDD<ParameterAveragingTrainingResult> watched(
        JavaRDD<ParameterAveragingTrainingResult> results) {
      this.results = new PerStepResults(results);
      return this.results;
    }

    @Override
    public void roundDone(Model network, int iterations) {
      start.destroy();
      if (iterations > 0) {
        ema.declareCurrent(network); // the workers' averages have seen the round
        results.putInto(ema.average());
      }
    }

    @Override
    public String description() {
      return "on the workers, after every step";
    }
  }
}
