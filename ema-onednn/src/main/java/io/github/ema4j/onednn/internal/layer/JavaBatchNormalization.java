// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import static org.deeplearning4j.nn.params.BatchNormalizationParamInitializer.BETA;
import static org.deeplearning4j.nn.params.BatchNormalizationParamInitializer.GAMMA;
import static org.deeplearning4j.nn.params.BatchNormalizationParamInitializer.GLOBAL_LOG_STD;
import static org.deeplearning4j.nn.params.BatchNormalizationParamInitializer.GLOBAL_MEAN;
import static org.deeplearning4j.nn.params.BatchNormalizationParamInitializer.GLOBAL_VAR;

import io.github.ema4j.onednn.internal.host.Floats;
import io.github.ema4j.onednn.internal.layer.ChannelNorm.Moments;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Batch normalisation in plain Java over host memory, where Deeplearning4j's own makes a dozen
 * passes over the activations, each an operation of ND4J.
 */
final class JavaBatchNormalization extends BatchNormalization {

  /** Of the batch that the last forward pass normalised; null after one that did not take it. */
  private Moments batch;

  JavaBatchNormalization(NeuralNetConfiguration conf, DataType type) {
    super(conf, type);
  }

  @Override
  public INDArray preOutput(INDArray x, TrainingMode mode, LayerWorkspaceMgr workspaces) {
    batch = null;
    if (!canTake(x)) {
      return super.preOutput(x, mode, workspaces);
    }
    INDArray in = Floats.dense(x.castTo(DataType.FLOAT));
    INDArray out =
        workspaces.createUninitialized(ArrayType.ACTIVATIONS, DataType.FLOAT, x.shape(), 'c');
    ChannelNorm norm = new ChannelNorm(x.shape());
    double epsilon = layerConf().getEps();
    if (mode == TrainingMode.TRAIN) {
      batch =
          norm.normalizeBatch(Floats.of(in), values(GAMMA), values(BETA), epsilon, Floats.of(out));
    } else {
      norm.normalize(
          Floats.of(in), running(), values(GAMMA), values(BETA), epsilon, Floats.of(out));
    }
    return out;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    if (batch == null) {
      // The last pass was one of inference, or not ours: rare, and then as Deeplearning4j has it.
      super.preOutput(input, TrainingMode.TEST, workspaces);
      return super.backpropGradient(epsilon, workspaces);
    }
    INDArray in = Floats.dense(input.castTo(DataType.FLOAT));
    INDArray dy = Floats.dense(epsilon.castTo(DataType.FLOAT));
    INDArray dx =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, in.shape(), 'c');
    float[] gamma = values(GAMMA);
    float[] dGamma = new float[gamma.length];
    float[] dBeta = new float[gamma.length];
    new ChannelNorm(in.shape())
        .gradients(
            Floats.of(in),
            Floats.of(dy),
            batch,
            gamma,
            layerConf().getEps(),
            Floats.of(dx),
            dGamma,
            dBeta);

    Gradient gradient = new DefaultGradient();
    put(gradient, GAMMA, dGamma);
    put(gradient, BETA, dBeta);
    putRunning(gradient);
    return new Pair<>(gradient, dx);
  }

  /** Whatever cannot be taken is computed by Deeplearning4j, which says what is wrong with it. */
  private boolean canTake(INDArray x) {
    return (x.rank() == 4 || x.rank() == 2)
        && x.size(1) == layerConf().getNOut()
        && Floats.reaches(x.length());
  }

  private float[] values(String parameter) {
    return Floats.copy(getParam(parameter));
  }

  private void put(Gradient gradient, String parameter, float[] values) {
    INDArray view = gradientViews.get(parameter);
    Floats.of(view).write(0, values, values.length);
    gradient.setGradientFor(parameter, view);
  }

  /** The mean and variance that are used after training. */
  private Moments running() {
    float[] mean = values(GLOBAL_MEAN);
    float[] spread = values(spreadParameter());
    Moments moments = new Moments(new double[mean.length], new double[mean.length]);
    for (int k = 0; k < mean.length; k++) {
      moments.mean()[k] = mean[k];
      moments.variance()[k] = layerConf().isUseLogStd() ? variance(spread[k]) : spread[k];
    }
    return moments;
  }

  /**
   * Deeplearning4j moves running mean and variance by gradients, which it subtracts as they are:
   * {@code (1 - decay) · (running - batch)}, or the difference of logarithms of deviations.
   */
  private void putRunning(Gradient gradient) {
    double decay = layerConf().getDecay();
    float[] mean = values(GLOBAL_MEAN);
    float[] spread = values(spreadParameter());
    for (int k = 0; k < mean.length; k++) {
      double variance = batch.variance()[k];
      mean[k] = (float) ((1 - decay) * (mean[k] - batch.mean()[k]));
      if (layerConf().isUseLogStd()) {
        double before = variance(spread[k]);
        double after = decay * before + (1 - decay) * variance;
        spread[k] = (float) (Math.log10(before / after) / 2);
      } else {
        spread[k] = (float) ((1 - decay) * (spread[k] - variance));
      }
    }
    put(gradient, GLOBAL_MEAN, mean);
    put(gradient, spreadParameter(), spread);
  }

  private String spreadParameter() {
    return layerConf().isUseLogStd() ? GLOBAL_LOG_STD : GLOBAL_VAR;
  }

  private static double variance(double log10OfDeviation) {
    return Math.pow(10, 2 * log10OfDeviation);
  }
}
