// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.error.UserError;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.ops.transforms.Transforms;

class ModelsTest {
  private static final ImageShape PHOTOGRAPH = new ImageShape(3, 224, 224);

  @ParameterizedTest
  @CsvSource({
    "resnet18, 11_689_512",
    "resnet34, 21_797_672",
    "resnet50, 25_557_032",
    "mobilenetv2, 3_504_872"
  })
  void trainableParametersAreThoseOfThePublication(String name, String published) {
    Model model = Models.create(name, settings(PHOTOGRAPH, 1000));

    assertEquals(Long.parseLong(published.replace("_", "")), Models.trainableParameters(model));
  }

  @ParameterizedTest
  @CsvSource({"mlp, 101770", "simplecnn, 24058"})
  void smallNetworksHaveTheParametersInTheReadme(String name, long parameters) {
    Model model = Models.create(name, settings(new ImageShape(1, 28, 28), 10));

    assertEquals(parameters, Models.trainableParameters(model));
  }

  /** 784 + 697,344 of convolutions, 2,400 of batch norm, 1,290 of the last layer. */
  @Test
  void aResNetMayBeNarrow() {
    ModelSettings small = settings(new ImageShape(1, 28, 28), 10);

    assertEquals(701_818, Models.trainableParameters(Models.resNet18(small, 16)));
    assertEquals(
        Models.trainableParameters(Models.create("resnet18", small)),
        Models.trainableParameters(Models.resNet18(small, 64)));
    assertThrows(UserError.class, () -> Models.resNet18(small, 0));
  }

  @Test
  void leNetHasTheParametersOfCaffes() {
    Model model = Models.create("lenet", settings(new ImageShape(1, 28, 28), 10));

    assertEquals(431_080, Models.trainableParameters(model));
    assertEquals(431_080, model.numParams());
  }

  /**
   * One step of plain gradient descent, on images that leave the last batch norm 16 values. On two
   * it would give signs alone, and all gradients before it would be rounding errors.
   */
  @Tag("numbers")
  @ParameterizedTest
  @ValueSource(strings = {"resnet18", "resnet50", "mobilenetv2"})
  void oneStepChangesEveryParameterOnWhichTheLossDepends(String name) {
    ImageShape shape = new ImageShape(3, 64, 64);
    ComputationGraph graph =
        (ComputationGraph) Models.create(name, new ModelSettings(shape, 10, new Sgd(1), 0, 1));
    Map<String, INDArray> before = new HashMap<>();
    graph.paramTable().forEach((key, value) -> before.put(key, value.dup()));

    graph.fit(batch(4, shape, 10));

    assertTrue(Double.isFinite(graph.score()), "score " + graph.score());
    graph
        .paramTable()
        .forEach(
            (key, value) -> {
              double change = Transforms.abs(value.sub(before.get(key))).maxNumber().doubleValue();
              assertTrue(Double.isFinite(change), key);
              // Seen: at least 2.2e-6, on every processor, for factors of which the next batch norm
              // leaves little, 5e-3 for all others; and up to 5e-6 of rounding without an effect.
              boolean right = isWithoutEffect(key) ? change < 1e-4 : change > 1e-6;
              assertTrue(right, key + " changed by " + change);
            });
  }

  /**
   * What MobileNetV2's linear bottlenecks add to a channel goes into 1 x 1 convolutions alone, and
   * the batch norm behind these takes it out again: it has no gradient. As it is 0 at the start, so
   * is the mean that such a batch norm sees.
   */
  private static boolean isWithoutEffect(String parameter) {
    return parameter.matches(".*-project-norm_beta|(.*-expand|head)-norm_mean");
  }

