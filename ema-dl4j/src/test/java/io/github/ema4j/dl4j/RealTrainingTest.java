// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.SplitTestAndTrain;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** What the average is for. */
@Tag("numbers")
class RealTrainingTest {

  /**
   * With noisy labels and a constant learning rate the last weights jitter; the average rests. Seen
   * over eight seeds: a loss that is 0.018 to 0.287 lower. Processors change it by less than 1e-4.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void averageHasLowerLossThanLastWeightsUnderLabelNoise(long seed) {
    MultiLayerNetwork network = Nets.mlp(b -> b.seed(seed).updater(new Sgd(0.5)));
    DataSet training = Data.points(10 + seed, 200, 0.4);
    DataSet validation = Data.points(20 + seed, 500, 0.4);
    ModelEmaListener ema = new ModelEmaListener(0.98);
    network.setListeners(ema);
    network.fit(Batches.of(training, 4), 8);

    double raw = network.score(validation);
    double averaged = ema.averagedNetwork(network).score(validation);

    assertTrue(averaged < raw, "averaged loss %s, raw %s".formatted(averaged, raw));
    assertTrue(ema.initialShare() < 1e-3);
  }

  /** Over five ways to split the flowers. Seen: 0.960 ± 0.014 raw, 0.964 ± 0.016 averaged. */
  @Test
  void averageIsAsAccurateAsLastWeightsOnIris() throws IOException {
    double raw = 0;
    double averaged = 0;
    for (int split = 1; split <= 5; split++) {
      DataSet iris = iris();
      NormalizerStandardize normalizer = new NormalizerStandardize();
      normalizer.fit(iris);
      normalizer.transform(iris);
      iris.shuffle(split);
      SplitTestAndTrain parts = iris.splitTestAndTrain(100);
      MultiLayerNetwork network = Nets.mlp();
      ModelEmaListener ema = new ModelEmaListener(0.95);
      network.setListeners(ema);
      network.fit(Batches.of(parts.getTrain(), 10), 20);
      EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(parts.getTest(), 50));
      raw += evaluator.raw(network).get(Evaluation.class).accuracy() / 5;
      averaged += evaluator.averaged(network).get(Evaluation.class).accuracy() / 5;
    }
    assertTrue(raw > 0.9, "raw accuracy " + raw);
    assertTrue(averaged > raw - 0.03, "averaged accuracy %s, raw %s".formatted(averaged, raw));
  }

  /** Fisher's measurements of 150 flowers of three species, as deeplearning4j-core brings them. */
  private static DataSet iris() throws IOException {
    INDArray features = Nd4j.create(150, 4);
    INDArray labels = Nd4j.create(150, 3);
    try (InputStream file = RealTrainingTest.class.getResourceAsStream("/iris.dat");
        Scanner lines = new Scanner(file, StandardCharsets.US_ASCII)) {
      for (int row = 0; row < 150; row++) {
        String[] fields = lines.nextLine().split(",", -1);
        for (int i = 0; i < 4; i++) {
          features.putScalar(row, i, Double.parseDouble(fields[i]));
        }
        labels.putScalar(row, Integer.parseInt(fields[4].trim()), 1);
      }
    }
    return new DataSet(features, labels);
  }
}
