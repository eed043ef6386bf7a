// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import io.github.ema4j.onednn.backend.NativeLibrary;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@link OneDnn#accelerate} did to a network.
 *
 * @param library what computes
 * @param layers all layers of the network, in its order
 * @param changed whether the call changed anything; not so the second time
 */
public record AccelerationReport(NativeLibrary library, List<LayerReport> layers, boolean changed) {

  /**
   * A report.
   *
   * @param library what computes
   * @param layers all layers of the network, in its order
   * @param changed whether the call changed anything
   */
  public AccelerationReport {
    layers = List.copyOf(layers);
  }

  /**
   * The number of accelerated layers.
   *
   * @return at most the number of layers
   */
  public long accelerated() {
    return layers.stream().filter(LayerReport::accelerated).count();
  }

  /** The report as text, of one line for each reason. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append("Accelerated ").append(accelerated()).append(" of ").append(layers.size());
    text.append(" layers; native library: ").append(library);
    library
        .obstacle()
        .ifPresent(why -> text.append("\n  convolutions not on oneDNN: ").append(why));
    Map<String, StringBuilder> names = new LinkedHashMap<>();
    for (LayerReport layer : layers) {
      layer
          .obstacle()
          .ifPresent(
              why ->
                  names
                      .computeIfAbsent(layer.type() + ", " + why, any -> new StringBuilder())
                      .append(' ')
                      .append(layer.name()));
    }
    names.forEach((why, who) -> text.append("\n  as before: ").append(why).append(':').append(who));
    return text.toString();
  }
}
