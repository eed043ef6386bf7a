// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import java.lang.reflect.Field;
import java.util.IdentityHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.AbstractLayer;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What evaluating a network itself, rather than a {@link Replica}, changes of its training: it
 * clears the states that recurrent layers carry from one segment of truncated backpropagation
 * through time to the next, replaces inputs, masks and score, draws random numbers, and leaves
 * another workspace mode behind where it throws. Whoever evaluates there keeps all that, and puts
 * it back.
 */
public final class KeptState implements AutoCloseable {

  private record States(Map<String, INDArray> previous, Map<String, INDArray> tbptt) {}

  private record Fed(INDArray input, INDArray mask) {}

  // By identity: hash codes of layers are computed from their arrays, which may be released
  // already.
  private final Map<RecurrentLayer, States> states = new IdentityHashMap<>();

  private final Map<Layer, Fed> fed = new IdentityHashMap<>();

  private final KeptRandom random = KeptRandom.now();
  private final Runnable putBack;

  private KeptState(Model network) {
    double score = network.score();
    if (network instanceof MultiLayerNetwork layers) {
      INDArray input = layers.getInput();
      WorkspaceMode mode = layers.getLayerWiseConfigurations().getTrainingWorkspaceMode();
      putBack =
          () -> {
            layers.setInput(input);
            layers.setScore(score);
            layers.getLayerWiseConfigurations().setTrainingWorkspaceMode(mode);
          };
    } else {
      ComputationGraph graph = (ComputationGraph) network;
      INDArray[] inputs = graph.getInputs() == null ? null : graph.getInputs().clone();
      WorkspaceMode mode = graph.getConfiguration().getTrainingWorkspaceMode();
      putBack =
          () -> {
            graph.setInputs(inputs);
            graph.setScore(score);
            graph.getConfiguration().setTrainingWorkspaceMode(mode);
          };
    }
  }

  /**
   * Takes hold of the present state; no array is copied.
   *
   * @param network an initialised network
   * @return puts it back when closed
   */
  public static KeptState of(Model network) {
    KeptState state = new KeptState(network);
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
      return;
    }
    fed.put(layer, new Fed(layer.input(), layer.getMaskArray()));
    if (layer instanceof BaseRecurrentLayer<?> recurrent) {
      states.put(
          recurrent, new States(recurrent.rnnGetPreviousState(), recurrent.rnnGetTBPTTState()));
    }
  }

  @Override
  public void close() {
    random.close();
    putBack.run();
    fed.forEach(KeptState::putBack);
    states.forEach(
        (layer, kept) -> {
          layer.rnnSetPreviousState(kept.previous());
          layer.rnnSetTBPTTState(kept.tbptt());
        });
  }

  /**
   * The arrays themselves: {@code setInput} would take a copy of one that is in a workspace, and
   * the {@code setMaskArray} of some layers gives it another shape.
   */
  private static void putBack(Layer layer, Fed kept) {
    if (layer instanceof AbstractLayer) {
      set(layer, "input", kept.input());
      set(layer, "maskArray", kept.mask());
      return;
    }
    if (layer.input() != kept.input()) {
      layer.setInput(kept.input(), LayerWorkspaceMgr.noWorkspaces());
    }
    if (layer.getMaskArray() != kept.mask()) {
      layer.setMaskArray(kept.mask());
    }
  }

  private static void set(Layer layer, String name, INDArray value) {
    try {
      Field field = AbstractLayer.class.getDeclaredField(name);
      field.setAccessible(true);
      field.set(layer, value);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
