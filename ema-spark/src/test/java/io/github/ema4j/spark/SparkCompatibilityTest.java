// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.testing.AverageCompatibilityKit;
import java.util.UUID;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;

/** Two workers of Spark, averaged after every third minibatch: each update counts three steps. */
@SparkTest
class SparkCompatibilityTest extends AverageCompatibilityKit {

  private static final int K = 3;
  private static final int EPOCHS = 3;

  private final JavaSparkContext sc;

  SparkCompatibilityTest(JavaSparkContext sc) {
    this.sc = sc;
  }

  @Override
  protected Training train(String schedule, boolean interrupted) throws Exception {
    EmaTrainingMaster.Builder builder =
        EmaTrainingMaster.builder(
                new ParameterAveragingTrainingMaster.Builder(2, 4)
                    .batchSizePerWorker(4)
                    .averagingFrequency(K)
                    .saveUpdater(true)
                    .rngSeed(3)
                    .rddTrainingApproach(RDDTrainingApproach.Direct))
            .averaging(AveragingConfig.builder().schedule(DecaySchedule.parse(schedule)).build())
            .checkpoints(directory.resolve(UUID.randomUUID().toString()).toString());
    Training training = new Training(Kind.LAYERS.create().params());
    if (interrupted) {
      train(builder, training, EPOCHS / 2);
    }
    EmaSparkTraining<?> run = train(builder, training, EPOCHS);
    return training.averaged(run.ema().shadow(), run.ema().updateCount(), run.ema().initialShare());
  }

  /** With a new network, which goes on from the checkpoint if there is one. */
  private EmaSparkTraining<?> train(
      EmaTrainingMaster.Builder builder, Training training, int epochs) throws Exception {
    Model network = Kind.LAYERS.create();
    WatchedMaster master = new WatchedMaster(builder);
    EmaSparkTraining<?> run = Kind.LAYERS.train(sc, network, master);
    run.fit(sc.parallelize(Minibatches.of(12, 4), 2), epochs);
    master.watched().forEach(round -> training.updated(round.params(), K));
    return run;
  }
}
