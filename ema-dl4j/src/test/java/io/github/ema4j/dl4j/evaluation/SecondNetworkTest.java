// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.preprocessor.BaseInputPreProcessor;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The second network that makes the forward passes of an evaluation predicts what the first does.
 */
class SecondNetworkTest {

  /** Multiplies the input by a factor that neither a setting nor a parameter tells. */
  private static final class Scaled extends BaseInputPreProcessor {
    private static final long serialVersionUID = 1L;
    private static final Map<Scaled, Double> FACTORS =
        Collections.synchronizedMap(new IdentityHashMap<>());

    @Override
    public INDArray preProcess(INDArray input, int examples, LayerWorkspaceMgr workspaces) {
      return input.mul(FACTORS.getOrDefault(this, 1.0));
    }

    @Override
    public INDArray backprop(INDArray gradient, int examples, LayerWorkspaceMgr workspaces) {
      return gradient.mul(FACTORS.getOrDefault(this, 1.0));
    }

    @Override
    public BaseInputPreProcessor clone() {
      return new Scaled();
    }

    @Override
    public InputType getOutputType(InputType input) {
      return input;
    }

    @Override
    public Pair<INDArray, MaskState> feedForwardMaskArray(
        INDArray mask, MaskState state, int examples) {
      return new Pair<>(mask, state);
    }
  }

  private final ModelEmaListener ema = new ModelEmaListener(0.9);
  private final Batches validation = Batches.of(Data.points(1, 24), 8);

  private MultiLayerNetwork trained() {
    MultiLayerNetwork network = Nets.mlp();
    Scaled scaled = new Scaled();
    Scaled.FACTORS.put(scaled, -3.0);
    network.getLayerWiseConfigurations().getInputPreProcessors().put(0, scaled);
    MultiLayerNetwork own = new MultiLayerNetwork(network.getLayerWiseConfigurations());
    own.init();
    own.addListeners(ema);
    own.fit(validation);
    return own;
  }

  @Test
  void whatPredictsOtherwiseIsNotEvaluatedInItsPlace() {
    MultiLayerNetwork network = trained();
    Bits before = Bits.of(network.params());
    EvaluationResult raw = new EmaEvaluator(ema, validation).raw(network);

    assertEquals(
        network.<Evaluation>evaluate(validation).confusionToString(),
        raw.get(Evaluation.class).confusionToString());
    assertNotEquals(
        ema.averagedNetwork(network).<Evaluation>evaluate(validation).confusionToString(),
        new EmaEvaluator(ema, validation)
            .averaged(network)
            .get(Evaluation.class)
            .confusionToString(),
        "a copy has lost the factor: else this test shows nothing");
    assertEquals(before, Bits.of(network.params()));
  }

  @Test
  void whereItIsNeededItIsRefused() {
    MultiLayerNetwork network = trained();
    for (Executable use :
        new Executable[] {
          () -> new EmaEvaluator(ema, validation).onLiveView().averaged(network),
          () -> new EmaEvaluator(ema, validation).onLiveView().compare(network),
          () -> new EmaEvaluator(ema, validation).recalibratingOn(validation).averaged(network),
          () -> new EmaEvaluator(ema, validation).averagedNetwork(network)
        }) {
      String message = assertThrows(IllegalArgumentException.class, use).getMessage();
      assertTrue(message.contains("its output 0 is other by"), message);
    }
  }
}
