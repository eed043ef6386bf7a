// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import io.github.ema4j.train.record.Score;
import java.io.IOException;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;

/**
 * One training run of an experiment, from one seed.
 *
 * @param updates how often each average was updated
 * @param raw score of the raw weights on the test images after the last epoch
 * @param averaged the same of each average, in the order of the experiment
 */
record Trial(long updates, Score raw, List<Score> averaged) {
  private static final int TEST_BATCH = 500;

  Trial {
    averaged = List.copyOf(averaged);
  }

  /**
   * Trains and evaluates.
   *
   * @param seed of wrong labels, batches and initial weights
   * @throws IOException if the images cannot be read
   */
  static Trial run(Experiment experiment, long seed, int epochs) throws IOException {
    Start start = Start.of(experiment, seed, epochs);
    MultiLayerNetwork net = start.network();
    ModelEmaGroup group =
        ModelEmaGroup.of(
            experiment.schedules().stream()
                .map(schedule -> AveragingConfig.builder().schedule(schedule).build())
                .toArray(AveragingConfig[]::new));
    net.addListeners(group);
    net.fit(start.training(), epochs);
    ImageIterator test = ImageIterator.inOrder(FashionMnist.test(), TEST_BATCH);
    return new Trial(
        group.get(0).updateCount(),
        score(net, test),
        group.members().stream().map(ema -> score(ema.averagedNetwork(net), test)).toList());
  }

  private static Score score(MultiLayerNetwork net, ImageIterator test) {
    double accuracy = net.evaluate(test).accuracy();
    double loss = 0;
    int images = 0;
    test.reset();
    while (test.hasNext()) {
      DataSet batch = test.next();
      loss += net.score(batch, false) * batch.numExamples();
      images += batch.numExamples();
    }
    return new Score(accuracy, loss / images);
  }
}
