// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import io.github.ema4j.onednn.backend.NativeLibrary;
import io.github.ema4j.onednn.internal.layer.BrokenByOneDnn;
import io.github.ema4j.onednn.internal.layer.Substitution;
import io.github.ema4j.onednn.internal.network.LayerPlace;
import io.github.ema4j.onednn.internal.updater.Updaters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a network train and predict faster on a CPU: Deeplearning4j 1.0.0-M2.1 never reaches
 * oneDNN, whatever native library is loaded, and some of its own layers take many passes over
 * memory.
 *
 * <pre>{@code
 * network.init();
 * OneDnn.accelerate(network);
 * network.fit(data);
 * }</pre>
 *
 * <p>Layers whose class and configuration were checked are replaced by subclasses that compute the
 * same faster; all others stay. The network keeps its parameters, its updater's state, listeners
 * and counts, and saves, clones and evaluates as before. Who holds one of its layers must ask for
 * it anew. Deeplearning4j's {@code setLearningRate} puts an updater of its own into the network: to
 * accelerate again replaces that, too. A schedule of learning rates does without.
 *
 * <p>Only this network is accelerated. Clones, networks from files, views and copies are networks
 * of their own; {@link OneDnnListener} accelerates those that Deeplearning4j makes to train them.
 *
 * <p>Results differ by rounding from those before, and are the same in every run with the same
 * native library, processor and number of threads.
 *
 * <p>May be called from several threads, on different networks.
 */
public final class OneDnn {

  private static final Logger LOG = LoggerFactory.getLogger(OneDnn.class);

  private OneDnn() {}

  /**
   * Accelerates a network that is to be trained. To do it again changes nothing.
   *
   * @param network initialised; no other thread may use it meanwhile
   * @return what was done, and why not more; also logged, at level INFO, if anything was done
   * @throws IllegalArgumentException if the native library with oneDNN computes one of the layers
   *     wrongly; then nothing is changed
   * @throws IllegalStateException if the network is not initialised
   */
  public static AccelerationReport accelerate(MultiLayerNetwork network) {
    return logged(apply(network, true));
  }

  /**
   * Accelerates a network that is to be trained. To do it again changes nothing.
   *
   * @param network initialised; no other thread may use it meanwhile
   * @return what was done, and why not more; also logged, at level INFO, if anything was done
   * @throws IllegalArgumentException if the native library with oneDNN computes one of the layers
   *     wrongly; then nothing is changed
   * @throws IllegalStateException if the network is not initialised
   */
  public static AccelerationReport accelerate(ComputationGraph network) {
    return logged(apply(network, true));
  }

  /**
   * Accelerates a network that only predicts, such as a view of averaged weights: as {@link
   * #accelerate(MultiLayerNetwork)}, but without an updater, whose state takes as much memory as
   * the parameters. The report is not logged.
   *
   * @param network initialised; no other thread may use it meanwhile
   * @return what was done, and why not more
   * @throws IllegalArgumentException if the native library with oneDNN computes one of the layers
   *     wrongly; then nothing is changed
   * @throws IllegalStateException if the network is not initialised
   */
  public static AccelerationReport accelerateInference(MultiLayerNetwork network) {
    return apply(network, false);
  }

  /**
   * Accelerates a network that only predicts, such as a view of averaged weights: as {@link
   * #accelerate(ComputationGraph)}, but without an updater, whose state takes as much memory as the
   * parameters. The report is not logged.
   *
   * @param network initialised; no other thread may use it meanwhile
   * @return what was done, and why not more
   * @throws IllegalArgumentException if the native library with oneDNN computes one of the layers
   *     wrongly; then nothing is changed
   * @throws IllegalStateException if the network is not initialised
   */
  public static AccelerationReport accelerateInference(ComputationGraph network) {
    return apply(network, false);
  }

  private static AccelerationReport logged(AccelerationReport report) {
    if (report.changed()) {
      LOG.info("{}", report);
    }
    return report;
  }

  static AccelerationReport apply(Model network, boolean training) {
    NativeLibrary library = NativeLibrary.loaded();
    List<LayerPlace> places = LayerPlace.of(network);
    Map<LayerPlace, Optional<String>> obstacles = new LinkedHashMap<>();
    for (LayerPlace place : places) {
      obstacles.put(place, obstacle(place.layer(), library));
    }
    refuseBroken(obstacles, library);

    boolean changed = false;
    List<LayerReport> layers = new ArrayList<>();
    for (LayerPlace place : places) {
      Layer layer = place.layer();
      Optional<String> obstacle = obstacles.get(place);
      if (obstacle.isEmpty() && !Substitution.isSubstitute(layer)) {
        place.put(Substitution.of(layer).orElseThrow().substitute(layer, place.isLowest()));
        changed = true;
      }
      layers.add(new LayerReport(place.name(), configuredClass(layer), obstacle));
    }
    if (training && library.cpu() && Updaters.canReplace(network)) {
      Updaters.replace(network);
      changed = true;
    }
    return new AccelerationReport(library, layers, changed);
  }

  private static Optional<String> obstacle(Layer layer, NativeLibrary library) {
    if (!library.cpu()) {
      return library.obstacle();
    }
    if (Substitution.isSubstitute(layer)) {
      return Optional.empty();
    }
    return Substitution.of(layer)
        .map(substitution -> substitution.obstacle(layer, library))
        .orElse(Optional.of("nothing faster for it"));
  }

  private static void refuseBroken(
      Map<LayerPlace, Optional<String>> obstacles, NativeLibrary library) {
    List<String> broken = new ArrayList<>();
    obstacles.forEach(
        (place, obstacle) -> {
          if (obstacle.isPresent() && library.usesOneDnn()) {
            BrokenByOneDnn.find(place.layer())
                .ifPresent(what -> broken.add("\"" + place.name() + "\" (" + what + ")"));
          }
        });
    if (!broken.isEmpty()) {
      throw new IllegalArgumentException(
          "The native library with oneDNN computes wrongly, or not at all: layer "
              + String.join(", ", broken)
              + ". Use the native library without oneDNN, or call"
              + " Nd4j.getEnvironment().allowHelpers(false) first, which turns oneDNN off for the"
              + " whole process");
    }
  }

  private static String configuredClass(Layer layer) {
    return layer.conf().getLayer().getClass().getSimpleName();
  }
}
