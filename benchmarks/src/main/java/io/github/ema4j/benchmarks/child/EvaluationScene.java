// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An MLP whose parameters outweigh its activations, and the ways to evaluate its average: {@code
 * swap}, {@code view} and {@code copy}, beside {@code raw}, which does not average.
 */
final class EvaluationScene implements Scene {

  private static final int EXAMPLES = 256;

  private final MultiLayerNetwork network;
  private final ModelEmaListener ema;
  private final DataSetIterator validation;

  EvaluationScene(int width) {
    network = Networks.mlp(width, width);
    ema = new ModelEmaListener(0.9999).start(network);
    ema.update(network);
    DataSet data =
        new DataSet(
            Nd4j.rand(DataType.FLOAT, EXAMPLES, 784), Nd4j.zeros(DataType.FLOAT, EXAMPLES, 10));
    data.getLabels().getColumn(0).assign(1);
    validation = new SingletonDataSetIterator(data);
  }

  @Override
  public Task task(String operation) {
    EmaEvaluator evaluator = new EmaEvaluator(ema, validation);
    return switch (operation) {
      case "raw" -> Task.timed(() -> evaluator.raw(network));
      case "swap" -> Task.timed(() -> evaluator.averaged(network));
      case "view" -> {
        EmaEvaluator onView = new EmaEvaluator(ema, validation).onLiveView();
        yield Task.timed(() -> onView.averaged(network));
      }
      case "copy" ->
          Task.timed(
              () -> {
                validation.reset();
                ema.averagedNetwork(network).doEvaluation(validation, new Evaluation());
              });
      default -> throw Scene.unknown(operation);
    };
  }

  @Override
  public String describe() {
    return Long.toString(network.numParams());
  }
}
