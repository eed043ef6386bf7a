// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.updater;

import io.github.ema4j.onednn.internal.host.Floats;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.Pow;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.AdamUpdater;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.NesterovsUpdater;
import org.nd4j.linalg.learning.RmsPropUpdater;
import org.nd4j.linalg.learning.SgdUpdater;

/**
 * What one of ND4J's updaters computes for each element, in Java: the same operations in the same
 * order and precision, which the compiler vectorises and ND4J's native library does not.
 */
abstract sealed class Formula {

  private static final int SAMPLE = 1000;

  private final INDArray[] state;

  private Formula(INDArray... state) {
    this.state = state;
  }

  /**
   * The formula of an updater.
   *
   * @return empty if there is none, or its results are not the updater's own to the bit: a native
   *     library may have been compiled for fused multiplication and addition
   */
  static Optional<Formula> of(GradientUpdater<?> updater) {
    return create(updater).filter(formula -> isExact(updater));
  }

  private static Optional<Formula> create(GradientUpdater<?> updater) {
    if (updater.getClass() == SgdUpdater.class) {
      return Optional.of(new OfSgd((SgdUpdater) updater));
    }
    if (updater.getClass() == NesterovsUpdater.class) {
      return Optional.of(new OfNesterovs((NesterovsUpdater) updater));
    }
    if (updater.getClass() == AdamUpdater.class) {
      return Optional.of(new OfAdam((AdamUpdater) updater));
    }
    if (updater.getClass() == RmsPropUpdater.class) {
      return Optional.of(new OfRmsProp((RmsPropUpdater) updater));
    }
    return Optional.empty();
  }

  /** Tries a few steps of an updater of the same configuration on random numbers. */
  @SuppressWarnings("unchecked")
  private static boolean isExact(GradientUpdater<?> original) {
    long size = original.getConfig().stateSize(SAMPLE);
    INDArray view = size == 0 ? null : Nd4j.zeros(DataType.FLOAT, size);
    INDArray copy = size == 0 ? null : Nd4j.zeros(DataType.FLOAT, size);
    GradientUpdater<?> updater = original.getConfig().instantiate(view, true);
    Formula formula = create(original.getConfig().instantiate(copy, true)).orElseThrow();
    float[][] state = Arrays.stream(formula.state).map(Floats::copy).toArray(float[][]::new);
    Random random = new Random(1);
    for (int iteration = 0; iteration < 3; iteration++) {
      float[] gradient = new float[SAMPLE];
      for (int i = 0; i < SAMPLE; i++) {
        gradient[i] = (float) random.nextGaussian();
      }
      INDArray array = Nd4j.createFromArray(gradient);
      updater.applyUpdater(array, iteration, 0);
      formula.begin(iteration, 0);
      formula.apply(gradient, state, SAMPLE);
      if (!Arrays.equals(gradient, array.data().asFloat())) {
        return false;
      }
    }
    return true;
  }

  /** The vectors of state that {@link #apply} reads and writes. */
  INDArray[] state() {
    return state;
  }

  /** Reads what does not change within a step. */
  abstract void begin(int iteration, int epoch);

  /** Turns gradients into updates, and renews the state. */
  abstract void apply(float[] gradient, float[][] state, int n);

  private static final class OfSgd extends Formula {
    private final SgdUpdater updater;
    private float learningRate;

    OfSgd(SgdUpdater updater) {
      this.updater = updater;
    }

    @Override
    void begin(int iteration, int epoch) {
      learningRate = (float) updater.getConfig().getLearningRate(iteration, epoch);
    }

    @Override
    void apply(float[] gradient, float[][] state, int n) {
      scale(gradient, learningRate, n);
    }

    private static void scale(float[] gradient, float learningRate, int n) {
      for (int i = 0; i < n; i++) {
        gradient[i] *= learningRate;
      }
    }
  }

  private static final class OfNesterovs extends Formula {
    private final NesterovsUpdater updater;
    private float learningRate;
    private float momentum;

