// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import io.github.ema4j.train.error.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.zoo.InstantiableModel;
import org.deeplearning4j.zoo.model.AlexNet;
import org.deeplearning4j.zoo.model.Darknet19;
import org.deeplearning4j.zoo.model.FaceNetNN4Small2;
import org.deeplearning4j.zoo.model.InceptionResNetV1;
import org.deeplearning4j.zoo.model.LeNet;
import org.deeplearning4j.zoo.model.ResNet50;
import org.deeplearning4j.zoo.model.SqueezeNet;
import org.deeplearning4j.zoo.model.VGG16;
import org.deeplearning4j.zoo.model.VGG19;
import org.deeplearning4j.zoo.model.Xception;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * The classifiers of Deeplearning4j's zoo, untrained. Layers, start weights and loss are the zoo's,
 * also where they differ from the publication; optimizer and weight decay are those of the settings
 * in all layers.
 */
final class Zoo {
  static final String PREFIX = "zoo:";

  private static final Map<String, Function<ModelSettings, InstantiableModel>> CLASSIFIERS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(
                  "alexnet",
                  s ->
                      AlexNet.builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "darknet19",
                  s ->
                      Darknet19.builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "facenetnn4small2",
                  s ->
                      FaceNetNN4Small2.builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "inceptionresnetv1",
                  s ->
                      InceptionResNetV1.builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "lenet",
                  s ->
                      LeNet.builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "resnet50",
                  s ->
                      ResNet50.builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "squeezenet",
                  s ->
                      SqueezeNet.builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "vgg16",
                  s ->
                      VGG16
                          .builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "vgg19",
                  s ->
                      VGG19
                          .builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build()),
              Map.entry(
                  "xception",
                  s ->
                      Xception.builder()
                          .seed(s.seed())
                          .inputShape(shape(s))
                          .numClasses(s.classes())
                          .updater(s.updater())
                          .build())));

  private static final Map<String, String> OF_NO_USE =
      Map.of(
          "nasnet", "adds layers before it has an input, which Deeplearning4j refuses",
          "simplecnn", "has no output layer to train with (the model simplecnn has)",
          "textgenerationlstm", "generates text",
          "tinyyolo", "finds objects in images",
          "unet", "divides images into segments",
          "yolo2", "finds objects in images");

  private Zoo() {}

  /** The names, each with {@link #PREFIX}. */
  static List<String> names() {
    return CLASSIFIERS.keySet().stream().map(name -> PREFIX + name).toList();
  }

  /** Whether the zoo has it, be it of use here or not. */
  static boolean has(String name) {
    if (!name.startsWith(PREFIX)) {
      return false;
    }
    String plain = name.substring(PREFIX.length());
    return CLASSIFIERS.containsKey(plain) || OF_NO_USE.containsKey(plain);
  }

  /** The zoo's classes build the images transposed: what they call height is the width. */
  private static int[] shape(ModelSettings settings) {
    ImageShape input = settings.input();
    return new int[] {input.channels(), input.width(), input.height()};
  }

  /**
   * Refuses a model that cannot be trained here.
   *
   * @param name one that the zoo {@link #has}
   * @throws UserError if it is no classifier
   */
  static void requireClassifier(String name) {
    String plain = name.substring(PREFIX.length());
    if (OF_NO_USE.containsKey(plain)) {
      throw new UserError(
          String.format(
              "%s cannot be trained to classify images: Deeplearning4j's %s %s",
              name, plain, OF_NO_USE.get(plain)));
    }
  }

  /**
   * Builds a classifier.
   *
   * @param name of a {@linkplain #requireClassifier classifier}
   * @throws RuntimeException of Deeplearning4j, if it cannot be built for this size of image
   */
  static Model create(String name, ModelSettings settings) {
    Model model = CLASSIFIERS.get(name.substring(PREFIX.length())).apply(settings).init();
    for (Layer layer : Models.layers(model)) {
      if (layer.conf().getLayer() instanceof BaseLayer configuration) {
        trainAs(settings, configuration);
      }
    }
    return model;
  }

  /** The zoo's builders take an optimizer, but AlexNet's not for biases, and none a penalty. */
  private static void trainAs(ModelSettings settings, BaseLayer layer) {
    List<Regularization> ofWeights = new ArrayList<>();
    if (settings.weightDecay() > 0) {
      ofWeights.add(new L2Regularization(settings.weightDecay()));
    }
    layer.setRegularization(ofWeights);
    layer.setRegularizationBias(new ArrayList<>());
    layer.setBiasUpdater(null);
  }
}