  @ParameterizedTest
  @MethodSource("io.github.ema4j.train.models.Models#names")
  void takesSmallAndOblongImagesOfEitherKind(String name) {
    for (ImageShape shape : List.of(new ImageShape(1, 16, 16), new ImageShape(3, 17, 26))) {
      INDArray scores = output(Models.create(name, settings(shape, 4)), shape);

      assertArrayEquals(new long[] {2, 4}, scores.shape());
      assertEquals(2, scores.sumNumber().doubleValue(), 1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lenet", "mobilenetv2", "resnet18"})
  void theSeedGivesTheStartWeights(String name) {
    ImageShape shape = new ImageShape(3, 16, 16);
    INDArray one = Models.create(name, settings(shape, 3)).params();

    assertEquals(one, Models.create(name, settings(shape, 3)).params());
    assertNotEquals(
        one, Models.create(name, new ModelSettings(shape, 3, new Sgd(0.1), 0, 2)).params());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lenet",
        "mlp",
        "mobilenetv2",
        "resnet18",
        "resnet50",
        "simplecnn",
        "zoo:darknet19"
      })
  void onlyWeightsDecay(String name) {
    ImageShape shape = new ImageShape(3, 32, 32);
    Model model = Models.create(name, new ModelSettings(shape, 3, new Sgd(0.1), 0.25, 1));
    int decaying = 0;
    for (Layer layer : Models.layers(model)) {
      if (layer.conf().getLayer() instanceof BaseLayer configuration) {
        for (String parameter : layer.paramTable().keySet()) {
          List<Regularization> penalties = configuration.getRegularizationByParam(parameter);
          if (parameter.equals("W")) {
            assertEquals(1, penalties.size(), parameter);
            assertEquals(
                0.25, ((L2Regularization) penalties.get(0)).getL2().valueAt(0, 0), parameter);
            decaying++;
          } else {
            assertTrue(penalties == null || penalties.isEmpty(), parameter);
          }
        }
      }
    }
    assertTrue(decaying > 1, "layers that decay: " + decaying);
  }

  @Test
  void theScoreHoldsThePenalty() {
    ImageShape shape = new ImageShape(1, 4, 4);
    DataSet batch = batch(3, shape, 3);
    MultiLayerNetwork plain = (MultiLayerNetwork) Models.create("mlp", settings(shape, 3));
    MultiLayerNetwork decaying =
        (MultiLayerNetwork) Models.create("mlp", new ModelSettings(shape, 3, new Sgd(0.1), 0.5, 1));
    double squares =
        Math.pow(plain.getParam("0_W").norm2Number().doubleValue(), 2)
            + Math.pow(plain.getParam("1_W").norm2Number().doubleValue(), 2);

    assertEquals(plain.score(batch) + 0.5 * 0.5 * squares, decaying.score(batch), 1e-3);
  }

  @Test
  void leNetNamesItsLeastSize() {
    UserError e =
        assertThrows(
            UserError.class, () -> Models.create("lenet", settings(new ImageShape(3, 32, 15), 10)));
    assertEquals(
        "lenet needs images of at least 16 x 16 pixels, not 32 x 15: choose larger ones or another"
            + " model",
        e.getMessage());
  }

  @Test
  void namesTheNearestOfAnUnknownName() {
    assertEquals(
        "there is no model \"resnet43\"; the nearest names are resnet18, resnet34, resnet50",
        unusable("resnet43"));
    assertTrue(unusable("vgg16").contains("zoo:vgg16"), unusable("vgg16"));
    assertTrue(unusable("zoo:vgg61").contains("zoo:vgg16"), unusable("zoo:vgg61"));
  }

  @Test
  void saysWhyAModelOfTheZooIsOfNoUse() {
    assertEquals(
        "zoo:yolo2 cannot be trained to classify images: Deeplearning4j's yolo2 finds objects in"
            + " images",
        unusable("zoo:yolo2"));
    String tooSmall = unusable("zoo:resnet50");
    assertTrue(
        tooSmall.startsWith(
            "zoo:resnet50 cannot be built for images of 3x32x32 and 10 classes; larger images may"
                + " help: "),
        tooSmall);
  }

  /**
   * Of some, Deeplearning4j finds only when they see an image that a layer has nothing left of it.
   */
  @ParameterizedTest
  @MethodSource("io.github.ema4j.train.models.Models#zooNames")
  void aModelOfTheZooClassifiesImagesOrIsRefused(String name) {
    for (int size : new int[] {1, 16}) {
      ImageShape shape = new ImageShape(3, size, size);
      Model model;
      try {
        model = Models.create(name, settings(shape, 5));
        Models.tryOut(model, name, settings(shape, 5));
      } catch (UserError e) {
        assertTrue(
            e.getMessage()
                .startsWith(
                    name + " cannot be built for images of " + shape + " and 5 classes; larger"),
            e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        continue;
      }
      assertEquals(2, output(model, shape).sumNumber().doubleValue(), 1e-5);
    }
  }

  @ParameterizedTest
  @MethodSource("io.github.ema4j.train.models.Models#zooNames")
  void modelsOfTheZooTrainWithTheOptimizerOfTheSettings(String name) {
    ImageShape shape = new ImageShape(3, 96, 96);
    Model model = Models.create(name, settings(shape, 5));

    for (Layer layer : Models.layers(model)) {
      for (String parameter : List.of("W", "b")) {
        if (layer.paramTable().containsKey(parameter)) {
          BaseLayer configuration = (BaseLayer) layer.conf().getLayer();
          assertEquals(new Sgd(0.1), configuration.getUpdaterByParam(parameter), parameter);
        }
      }
    }
  }

  /** They are transposed inside: a network with the two mixed up would refuse the image. */
  @ParameterizedTest
  @ValueSource(strings = {"zoo:lenet", "zoo:squeezenet"})
  void modelsOfTheZooLearnFromOblongImages(String name) {
    ImageShape shape = new ImageShape(3, 48, 64);
    Model model = Models.create(name, settings(shape, 4));
    INDArray before = model.params().dup();

    fit(model, batch(2, shape, 4));

    assertNotEquals(before, model.params());
    assertEquals(2, output(model, shape).sumNumber().doubleValue(), 1e-5);
  }

  @Test
  void refusesImpossibleSettings() {
    ImageShape shape = new ImageShape(1, 1, 1);
    assertThrows(UserError.class, () -> new ImageShape(2, 8, 8));
    assertThrows(UserError.class, () -> new ImageShape(3, 0, 8));
    assertThrows(UserError.class, () -> new ImageShape(3, 8, -1));
    assertThrows(UserError.class, () -> new ModelSettings(shape, 1, new Sgd(0.1), 0, 1));
    assertThrows(UserError.class, () -> new ModelSettings(shape, 2, new Sgd(0.1), -1, 1));
    assertThrows(UserError.class, () -> new ModelSettings(shape, 2, new Sgd(0.1), Double.NaN, 1));
    assertEquals("1x1x1", shape.toString());
  }

  private static ModelSettings settings(ImageShape shape, int classes) {
    return new ModelSettings(shape, classes, new Sgd(0.1), 0, 1);
  }

  private static String unusable(String name) {
    ImageShape small = new ImageShape(3, 32, 32);
    return assertThrows(UserError.class, () -> Models.create(name, settings(small, 10)))
        .getMessage();
  }

  private static DataSet batch(int images, ImageShape shape, int classes) {
    Nd4j.getRandom().setSeed(7);
    INDArray labels = Nd4j.zeros(images, classes);
    for (int i = 0; i < images; i++) {
      labels.putScalar(i, i % classes, 1);
    }
    return new DataSet(Nd4j.randn(images, shape.channels(), shape.height(), shape.width()), labels);
  }

  private static void fit(Model model, DataSet batch) {
    if (model instanceof ComputationGraph graph) {
      graph.fit(batch);
    } else {
      ((MultiLayerNetwork) model).fit(batch);
    }
  }

  private static INDArray output(Model model, ImageShape shape) {
    INDArray images = batch(2, shape, 2).getFeatures();
    return model instanceof ComputationGraph graph
        ? graph.outputSingle(images)
        : ((MultiLayerNetwork) model).output(images);
  }
}
