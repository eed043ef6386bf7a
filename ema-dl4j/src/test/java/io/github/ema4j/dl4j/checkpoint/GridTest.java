// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.distribution.Distribution;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.variational.ReconstructionDistribution;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * Whatever Deeplearning4j can be told to train goes on from its checkpoint bit for bit, or is
 * refused before it trains.
 */
class GridTest {

  /** Deeplearning4j's JSON loses something of these, or its networks rebuild them otherwise. */
  private static final Set<String> REFUSED =
      Set.of(
          "ActivationPReLU",
          "EmbeddingLayer, from an array",
          "EmbeddingSequenceLayer, from an array",
          "IDropout AlphaDropout by schedule",
          "L2Vertex, epsilon",
          "OptimizationAlgorithm LBFGS",
          "Schedule RampSchedule");

  /** Deeplearning4j itself cannot train these. */
  private static final Set<String> UNTRAINABLE =
      Set.of(
          "FrozenVertex",
          "IdentityLayer",
          "LearnedSelfAttentionLayer",
          "PReLULayer of images",
          "SimpleRnn, layer norm",
          "Updater AdaBelief",
          "Updater AdaBelief by schedule");

  /**
   * Classes that no configuration has: builders of the first four make layers of the class that
   * they extend, the next is a helper that reads old files.
   */
  private static final Set<String> NOT_IN_THE_GRID =
      Set.of(
          "Convolution1D", "Convolution2D", "Pooling1D", "Pooling2D", "LegacyDistributionHelper");

  private static final long SEED = 7;

  @TempDir Path directory;

  static List<Grid.Case> all() {
    return Grid.all();
  }

  private static long[] bits(INDArray array) {
    return Arrays.stream(array.dup('c').reshape(array.length()).data().asDouble())
        .mapToLong(Double::doubleToRawLongBits)
        .toArray();
  }

  private static INDArray output(Model network, DataSet batch) {
    Nd4j.getRandom().setSeed(11); // for noise at inference
    return network instanceof MultiLayerNetwork layers
        ? layers.output(batch.getFeatures()).dup()
        : ((ComputationGraph) network).outputSingle(batch.getFeatures()).dup();
  }

  private static void step(Model network, DataSet batch) {
    Nd4j.getRandom().setSeed(12);
    Models.fit(network, batch);
  }

