// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.updater;

import static org.nd4j.linalg.indexing.NDArrayIndex.interval;
import static org.nd4j.linalg.learning.regularization.Regularization.ApplyStep.BEFORE_UPDATER;
import static org.nd4j.linalg.learning.regularization.Regularization.ApplyStep.POST_UPDATER;

import io.github.ema4j.onednn.internal.host.Floats;
import io.github.ema4j.onednn.internal.host.Scratch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.updater.UpdaterBlock.ParamState;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.NoOpUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/**
 * The step of one block of Deeplearning4j's updater: parameters that follow each other and have one
 * configuration. Where there is a {@link Formula}, gradients are divided by the size of the batch,
 * regularised and turned into updates in one pass over memory.
 */
final class BlockUpdate {

  /** Elements that are moved at once: bursts of this size use memory best. */
  private static final int AT_ONCE = 512;

  private final UpdaterBlock block;
  private final List<Part> parts = new ArrayList<>();

  /** Null if ND4J's operations have to do it. */
  private final Formula formula;

  private final List<Floats> states = new ArrayList<>();
  private final Floats gradients;
  private final Floats params;

  /**
   * The step of a block.
   *
   * @param params all parameters of the network, as a vector
   */
  BlockUpdate(UpdaterBlock block, INDArray params) {
    this.block = block;
    INDArray gradient = block.getGradientView();
    boolean reachable = gradient != null && Floats.reaches(gradient);
    formula = reachable ? Formula.of(block.getGradientUpdater()).orElse(null) : null;
    if (formula == null) {
      gradients = null;
      this.params = null;
    } else {
      gradients = Floats.of(gradient);
      this.params =
          Floats.of(params.get(interval(block.getParamOffsetStart(), block.getParamOffsetEnd())));
      for (INDArray state : formula.state()) {
        states.add(Floats.of(state));
      }
    }
    for (ParamState state : block.getLayersAndVariablesInBlock()) {
      if (state.getGradView() != null) {
        parts.add(new Part(state));
      }
    }
  }

  /** Divides gradients and turns them into updates. */
  void apply(int iteration, int epoch, int batchSize) {
    boolean plain = formula != null && parts.stream().allMatch(Part::isPlain);
    if (!plain) {
      applyOperations(iteration, epoch, batchSize);
      return;
    }
    formula.begin(iteration, epoch);
    double learningRate = learningRate(iteration, epoch);
    for (Part part : parts) {
      part.update(part.divisor(batchSize), learningRate, iteration, epoch);
    }
  }

  private void applyOperations(int iteration, int epoch, int batchSize) {
    for (Part part : parts) {
      if (part.divisor(batchSize) != 1) {
        part.state.getGradView().divi(part.divisor(batchSize));
      }
    }
    double learningRate = learningRate(iteration, epoch);
    parts.forEach(part -> part.regularize(BEFORE_UPDATER, learningRate, iteration, epoch));
    GradientUpdater<?> updater = block.getGradientUpdater();
    if (!(updater instanceof NoOpUpdater)) {
      updater.applyUpdater(block.getGradientView(), iteration, epoch);
    }
    parts.forEach(part -> part.regularize(POST_UPDATER, learningRate, iteration, epoch));
  }

  private double learningRate(int iteration, int epoch) {
    IUpdater config = block.getGradientUpdater().getConfig();
    return config.hasLearningRate() ? config.getLearningRate(iteration, epoch) : 1;
  }

  /** One parameter of one layer. */
  private final class Part {
    private final ParamState state;

    /** Where it begins within the block. */
    private final int begin;

    Part(ParamState state) {
      this.state = state;
      begin = state.getParamOffsetStart() - block.getParamOffsetStart();
    }

    private List<Regularization> regularizations() {
      List<Regularization> all =
          state.getLayer().getConfig().getRegularizationByParam(state.getParamName());
      return all == null ? List.of() : all;
    }

    private <T> T regularization(Class<T> type) {
      for (Regularization one : regularizations()) {
        if (one.getClass() == type) {
          return type.cast(one);
        }
      }
      return null;
    }

    /** Whether nothing but at most one L2 penalty and one weight decay regularises it. */
    boolean isPlain() {
      int l2 = regularization(L2Regularization.class) == null ? 0 : 1;
      int decay = regularization(WeightDecay.class) == null ? 0 : 1;
      return regularizations().size() == l2 + decay;
    }

    int divisor(int batchSize) {
      return state.getLayer().updaterDivideByMinibatch(state.getParamName()) ? batchSize : 1;
    }

    void regularize(ApplyStep step, double learningRate, int iteration, int epoch) {
      for (Regularization one : regularizations()) {
        if (one.applyStep() == step) {
          one.apply(state.getParamView(), state.getGradView(), learningRate, iteration, epoch);
        }
      }
    }

    void update(int divisor, double learningRate, int iteration, int epoch) {
      L2Regularization l2 = regularization(L2Regularization.class);
      WeightDecay decay = regularization(WeightDecay.class);
      float penalty = l2 == null ? 0 : (float) l2.getL2().valueAt(iteration, epoch);
      float shrinkage = decay == null ? 0 : shrinkage(decay, learningRate, iteration, epoch);
      float[][] blocks = Scratch.blocks();
      float[] g = blocks[0];
      float[] p = blocks[1];
      float[][] state = Arrays.copyOfRange(blocks, 2, 2 + states.size());
      int end = begin + (int) this.state.getGradView().length();
      for (int at = begin; at < end; at += AT_ONCE) {
        int n = Math.min(AT_ONCE, end - at);
        gradients.read(at, g, n);
        if (divisor != 1) {
          divide(g, divisor, n);
        }
        if (l2 != null || decay != null) {
          params.read(at, p, n);
        }
        if (l2 != null) {
          addScaled(g, p, penalty, n);
        }
        for (int i = 0; i < state.length; i++) {
          states.get(i).read(at, state[i], n);
        }
        formula.apply(g, state, n);
        for (int i = 0; i < state.length; i++) {
          states.get(i).write(at, state[i], n);
        }
        if (decay != null) {
          addScaled(g, p, shrinkage, n);
        }
        gradients.write(at, g, n);
      }
    }

    private float shrinkage(WeightDecay decay, double learningRate, int iteration, int epoch) {
      double factor = decay.getCoeff().valueAt(iteration, epoch);
      return (float) (decay.isApplyLR() ? factor * learningRate : factor);
    }
  }

  private static void divide(float[] g, float divisor, int n) {
    for (int i = 0; i < n; i++) {
      g[i] /= divisor;
    }
  }

  private static void addScaled(float[] g, float[] p, float factor, int n) {
    for (int i = 0; i < n; i++) {
      g[i] = factor * p[i] + g[i];
    }
  }
}
