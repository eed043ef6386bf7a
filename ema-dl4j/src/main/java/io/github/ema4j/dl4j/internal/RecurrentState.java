// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import java.util.IdentityHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The states that recurrent layers carry from one segment of truncated backpropagation through time
 * to the next. Evaluating a network clears them, which in the middle of a sequence changes
 * training; so SwappedListener keeps the states and puts them back.
 */
public final class RecurrentState {

  private record States(Map<String, INDArray> previous, Map<String, INDArray> tbptt) {}

  // By identity: hash codes of layers are computed from their arrays, which may be released
  // already.
  private final Map<RecurrentLayer, States> states = new IdentityHashMap<>();

  private RecurrentState() {}

  /**
   * Takes hold of the present states; no array is copied.
   *
   * @param network any network
   * @return the states
   */
  public static RecurrentState of(Model network) {
    RecurrentState state = new RecurrentState();
    Layer[] layers =
        network instanceof MultiLayerNetwork mln
            ? mln.getLayers()
            : ((ComputationGraph) network).getLayers();
    for (Layer layer : layers) {
      state.add(layer);
    }
    return state;
  }

  private void add(Layer layer) {
    if (layer instanceof BaseWrapperLayer wrapper) {
      add(wrapper.getUnderlying());
    } else if (layer instanceof BaseRecurrentLayer<?> recurrent) {
      states.put(
          recurrent, new States(recurrent.rnnGetPreviousState(), recurrent.rnnGetTBPTTState()));
    }
  }

  /** Puts the states back. */
  public void restore() {
    states.forEach(
        (layer, kept) -> {
          layer.rnnSetPreviousState(kept.previous());
          layer.rnnSetTBPTTState(kept.tbptt());
        });
  }
}