    OfNesterovs(NesterovsUpdater updater) {
      super(updater.getState().get(NesterovsUpdater.V_STATE));
      this.updater = updater;
    }

    @Override
    void begin(int iteration, int epoch) {
      learningRate = (float) updater.getConfig().getLearningRate(iteration, epoch);
      momentum = (float) updater.getConfig().currentMomentum(iteration, epoch);
    }

    @Override
    void apply(float[] gradient, float[][] state, int n) {
      step(gradient, state[0], learningRate, momentum, -momentum - 1, n);
    }

    private static void step(
        float[] gradient,
        float[] velocity,
        float learningRate,
        float momentum,
        float ahead,
        int n) {
      for (int i = 0; i < n; i++) {
        float before = momentum * velocity[i];
        float v = before - learningRate * gradient[i];
        velocity[i] = v;
        gradient[i] = before + ahead * v;
      }
    }
  }

  private static final class OfAdam extends Formula {
    private final AdamUpdater updater;
    private float beta1;
    private float beta2;
    private float epsilon;
    private float step;

    OfAdam(AdamUpdater updater) {
      super(
          updater.getState().get(AdamUpdater.M_STATE), updater.getState().get(AdamUpdater.V_STATE));
      this.updater = updater;
    }

    @Override
    void begin(int iteration, int epoch) {
      beta1 = (float) updater.getConfig().getBeta1();
      beta2 = (float) updater.getConfig().getBeta2();
      epsilon = (float) updater.getConfig().getEpsilon();
      float rate = (float) updater.getConfig().getLearningRate(iteration, epoch);
      float root = (float) Math.sqrt((float) (1.0 - power(beta2, iteration + 1f)));
      step = (float) (rate * root / (1.0 - power(beta1, iteration + 1f)));
      if (step == 0 || !Float.isFinite(step)) {
        step = epsilon;
      }
    }

    /** By ND4J, as the C library's powf does not always round as Java would. */
    private static float power(float base, float exponent) {
      INDArray power = Nd4j.createFromArray(base);
      return Nd4j.getExecutioner().exec(new Pow(power, power, exponent)).getFloat(0);
    }

    @Override
    void apply(float[] gradient, float[][] state, int n) {
      step(gradient, state[0], state[1], beta1, 1 - beta1, beta2, 1 - beta2, step, epsilon, n);
    }

    private static void step(
        float[] gradient,
        float[] mean,
        float[] square,
        float beta1,
        float rest1,
        float beta2,
        float rest2,
        float step,
        float epsilon,
        int n) {
      for (int i = 0; i < n; i++) {
        float g = gradient[i];
        float m = beta1 * mean[i] + g * rest1;
        float v = beta2 * square[i] + g * g * rest2;
        mean[i] = m;
        square[i] = v;
        gradient[i] = m * step / ((float) Math.sqrt(v) + epsilon);
      }
    }
  }

  private static final class OfRmsProp extends Formula {
    private final RmsPropUpdater updater;
    private float learningRate;
    private float decay;
    private float epsilon;

    OfRmsProp(RmsPropUpdater updater) {
      super(updater.getState().get(RmsPropUpdater.G_STATE));
      this.updater = updater;
    }

    @Override
    void begin(int iteration, int epoch) {
      learningRate = (float) updater.getConfig().getLearningRate(iteration, epoch);
      decay = (float) updater.getConfig().getRmsDecay();
      epsilon = (float) updater.getConfig().getEpsilon();
    }

    @Override
    void apply(float[] gradient, float[][] state, int n) {
      step(gradient, state[0], learningRate, decay, 1 - decay, epsilon, n);
    }

    private static void step(
        float[] gradient,
        float[] square,
        float learningRate,
        float decay,
        float rest,
        float epsilon,
        int n) {
      for (int i = 0; i < n; i++) {
        float g = gradient[i];
        float v = square[i] * decay + g * g * rest;
        square[i] = v;
        gradient[i] = learningRate * g / ((float) Math.sqrt(v) + epsilon);
      }
    }
  }
}
