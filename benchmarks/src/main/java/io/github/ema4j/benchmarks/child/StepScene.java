// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.onednn.AccelerationReport;
import io.github.ema4j.onednn.OneDnn;
import io.github.ema4j.train.models.ImageShape;
import io.github.ema4j.train.models.ModelSettings;
import io.github.ema4j.train.models.Models;
import java.lang.management.ManagementFactory;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Nesterovs;

/**
 * Steps of one of the networks of the train command, or of {@code convnet}, {@code resnet18-8} and
 * {@code resnet18-16}, a ResNet-18 with so many channels instead of 64, accelerated or not. {@code
 * step} answers with the processor time of the thread, which does all the work if OpenMP has one
 * thread.
 */
final class StepScene implements Scene {

  private static final int CLASSES = 10;

  /** For the compiler of the JVM; at least two steps. */
  private static final long WARM_UP_NANOS = 4_000_000_000L;

  private final Runnable step;
  private final String description;

  StepScene(String name, int channels, int size, int batch, boolean accelerated) {
    Model network = network(name, channels, size);
    description = accelerated ? accelerate(network).library().toString() : "built-in";
    DataSet data =
        new DataSet(
            TrainingScene.random(batch, channels, size, size),
            TrainingScene.classes(batch, CLASSES));
    step =
        network instanceof ComputationGraph graph
            ? () -> graph.fit(data)
            : () -> ((MultiLayerNetwork) network).fit(data);
    long spent = cpuNanos();
    for (int i = 0; i < 2 || spent < WARM_UP_NANOS; i++) {
      spent += cpuNanos();
    }
  }

  private static Model network(String name, int channels, int size) {
    Nesterovs updater = new Nesterovs(0.01, 0.9);
    return switch (name) {
      case "convnet" -> Networks.convNet(channels, size, CLASSES, updater);
      case "resnet18-8" -> Networks.resNet18(channels, size, 8, CLASSES, updater);
      case "resnet18-16" -> Networks.resNet18(channels, size, 16, CLASSES, updater);
      default ->
          Models.create(
              name,
              new ModelSettings(new ImageShape(channels, size, size), CLASSES, updater, 0, 1));
    };
  }

  static AccelerationReport accelerate(Model network) {
    return network instanceof ComputationGraph graph
        ? OneDnn.accelerate(graph)
        : OneDnn.accelerate((MultiLayerNetwork) network);
  }

  private long cpuNanos() {
    long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    step.run();
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
  }

  @Override
  public Task task(String operation) {
    if (operation.equals("step")) {
      return this::cpuNanos;
    }
    throw Scene.unknown(operation);
  }

  @Override
  public String describe() {
    return description;
  }
}
