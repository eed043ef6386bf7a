// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Nets;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

/** One average at a time stands in a network, whoever keeps it. */
class SwappedNetworksTest {

  private final MultiLayerNetwork network = Nets.mlp();
  private final ParameterAverage average = average();

  private ParameterAverage average() {
    return new ParameterAverage(AveragingConfig.of(0.5), network.params());
  }

  @Test
  void aNetworkIsNotedWhileTheSwapIsOpen() {
    assertFalse(SwappedNetworks.contains(network));
    try (Swap swap = SwappedNetworks.swap(network, average, network.params())) {
      assertTrue(SwappedNetworks.contains(network));
      assertFalse(SwappedNetworks.contains(network.clone()));
    }
    assertFalse(SwappedNetworks.contains(network));
  }

  @Test
  void aSecondAverageIsRefusedAndChangesNothing() {
    ParameterAverage other = average();
    network.params().addi(1);
    other.update(network.params());
    Bits raw = Bits.of(network.params());
    Swap swap = SwappedNetworks.swap(network, average, network.params());
    Bits averaged = Bits.of(network.params());
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> SwappedNetworks.swap(network, other, network.params()));
    assertTrue(e.getMessage().contains("close that Swap first"), e.getMessage());
    assertEquals(averaged, Bits.of(network.params()));
    assertTrue(SwappedNetworks.contains(network));
    assertFalse(other.isSwapped());
    swap.close();
    assertEquals(raw, Bits.of(network.params()));
    SwappedNetworks.swap(network, other, network.params()).close();
  }

  @Test
  void aSwapThatFailsLeavesNoNote() {
    assertThrows(
        IllegalArgumentException.class,
        () -> SwappedNetworks.swap(network, average, Nd4j.createFromArray(1f, 2f)));
    assertFalse(SwappedNetworks.contains(network));
    SwappedNetworks.swap(network, average, network.params()).close();
  }

  @Test
  void closingAnOldSwapAgainLeavesTheNoteOfTheNext() {
    Swap old = SwappedNetworks.swap(network, average, network.params());
    old.close();
    try (Swap next = SwappedNetworks.swap(network, average, network.params())) {
      old.close();
      assertTrue(SwappedNetworks.contains(network));
    }
  }
}
