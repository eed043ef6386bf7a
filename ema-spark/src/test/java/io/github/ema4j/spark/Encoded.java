// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.testing.EmaOracle;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.compression.ThresholdCompression;
import org.nd4j.linalg.factory.Nd4j;

/** Updates as the workers of SharedTrainingMaster send them. */
final class Encoded {

  private Encoded() {}

  /** An update of each element by the threshold, or not at all, with the signs of these. */
  static INDArray signs(float threshold, int... signs) {
    INDArray update = Nd4j.create(1, signs.length);
    for (int i = 0; i < signs.length; i++) {
      update.putScalar(i, 1.5f * threshold * signs[i]);
    }
    return Nd4j.getExecutioner().thresholdEncode(update, threshold);
  }

  static float[] decoded(INDArray message, int length) {
    INDArray update = Nd4j.create(1, length);
    if (message.data().getInt(3) == ThresholdCompression.FLEXIBLE_ENCODING) {
      Nd4j.getExecutioner().thresholdDecode(message, update);
    } else {
      Nd4j.getExecutioner().bitmapDecode(message, update);
    }
    return EmaOracle.floats(update);
  }

  /** Weights and their average after each of these updates has been applied on its own. */
  static Round fold(float[] start, int[] logs, List<INDArray> messages, double decay) {
    float[] params = start.clone();
    EmaOracle average = new EmaOracle(step -> decay, start, logs);
    for (INDArray message : messages) {
      float[] update = decoded(message, start.length);
      for (int i = 0; i < start.length; i++) {
        params[i] -= update[i];
      }
      average.update(params, 1);
    }
    return new Round(params, average.shadow());
  }
}
