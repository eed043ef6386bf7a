// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.dl4j.ModelEmaListener;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** Networks of about the same number of parameters in 1, 10 and 100 layers; task N updates one. */
final class LayersScene implements Scene {

  private final Map<String, MultiLayerNetwork> networks = new HashMap<>();
  private final Map<String, ModelEmaListener> averages = new HashMap<>();

  LayersScene(long size) {
    for (int layers : new int[] {1, 10, 100}) {
      MultiLayerNetwork network = Networks.stack(layers, (int) Math.sqrt((double) size / layers));
      networks.put(Integer.toString(layers), network);
      averages.put(Integer.toString(layers), new ModelEmaListener(0.9999).start(network));
    }
  }

  @Override
  public Task task(String layers) {
    MultiLayerNetwork network = networks.get(layers);
    ModelEmaListener average = averages.get(layers);
    if (network == null) {
      throw Scene.unknown(layers);
    }
    return Task.timed(() -> average.update(network));
  }

  @Override
  public String describe() {
    return networks.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue().numParams())
        .collect(Collectors.joining(" "));
  }
}
