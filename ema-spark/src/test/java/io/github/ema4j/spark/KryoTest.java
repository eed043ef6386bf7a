// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.nio.file.Path;
import io.github.ema4j.core.schedule.DecaySchedule;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SparkTest(kryo = true)
class KryoTest {

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everythingCanBeSerializedByKryo(boolean everyStep, JavaSparkContext sc) throws Exception {
    EmaTrainingMaster.Builder builder =
        EmaTrainingMaster.builder(
                new ParameterAveragingTrainingMaster.Builder(2, 4)
                    .batchSizePerWorker(4)
                    .averagingFrequency(2)
                    .saveUpdater(true)
                    .rddTrainingApproach(RDDTrainingApproach.Direct)
                    .trainingHooks(new Recorder(directory)))
            .decay(0.9);
    WatchedMaster master = new WatchedMaster(everyStep ? builder.averageEveryStep() : builder);
    Kind.LAYERS
        .train(sc, Kind.LAYERS.create(), master)
        .fit(sc.parallelize(Minibatches.of(9, 4), 2), 1);
    Replay replay = new Replay(Kind.LAYERS.create(), DecaySchedule.constant(0.9), 2);
    Round.assertSame(
        (everyStep ? replay.averagingEveryStep() : replay).of(new Recorder(directory).rounds()),
        master.watched());
  }
}
