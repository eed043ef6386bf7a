// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Data that can be learned, the same each time. */
final class Minibatches {

  static final int FEATURES = 6;
  static final int CLASSES = 3;

  private Minibatches() {}

  /** So many objects of so many examples. */
  static List<DataSet> of(int objects, int examples) {
    Random random = new Random(42);
    List<DataSet> data = new ArrayList<>();
    for (int i = 0; i < objects; i++) {
      INDArray features = Nd4j.create(examples, FEATURES);
      INDArray labels = Nd4j.create(examples, CLASSES);
      for (int row = 0; row < examples; row++) {
        int label = random.nextInt(CLASSES);
        for (int column = 0; column < FEATURES; column++) {
          features.putScalar(row, column, random.nextGaussian() + (column == label ? 1.5 : 0));
        }
        labels.putScalar(row, label, 1);
      }
      data.add(new DataSet(features, labels));
    }
    return data;
  }
}
