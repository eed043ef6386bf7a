// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.samediff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The end of a swap of variables. */
class AveragedVariablesTest {

  private final SameDiff sd = SameDiff.create();
  private final INDArray array = sd.var("w", Nd4j.createFromArray(1.0, 2.0)).getArr();
  private final SameDiffEmaListener ema = new SameDiffEmaListener(sd, 0.5);

  private void changeRawValues() {
    array.addi(2);
  }

  @Test
  void closingPutsTheRawValuesIntoTheSameArrays() {
    changeRawValues();
    AveragedVariables swapped = ema.swap();
    assertArrayEquals(new double[] {1, 2}, array.toDoubleVector());
    swapped.close();
    assertArrayEquals(new double[] {3, 4}, array.toDoubleVector());
  }

  /** A try block closes what was closed inside it, after training has gone on perhaps. */
  @Test
  void closingAgainLeavesTheVariablesAlone() {
    AveragedVariables swapped = ema.swap();
    swapped.close();
    changeRawValues();
    swapped.close();
    assertArrayEquals(new double[] {3, 4}, array.toDoubleVector());
  }
}
