// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the constraints will make of parameters, without touching them. */
class ConstrainedParametersTest {

  @Test
  void withoutConstraintsThereIsNoCopy() {
    assertEquals(Optional.empty(), ConstrainedParameters.of(Nets.mlp()));
    assertEquals(Optional.empty(), ConstrainedParameters.of(Nets.graph()));
  }

  /** A weight that is too large and a bias below 0 are among the parameters, each time others. */
  @Test
  void valuesAreThoseThatTheNetworkHasAfterItsOwnConstraints() {
    for (Model network : List.of(Nets.constrainedMlp(), Nets.constrainedGraph())) {
      ConstrainedParameters constrained = ConstrainedParameters.of(network).orElseThrow();
      for (int step = 1; step <= 2; step++) {
        INDArray params = network.params();
        params.muli(3).subi(0.5 * step);
        Bits raw = Bits.of(params);
        Bits actual = Bits.of(constrained.after(params, step, 0));
        assertEquals(raw, Bits.of(params));
        assertNotEquals(raw, actual);
        network.applyConstraints(step, 0);
        assertEquals(Bits.of(params), actual);
      }
    }
  }
}
