// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import io.github.ema4j.train.error.UserError;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Networks that classify images, by name. All take batches of FLOAT [images, channels, height,
 * width] and end in a softmax.
 *
 * <table>
 *   <caption>Trainable parameters for 3 x 224 x 224 and 1000 classes</caption>
 *   <tr><th>name</th><th>parameters</th></tr>
 *   <tr><td>{@code resnet18}</td><td>11,689,512</td></tr>
 *   <tr><td>{@code resnet34}</td><td>21,797,672</td></tr>
 *   <tr><td>{@code resnet50}</td><td>25,557,032</td></tr>
 *   <tr><td>{@code mobilenetv2}</td><td>3,504,872</td></tr>
 * </table>
 *
 * <p>{@code lenet}, {@code simplecnn} and {@code mlp} are small ones for small images. The others
 * have no variants for small images: they divide height and width by 32, so that of 32 x 32 pixels
 * one is left before the mean. Smaller ones work but make little sense; batches of small images
 * should have at least eight, or batch norm has too few values to go by.
 */
public final class Models {
  private static final Map<String, Function<ModelSettings, Model>> OWN =
      new TreeMap<>(
          Map.of(
              "lenet", SmallNetworks::leNet,
              "mlp", SmallNetworks::mlp,
              "mobilenetv2", MobileNetV2::build,
              "resnet18", settings -> resNet18(settings, ResNet.WIDTH),
              "resnet34", settings -> ResNet.basic(settings, ResNet.WIDTH, 3, 4, 6, 3),
              "resnet50", settings -> ResNet.bottleneck(settings, 3, 4, 6, 3),
              "simplecnn", SmallNetworks::simpleCnn));

  /** The mean, and the variance in one form or the other. */
  private static final Set<String> BATCH_NORM_STATISTICS =
      Set.of(
          BatchNormalizationParamInitializer.GLOBAL_MEAN,
          BatchNormalizationParamInitializer.GLOBAL_VAR,
          BatchNormalizationParamInitializer.GLOBAL_LOG_STD);

  private Models() {}

  /** The networks of this project, sorted. */
  public static List<String> names() {
    return List.copyOf(OWN.keySet());
  }

  /**
   * The classifiers of Deeplearning4j's zoo, sorted, as in {@code zoo:vgg16}. Layers and start
   * weights are the zoo's, optimizer and weight decay those of the settings.
   */
  public static List<String> zooNames() {
    return Zoo.names();
  }

  /**
   * Builds and initialises a network.
   *
   * @param name one of {@link #names()} or {@link #zooNames()}
   * @param settings what it is built for
   * @return a MultiLayerNetwork or a ComputationGraph with one input and one output
   * @throws UserError if there is no such network, or not for this size of image
   */
  public static Model create(String name, ModelSettings settings) {
    requireKnown(name);
    return orRefuse(
        name,
        settings,
        () -> OWN.containsKey(name) ? OWN.get(name).apply(settings) : Zoo.create(name, settings));
  }

  /**
   * Has a network classify an image, since Deeplearning4j also builds those whose layers have
   * nothing left of it to look at.
   *
   * @param network made by {@link #create} with the same settings, accelerated or not
   * @throws UserError if it cannot
   */
  public static void tryOut(Model network, String name, ModelSettings settings) {
    orRefuse(
        name,
        settings,
        () -> {
          classifyOneImage(network, settings.input());
          return network;
        });
  }

  private static Model orRefuse(String name, ModelSettings settings, Supplier<Model> attempt) {
    try {
      return attempt.get();
    } catch (UserError e) {
      throw e;
    } catch (RuntimeException e) { // Deeplearning4j has several for sizes that do not fit
      throw cannotBeBuilt(name, settings, "larger images may help: " + e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      throw cannotBeBuilt(
          name, settings, "memory is short: take smaller images, or JAVA_OPTS=-Xmx8g", e);
    }
  }

  /**
   * Refuses a name that {@link #create} would refuse for any settings.
   *
   * @throws UserError if there is no such network, or it is no classifier
   */
  public static void requireKnown(String name) {
    if (Zoo.has(name)) {
      Zoo.requireClassifier(name);
    } else if (!OWN.containsKey(name)) {
      throw new UserError(
          "there is no model \"" + name + "\"; the nearest names are " + nearest(name));
    }
  }

  private static void classifyOneImage(Model model, ImageShape input) {
    try (INDArray image = Nd4j.zeros(1, input.channels(), input.height(), input.width())) {
      if (model instanceof ComputationGraph graph) {
        graph.outputSingle(image);
        graph.clear();
      } else {
        MultiLayerNetwork layers = (MultiLayerNetwork) model;
        layers.output(image);
        layers.clear();
      }
    }
  }

  private static UserError cannotBeBuilt(
      String name, ModelSettings settings, String advice, Throwable cause) {
    return new UserError(
        "%s cannot be built for images of %s and %d classes; %s"
            .formatted(
                name, settings.input(), settings.classes(), advice.strip().replaceAll("\\s+", " ")),
        cause);
  }

  /**
   * Builds and initialises a ResNet-18 of any width, for small images and short times.
   *
   * @param settings what it is built for
   * @param width channels of the first stage, at least 1; {@code resnet18} has 64
   * @return a graph with one input and one output
   * @throws UserError if the width is below 1
   */
  public static ComputationGraph resNet18(ModelSettings settings, int width) {
    if (width < 1) {
      throw new UserError("width " + width + ": a network has at least 1 channel");
    }
    return ResNet.basic(settings, width, 2, 2, 2, 2);
  }

  /**
   * The number of parameters that are trained: all but the running means and variances of batch
   * norm, which Deeplearning4j counts as parameters and publications do not.
   */
  public static long trainableParameters(Model model) {
    long count = model.numParams();
    for (Layer layer : layers(model)) {
      if (layer instanceof BatchNormalization) {
        for (Map.Entry<String, INDArray> parameter : layer.paramTable().entrySet()) {
          count -=
              BATCH_NORM_STATISTICS.contains(parameter.getKey())
                  ? parameter.getValue().length()
                  : 0;
        }
      }
    }
    return count;
  }

  static Layer[] layers(Model model) {
    return model instanceof ComputationGraph graph
        ? graph.getLayers()
        : ((MultiLayerNetwork) model).getLayers();
  }

  private static String nearest(String name) {
    LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
    List<String> byDistance =
        Stream.concat(names().stream(), zooNames().stream())
            .sorted(
                Comparator.comparing(known -> distance.apply(name, known.replace(Zoo.PREFIX, ""))))
            .limit(3)
            .toList();
    return String.join(", ", byDistance);
  }
}
