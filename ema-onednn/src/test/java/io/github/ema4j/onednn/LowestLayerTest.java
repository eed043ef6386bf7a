// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The gradient of a network's input is left out where nobody gets it, and nowhere else. */
@WithOneDnn
class LowestLayerTest {

  private static final double LIMIT = 5e-6;

  @Test
  void gradientOfTheInputIsComputedForWhoAsksForIt() {
    MultiLayerNetwork own = (MultiLayerNetwork) TestNetworks.LENET.create();
    MultiLayerNetwork fast = (MultiLayerNetwork) TestNetworks.LENET.create();
    OneDnn.accelerate(fast);
    DataSet data = TestNetworks.batch(1, 6);
    assertClose(gradients(own, data), gradients(fast, data));
  }

  @Test
  void externalErrorsGoDownToTheInput() {
    DataSet data = TestNetworks.batch(1, 6);
    List<INDArray> all = new ArrayList<>();
    for (boolean accelerate : new boolean[] {false, true}) {
      MultiLayerNetwork network =
          new MultiLayerNetwork(
              new NeuralNetConfiguration.Builder()
                  .seed(1)
                  .list()
                  .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).build())
                  .layer(new DenseLayer.Builder().nOut(5).build())
                  .setInputType(InputType.convolutional(16, 16, 3))
                  .build());
      network.init();
      if (accelerate) {
        OneDnn.accelerate(network);
      }
      network.setInput(data.getFeatures());
      network.feedForward(true, false);
      INDArray errors = Nd4j.ones(DataType.FLOAT, 6, 5);
      Pair<Gradient, INDArray> back =
          network.backpropGradient(errors, LayerWorkspaceMgr.noWorkspaces());
      all.add(back.getSecond());
      all.add(back.getFirst().gradient().dup());
    }
    assertClose(all.get(0), all.get(2));
    assertClose(all.get(1), all.get(3));
  }

  @Test
  void listenerThatAsksDuringAStepGetsTheGradient() {
    DataSet data = TestNetworks.batch(1, 6);
    MultiLayerNetwork other = (MultiLayerNetwork) TestNetworks.LENET.create();
    INDArray expected = gradients(other, data);
    OneDnn.accelerate(other);
    MultiLayerNetwork network = (MultiLayerNetwork) TestNetworks.LENET.create();
    OneDnn.accelerate(network);
    List<INDArray> asked = new ArrayList<>();
    network.addListeners(
        new BaseTrainingListener() {
          @Override
          public void onBackwardPass(Model model) {
            asked.add(gradients(other, data));
          }
        });
    network.fit(data);
    assertEquals(1, asked.size());
    assertClose(expected, asked.get(0));
  }

  @Test
  void weightsLearnTheSameWithAndWithoutTheGradientOfTheInput() {
    DataSet data = TestNetworks.batch(1, 50);
    MultiLayerNetwork network = (MultiLayerNetwork) TestNetworks.LENET.create();
    OneDnn.accelerate(network);
    network.setInput(data.getFeatures());
    network.setLabels(data.getLabels());
    network.computeGradientAndScore();
    INDArray ofStep = network.getFlattenedGradients().dup();
    network.calculateGradients(data.getFeatures(), data.getLabels(), null, null);
    assertClose(network.getFlattenedGradients(), ofStep);
  }

  @Test
  void inputOfSeveralLayersIsNotMixedUp() {
    List<INDArray> params = new ArrayList<>();
    for (boolean accelerate : new boolean[] {false, true}) {
      ComputationGraph graph =
          new ComputationGraph(
              new NeuralNetConfiguration.Builder()
                  .seed(1)
                  .updater(new Nesterovs(0.1))
                  .graphBuilder()
                  .addInputs("in")
                  .addLayer("one", new ConvolutionLayer.Builder(3, 3).nOut(4).build(), "in")
                  .addLayer("norm", new BatchNormalization(), "in")
                  .addLayer("two", new ConvolutionLayer.Builder(3, 3).nOut(4).build(), "norm")
                  .addLayer("three", new ConvolutionLayer.Builder(3, 3).nOut(4).build(), "in")
                  .addVertex("all", new MergeVertex(), "one", "two", "three")
                  .addLayer("out", output(), "all")
                  .setOutputs("out")
                  .setInputTypes(InputType.convolutional(16, 16, 3))
                  .build());
      graph.init();
      if (accelerate) {
        OneDnn.accelerate(graph);
      }
      for (DataSet batch : TestNetworks.batches(3)) {
        graph.fit(batch);
      }
      params.add(graph.params());
    }
    assertClose(params.get(0), params.get(1));
  }

  @Test
  void picturesThatComeAsRowsAreLearntFrom() {
    List<INDArray> params = new ArrayList<>();
    for (boolean accelerate : new boolean[] {false, true}) {
      MultiLayerNetwork network =
          new MultiLayerNetwork(
              new NeuralNetConfiguration.Builder()
                  .seed(1)
                  .updater(new Nesterovs(0.1))
                  .list()
                  .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).build())
                  .layer(output())
                  .setInputType(InputType.convolutionalFlat(16, 16, 3))
                  .build());
      network.init();
      if (accelerate) {
        OneDnn.accelerate(network);
      }
      for (DataSet batch : TestNetworks.batches(3)) {
        network.fit(
            batch.getFeatures().reshape(batch.numExamples(), 3 * 16 * 16), batch.getLabels());
      }
      params.add(network.params());
    }
    assertClose(params.get(0), params.get(1));
  }

  @Test
  void layersAboveFrozenOnesLearnAsBefore() {
    List<INDArray> params = new ArrayList<>();
    for (boolean accelerate : new boolean[] {false, true}) {
      MultiLayerNetwork network =
          new TransferLearning.Builder((MultiLayerNetwork) TestNetworks.NORMALIZED.create())
              .setFeatureExtractor(5)
              .build();
      if (accelerate) {
        AccelerationReport report = OneDnn.accelerate(network);
        assertEquals(12, report.accelerated(), report::toString);
      }
      float[] before = network.params().data().asFloat();
      for (DataSet batch : TestNetworks.batches(4)) {
        network.fit(batch);
      }
      int frozen = (int) (network.getLayer(0).numParams() + network.getLayer(1).numParams());
      for (int i = 0; i < frozen; i++) {
        assertEquals(before[i], network.params().getFloat(i));
      }
      params.add(network.params());
    }
    assertClose(params.get(0), params.get(1));
  }

  @Test
  void frozenLayersOfGraphsAreAccelerated() {
    ComputationGraph graph =
        new TransferLearning.GraphBuilder((ComputationGraph) TestNetworks.RESIDUAL.create())
            .setFeatureExtractor("stage1out")
            .build();
    DataSet data = TestNetworks.batch(1, 6);
    INDArray expected = graph.outputSingle(data.getFeatures()).dup();
    AccelerationReport report = OneDnn.accelerate(graph);
    assertTrue(
        report.layers().stream()
            .filter(layer -> layer.name().equals("stage0a") || layer.name().equals("stem"))
            .allMatch(LayerReport::accelerated),
        report::toString);
    assertClose(expected, graph.outputSingle(data.getFeatures()));
    graph.fit(data);
  }

  private static INDArray gradients(MultiLayerNetwork network, DataSet data) {
    return network
        .calculateGradients(data.getFeatures(), data.getLabels(), null, null)
        .getSecond()
        .dup();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(TestNetworks.CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static void assertClose(INDArray expected, INDArray actual) {
    assertArrayEquals(expected.shape(), actual.shape());
    double error = LayerTwin.error(expected.castTo(DataType.DOUBLE), actual);
    assertTrue(error <= LIMIT, () -> "error " + error);
  }
}