  @ParameterizedTest
  @MethodSource("all")
  void goesOnBitForBitOrIsRefusedBeforeItTrains(Grid.Case each) throws IOException {
    Model network = each.network().get();
    network.init();
    if (UNTRAINABLE.contains(each.name())) {
      assertThrows(Exception.class, () -> step(network, each.batch(network)));
      return;
    }
    DataSet batch = each.batch(network);
    Model alone = each.network().get();
    alone.init();
    Nd4j.getRandom().setSeed(SEED);
    step(alone, batch);
    step(alone, batch);

    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    Path file = directory.resolve("checkpoint.zip");
    if (REFUSED.contains(each.name())) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> EmaCheckpoint.save(file, network, ema));
      assertTrue(e.getMessage().contains("cannot be saved"), e.getMessage());
      return;
    }
    EmaCheckpoint.save(file, network, ema);
    network.setListeners(ema);
    Nd4j.getRandom().setSeed(SEED);
    step(network, batch);
    step(network, batch);
    assertArrayEquals(bits(alone.params()), bits(network.params()), "training is not touched");

    EmaCheckpoint.save(file, network, ema);
    RestoredCheckpoint<Model> run = EmaCheckpoint.restore(file);
    run.network().setListeners(run.ema());

    assertArrayEquals(bits(output(network, batch)), bits(output(run.network(), batch)));
    INDArray averaged = output(ema.averagedNetwork(network), batch);
    try (Swap swap = ema.swap(network)) {
      assertArrayEquals(bits(output(network, batch)), bits(averaged));
    }
    step(network, batch);
    step(run.network(), batch);
    assertArrayEquals(bits(network.params()), bits(run.network().params()));
    assertArrayEquals(bits(ema.shadow()), bits(run.ema().shadow()));
    INDArray state = Models.updaterState(network);
    if (state != null && state.length() > 0) {
      assertArrayEquals(bits(state), bits(Models.updaterState(run.network())));
    }
  }

  // ---------------------------------------------------------------- nothing is forgotten

  private static final List<Class<?>> SETTINGS =
      List.of(
          Layer.class,
          GraphVertex.class,
          IUpdater.class,
          ISchedule.class,
          ILossFunction.class,
          IActivation.class,
          IDropout.class,
          IWeightNoise.class,
          IWeightInit.class,
          LayerConstraint.class,
          InputPreProcessor.class,
          Distribution.class,
          ReconstructionDistribution.class,
          Regularization.class);

  @Test
  void everyClassOfSettingsThatDeeplearning4jHasIsInTheGrid()
      throws IOException, URISyntaxException {
    Set<Class<?>> found = new HashSet<>();
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Grid.Case each : all()) {
      Model network = each.network().get();
      network.init();
      walk(
          network instanceof MultiLayerNetwork layers
              ? layers.getLayerWiseConfigurations()
              : ((ComputationGraph) network).getConfiguration(),
          seen,
          found);
    }
    Set<String> missing = new TreeSet<>();
    for (Class<?> type : settings(Layer.class, "org/deeplearning4j/nn/")) {
      if (!found.contains(type)) {
        missing.add(type.getSimpleName());
      }
    }
    for (Class<?> type : settings(IUpdater.class, "org/nd4j/linalg/")) {
      if (!found.contains(type)) {
        missing.add(type.getSimpleName());
      }
    }
    assertEquals(new TreeSet<>(NOT_IN_THE_GRID), missing);
  }

  private static Set<Class<?>> settings(Class<?> of, String under)
      throws IOException, URISyntaxException {
    Set<Class<?>> settings = new HashSet<>();
    Path jar = Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (JarFile file = new JarFile(jar.toFile())) {
      file.stream()
          .map(entry -> entry.getName())
          .filter(name -> name.startsWith(under) && name.endsWith(".class"))
          .forEach(
              name -> {
                Class<?> type =
                    load(name.substring(0, name.length() - ".class".length()).replace('/', '.'));
                if (type != null
                    && Modifier.isPublic(type.getModifiers())
                    && !Modifier.isAbstract(type.getModifiers())
                    && SETTINGS.stream().anyMatch(setting -> setting.isAssignableFrom(type))) {
                  settings.add(type);
                }
              });
    }
    return settings;
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, GridTest.class.getClassLoader());
    } catch (ClassNotFoundException | NoClassDefFoundError e) {
      return null; // of an optional library
    }
  }

  private static void walk(Object value, Set<Object> seen, Set<Class<?>> found) {
    if (value == null || value instanceof INDArray || !seen.add(value)) {
      return;
    }
    if (value instanceof Collection<?> values) {
      values.forEach(each -> walk(each, seen, found));
    } else if (value instanceof Map<?, ?> values) {
      values.values().forEach(each -> walk(each, seen, found));
    } else if (value.getClass().isArray()) {
      if (!value.getClass().getComponentType().isPrimitive()) {
        for (int i = 0; i < Array.getLength(value); i++) {
          walk(Array.get(value, i), seen, found);
        }
      }
    } else if (value instanceof Enum) {
      return;
    } else if (value.getClass().getName().startsWith("org.")) {
      found.add(value.getClass());
      for (Class<?> type = value.getClass();
          type.getName().startsWith("org.");
          type = type.getSuperclass()) {
        for (Field field : type.getDeclaredFields()) {
          if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
            field.setAccessible(true);
            try {
              walk(field.get(value), seen, found);
            } catch (IllegalAccessException e) {
              throw new AssertionError(e);
            }
          }
        }
      }
    }
  }
}
