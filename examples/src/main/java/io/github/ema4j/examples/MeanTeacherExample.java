// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The averaged network as a teacher, after "Mean teachers are better role models" (Tarvainen and
 * Valpola 2017, arXiv 1703.01780): learning from a few labelled images and many without labels.
 *
 * <p>The student learns the labels of 512 images, and on 4,488 others to agree, whatever the noise
 * on its pixels, with a teacher whose weights are the average of the student's own. The teacher is
 * a live view of that average: it costs no copy and is up to date at every step.
 */
public final class MeanTeacherExample {
  private static final Logger log = LoggerFactory.getLogger(MeanTeacherExample.class);

  private static final int LABELLED = 512;
  private static final int BATCH = 16;
  private static final int EPOCHS_ALONE = 20;
  private static final int EPOCHS_WITH_TEACHER = 3;
  private static final double NOISE = 0.2;

  private MeanTeacherExample() {}

  /** Shares of test images recognised, 0 to 1. */
  record Accuracy(double labelsOnly, double student, double teacher) {}

  /** Trains, and logs the accuracies. */
  public static void main(String[] args) throws IOException {
    OpenMp.useOneThreadUnlessSet();
    Accuracy accuracy = train(1);
    log.info(percent("student, labels only", accuracy.labelsOnly()));
    log.info(percent("student with teacher", accuracy.student()));
    log.info(percent("teacher             ", accuracy.teacher()));
  }

  static Accuracy train(long seed) throws IOException {
    List<DataSet> batches = new ArrayList<>();
    ImageIterator.shuffled(FashionMnist.training(), BATCH, seed).forEachRemaining(batches::add);
    List<DataSet> labelled = batches.subList(0, LABELLED / BATCH);
    List<DataSet> unlabelled = batches.subList(LABELLED / BATCH, batches.size());
    DataSetIterator test = ImageIterator.inOrder(FashionMnist.test(), 500);

    MultiLayerNetwork student = Recipe.MLP.network(seed);
    ModelEmaListener ema =
        ModelEmaListener.builder().schedule(DecaySchedule.inversePower(0.998)).build();
    student.addListeners(ema);
    MultiLayerNetwork teacher = ema.attach(student).networkView(student);

    MultiLayerNetwork alone = Recipe.MLP.network(seed); // to compare with: sees labels only

    // First from the labels, until the teacher knows something worth agreeing with.
    for (int epoch = 0; epoch < EPOCHS_ALONE; epoch++) {
      labelled.forEach(student::fit);
      labelled.forEach(alone::fit);
    }
    for (int epoch = 0; epoch < EPOCHS_WITH_TEACHER; epoch++) {
      for (int i = 0; i < unlabelled.size(); i++) {
        DataSet labels = labelled.get(i % labelled.size());
        INDArray pixels = unlabelled.get(i).getFeatures();
        student.fit(noisy(pixels), teacher.output(pixels));
        student.fit(labels);
        alone.fit(labels);
      }
    }
    return new Accuracy(
        alone.evaluate(test).accuracy(),
        student.evaluate(test).accuracy(),
        teacher.evaluate(test).accuracy());
  }

  private static INDArray noisy(INDArray pixels) {
    return Transforms.max(pixels.add(Nd4j.randn(pixels.shape()).muli(NOISE)), 0, false);
  }

  private static String percent(String name, double accuracy) {
    return String.format(Locale.ROOT, "%s %.2f %% of the test images", name, 100 * accuracy);
  }
}
