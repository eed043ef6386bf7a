// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.dl4j.ModelEmaListener;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Two equal networks that train on the same batch: {@code plain} is a step of the one, {@code ema}
 * a step of the other, which has the listener. {@code listener} is a step of the latter too, but
 * answers with the time inside the listener.
 */
final class TrainingScene implements Scene {

  private final Runnable plain;
  private final Runnable averaged;
  private final Stopwatch stopwatch;
  private final String description;

  private <M extends Model> TrainingScene(Supplier<M> networks, Consumer<M> step) {
    M without = networks.get();
    M with = networks.get();
    ModelEmaListener ema = new ModelEmaListener(0.9999).start(with);
    stopwatch = new Stopwatch();
    with.addListeners(stopwatch.new Start(), ema, stopwatch);
    plain = () -> step.accept(without);
    averaged = () -> step.accept(with);
    description = Long.toString(with.params().length());
  }

  static TrainingScene of(String network, int batch) {
    switch (network) {
      case "mlp":
        {
          DataSet data = new DataSet(random(batch, 784), classes(batch, 10));
          return new TrainingScene(
              () -> Networks.mlp(1000, 500), (MultiLayerNetwork net) -> net.fit(data));
        }
      case "lenet":
        {
          DataSet data = new DataSet(random(batch, 1, 28, 28), classes(batch, 10));
          return new TrainingScene(Networks::leNet, (MultiLayerNetwork net) -> net.fit(data));
        }
      case "resnet18":
        {
          DataSet data = new DataSet(random(batch, 3, 32, 32), classes(batch, 1000));
          return new TrainingScene(
              () -> Networks.resNet18(32), (ComputationGraph net) -> net.fit(data));
        }
      default:
        throw new IllegalArgumentException("There is no network '" + network + "'");
    }
  }

  static INDArray random(long... shape) {
    Nd4j.getRandom().setSeed(1);
    return Nd4j.rand(DataType.FLOAT, shape);
  }

  static INDArray classes(int batch, int classes) {
    INDArray labels = Nd4j.create(DataType.FLOAT, batch, classes);
    for (int i = 0; i < batch; i++) {
      labels.putScalar(i, i % classes, 1);
    }
    return labels;
  }

  @Override
  public Task task(String operation) {
    return switch (operation) {
      case "plain" -> Task.timed(plain);
      case "ema" -> Task.timed(averaged);
      case "listener" ->
          () -> {
            averaged.run();
            return stopwatch.nanos;
          };
      default -> throw Scene.unknown(operation);
    };
  }

  @Override
  public String describe() {
    return description;
  }

  /** Registered after the listener; its {@link Start} before it. */
  private static final class Stopwatch extends BaseTrainingListener {

    private long started;
    private long nanos;

    @Override
    public void iterationDone(Model network, int iteration, int epoch) {
      nanos = System.nanoTime() - started;
    }

    final class Start extends BaseTrainingListener {
      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        started = System.nanoTime();
      }
    }
  }
}
