// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.ModelEmaListener;
import java.util.Collections;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Equal networks that train on the same batch again and again: {@code plain} is a step of one
 * without listener, {@code ema} of one with it, {@code overlapped} of one whose updates go on while
 * it trains. {@code listener} is a step with it too, but answers with the time inside the listener.
 *
 * <p>Accelerated networks train in fits of an iterator, without which nothing overlaps; of a fit
 * the steps in its middle count. Others, which are slow, make one step at a time.
 */
final class TrainingScene implements Scene {

  private final Task plain;
  private final Task averaged;
  private final Task overlapped;
  private final Stopwatch stopwatch = new Stopwatch();
  private final String description;

  private <M extends Model> TrainingScene(
      Supplier<M> networks,
      BiConsumer<M, DataSet> step,
      BiConsumer<M, DataSetIterator> fit,
      DataSet data,
      boolean accelerated) {
    Function<M, Task> steps =
        network ->
            accelerated
                ? new MiddleOfFit(data, batches -> fit.accept(network, batches))
                : Task.timed(() -> step.accept(network, data));
    M without = network(networks, accelerated);
    M with = network(networks, accelerated);
    with.addListeners(stopwatch.new Start(), average(with, false), stopwatch);
    M overlapping = network(networks, accelerated);
    overlapping.addListeners(average(overlapping, true));
    plain = steps.apply(without);
    averaged = steps.apply(with);
    overlapped = steps.apply(overlapping);
    description = Long.toString(with.params().length());
  }

  private static <M extends Model> M network(Supplier<M> networks, boolean accelerated) {
    M network = networks.get();
    if (accelerated) {
      StepScene.accelerate(network);
    }
    return network;
  }

  private static ModelEmaListener average(Model network, boolean overlapped) {
    return new ModelEmaListener(
            AveragingConfig.builder().decay(0.9999).overlapped(overlapped).build())
        .start(network);
  }

  static TrainingScene of(String network, int batch, boolean accelerated) {
    switch (network) {
      case "mlp":
        {
          DataSet data = new DataSet(random(batch, 784), classes(batch, 10));
          return new TrainingScene(
              () -> Networks.mlp(1000, 500),
              MultiLayerNetwork::fit,
              MultiLayerNetwork::fit,
              data,
              accelerated);
        }
      case "lenet":
        {
          DataSet data = new DataSet(random(batch, 1, 28, 28), classes(batch, 10));
          return new TrainingScene(
              Networks::leNet, MultiLayerNetwork::fit, MultiLayerNetwork::fit, data, accelerated);
        }
      case "resnet18":
        {
          DataSet data = new DataSet(random(batch, 3, 32, 32), classes(batch, 1000));
          return new TrainingScene(
              () -> Networks.resNet18(32),
              ComputationGraph::fit,
              ComputationGraph::fit,
              data,
              accelerated);
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
      case "plain" -> plain;
      case "ema" -> averaged;
      case "overlapped" -> overlapped;
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

  /**
   * Answers with the time of a step, from one batch that a fit takes to the last: so the fit's
   * beginning does not count, nor that the update after its last step has nothing to overlap with.
   */
  private static final class MiddleOfFit extends ExistingDataSetIterator implements Task {

    private static final int STEPS = 4;

    private final Consumer<DataSetIterator> fit;
    private int taken;
    private long started;
    private long ended;

    MiddleOfFit(DataSet data, Consumer<DataSetIterator> fit) {
      super(Collections.nCopies(STEPS + 2, data));
      this.fit = fit;
    }

    @Override
    public long run() {
      taken = 0;
      fit.accept(this);
      return (ended - started) / STEPS;
    }

    @Override
    public DataSet next() {
      ended = System.nanoTime();
      if (++taken == 2) {
        started = ended;
      }
      return super.next();
    }

    @Override
    public boolean asyncSupported() {
      return false;
    }
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
