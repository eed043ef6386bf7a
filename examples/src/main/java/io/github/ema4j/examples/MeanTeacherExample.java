// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The averaged network as a teacher, after "Mean teachers are better role models" (Tarvainen and
 * Valpola 2017, arXiv 1703.01780): learning from a few examples with labels and many without.
 *
 * <p>Points lie on two half-moons that reach into one another. The student learns the labels of
 * three points of each moon, and on 1,000 others to agree, whatever the noise on their coordinates,
 * with a teacher whose weights are the average of the student's own. The teacher is a live view of
 * that average: it costs no copy and is up to date at every step.
 */
public final class MeanTeacherExample {
  private static final Logger log = LoggerFactory.getLogger(MeanTeacherExample.class);

  private static final int LABELLED_PER_MOON = 3;
  private static final int UNLABELLED = 1000;
  private static final int BATCH = 50;
  private static final int STEPS_ALONE = 50;
  private static final int STEPS_WITH_TEACHER = 1000;
  private static final double NOISE = 0.15;

  private MeanTeacherExample() {}

  /** Shares of test points told apart, 0 to 1. */
  record Accuracy(double labelsOnly, double student, double teacher) {}

  /** Trains, and logs the accuracies. */
  public static void main(String[] args) {
    OpenMp.useOneThreadUnlessSet();
    Accuracy accuracy = train(1);
    log.info(percent("student, labels only", accuracy.labelsOnly()));
    log.info(percent("student with teacher", accuracy.student()));
    log.info(percent("teacher             ", accuracy.teacher()));
  }

  static Accuracy train(long seed) {
    Random random = new Random(seed);
    DataSet labelled = evenly(random);
    DataSetIterator test = new ExistingDataSetIterator(List.of(anywhere(2000, random)));
    List<DataSet> unlabelled = anywhere(UNLABELLED, random).batchBy(BATCH);

    MultiLayerNetwork student = network(seed);
    ModelEmaListener ema = new ModelEmaListener(DecaySchedule.inversePower(0.99));
    student.addListeners(ema);
    MultiLayerNetwork teacher = ema.start(student).averagedView(student);

    MultiLayerNetwork alone = network(seed); // to compare with: sees labels only

    // First from the labels, until the teacher knows something worth agreeing with.
    for (int step = 0; step < STEPS_ALONE; step++) {
      student.fit(labelled);
      alone.fit(labelled);
    }
    for (int step = 0; step < STEPS_WITH_TEACHER; step++) {
      INDArray points = unlabelled.get(step % unlabelled.size()).getFeatures();
      student.fit(noisy(points), teacher.output(points));
      student.fit(labelled);
      alone.fit(labelled);
    }
    return new Accuracy(
        alone.evaluate(test).accuracy(),
        student.evaluate(test).accuracy(),
        teacher.evaluate(test).accuracy());
  }

  private static MultiLayerNetwork network(long seed) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(0.01))
                .activation(Activation.RELU)
                .list()
                .layer(new DenseLayer.Builder().nIn(2).nOut(32).build())
                .layer(new DenseLayer.Builder().nIn(32).nOut(32).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(32)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }

  private static INDArray noisy(INDArray points) {
    return points.add(Nd4j.randn(points.shape()).muli(NOISE));
  }

  /** Points in the middle of each third of both moons. */
  private static DataSet evenly(Random random) {
    double[] along = new double[2 * LABELLED_PER_MOON];
    for (int i = 0; i < LABELLED_PER_MOON; i++) {
      along[2 * i] = (i + 0.5) / LABELLED_PER_MOON;
      along[2 * i + 1] = along[2 * i];
    }
    return moons(along, random);
  }

  private static DataSet anywhere(int points, Random random) {
    return moons(random.doubles(points).toArray(), random);
  }

  /** Points of the two moons in turn, each so far along its moon, 0 to 1, and somewhat beside. */
  private static DataSet moons(double[] along, Random random) {
    float[][] points = new float[along.length][2];
    float[][] labels = new float[along.length][2];
    for (int i = 0; i < along.length; i++) {
      int moon = i % 2;
      double side = moon == 0 ? 1 : -1;
      double angle = Math.PI * along[i];
      points[i][0] = (float) (side * (Math.cos(angle) - 0.5) + 0.1 * random.nextGaussian());
      points[i][1] = (float) (side * (Math.sin(angle) - 0.25) + 0.1 * random.nextGaussian());
      labels[i][moon] = 1;
    }
    return new DataSet(Nd4j.createFromArray(points), Nd4j.createFromArray(labels));
  }

  private static String percent(String name, double accuracy) {
    return String.format(Locale.ROOT, "%s %.2f %% of the test points", name, 100 * accuracy);
  }
}
