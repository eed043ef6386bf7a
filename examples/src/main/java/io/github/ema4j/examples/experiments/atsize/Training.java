// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.batchnorm.BatchNormStatistics;
import io.github.ema4j.dl4j.evaluation.ClassPredictions;
import io.github.ema4j.onednn.OneDnn;
import io.github.ema4j.train.models.ImageShape;
import io.github.ema4j.train.models.ModelSettings;
import io.github.ema4j.train.models.Models;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.ops.transforms.Transforms;

/** One training run: a ResNet-18, accelerated where the platform has oneDNN, and its averages. */
final class Training {
  /** Added to the name of an average whose batch-norm statistics were fitted to it. */
  static final String RECALIBRATED = ", recalibrated";

  static final String DEFAULT = "default average";

  /** Names and schedules of the averages. */
  private static final Map<String, DecaySchedule> AVERAGES = averages();

  private Training() {}

  private static Map<String, DecaySchedule> averages() {
    Map<String, DecaySchedule> averages = new LinkedHashMap<>();
    averages.put(DEFAULT, DecaySchedule.powerFunction(0.05)); // that of new ModelEmaListener()
    averages.put("EMA 0.99", DecaySchedule.constant(0.99));
    averages.put("EMA 0.999", DecaySchedule.constant(0.999));
    return averages;
  }

  /** The names of all weights that are scored, in their order. */
  static List<String> weights() {
    List<String> names = new ArrayList<>(List.of(Outcome.RAW));
    for (String average : AVERAGES.keySet()) {
      names.add(average);
      names.add(average + RECALIBRATED);
    }
    return names;
  }

  /** Trains and scores. */
  static Outcome run(Cell cell, Settings settings, Images images) {
    long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    Random seeds = new Random(cell.seed());
    long noise = seeds.nextLong();
    long order = seeds.nextLong();
    CRC32 trained = new CRC32();
    DataSetIterator training =
        images.trainingBatches(cell.labels().wrong(), noise, order, settings.batch(), trained);
    ComputationGraph network =
        Models.resNet18(
            new ModelSettings(
                new ImageShape(1, 28, 28),
                images.test().classes().size(),
                cell.method().updater(settings.iterations(images.training().size())),
                0,
                seeds.nextLong()),
            settings.width());
    ModelEmaGroup group =
        ModelEmaGroup.of(
            AVERAGES.values().stream().map(AveragingConfig::of).toArray(AveragingConfig[]::new));
    network.addListeners(group);
    OneDnn.accelerate(network);
    network.fit(training, settings.epochs());
    List<Outcome.Score> scores = scores(network, group, images);
    long end = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    return new Outcome(
        Outcomes.EMA4J,
        cell,
        settings,
        group.get(0).updateCount(),
        trained.getValue(),
        (end - start) / 1e9,
        scores);
  }

  private static List<Outcome.Score> scores(
      ComputationGraph network, ModelEmaGroup group, Images images) {
    List<Outcome.Score> scores = new ArrayList<>();
    scores.add(score(Outcome.RAW, network, images));
    int member = 0;
    for (String name : AVERAGES.keySet()) {
      ModelEmaListener ema = group.get(member++);
      ComputationGraph averaged = ema.averagedNetwork(network);
      OneDnn.accelerateInference(averaged);
      scores.add(score(name, averaged, images));
      BatchNormStatistics.recalibrate(averaged, images.calibrationBatches());
      scores.add(score(name + RECALIBRATED, averaged, images));
    }
    return scores;
  }

  private static Outcome.Score score(String name, ComputationGraph network, Images images) {
    ClassPredictions predictions = new ClassPredictions();
    double loss = 0;
    DataSetIterator test = images.testBatches();
    while (test.hasNext()) {
      DataSet batch = test.next();
      INDArray probabilities = network.outputSingle(batch.getFeatures());
      predictions.eval(batch.getLabels(), probabilities);
      INDArray logarithms = Transforms.log(Transforms.max(probabilities, 1e-10));
      loss -= logarithms.muli(batch.getLabels()).sumNumber().doubleValue();
    }
    return new Outcome.Score(
        name, predictions.accuracy(), loss / predictions.count(), predictions.calibrationError());
  }
}
