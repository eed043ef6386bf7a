// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import java.util.Optional;

/**
 * What became of one layer.
 *
 * @param name of the layer
 * @param type simple name of its configuration's class, such as {@code ConvolutionLayer}
 * @param obstacle why it is computed by Deeplearning4j as before; empty if it is accelerated
 */
public record LayerReport(String name, String type, Optional<String> obstacle) {

  /**
   * Whether the layer is accelerated.
   *
   * @return true if nothing stood against it
   */
  public boolean accelerated() {
    return obstacle.isEmpty();
  }
}
