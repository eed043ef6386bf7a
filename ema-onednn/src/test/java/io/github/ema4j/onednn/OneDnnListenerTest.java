// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.onednn.internal.layer.Substitution;
import io.github.ema4j.onednn.internal.updater.Updaters;
import io.github.ema4j.testing.LogCapture;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/** Networks that Deeplearning4j trains are accelerated, whoever made them. */
class OneDnnListenerTest {

  @ParameterizedTest
  @EnumSource
  void networkIsAcceleratedBeforeItsFirstEpoch(TestNetworks kind) {
    Model listening = kind.create();
    listening.addListeners(new OneDnnListener());
    Model accelerated = kind.create();
    TestNetworks.accelerate(accelerated);
    fit(listening);
    fit(accelerated);
    assertArrayEquals(accelerated.params().data().asFloat(), listening.params().data().asFloat());
  }

  @ParameterizedTest
  @EnumSource
  void networkWithoutEpochsIsAcceleratedAfterItsFirstStep(TestNetworks kind) {
    Model listening = kind.create();
    listening.addListeners(new OneDnnListener());
    Model accelerated = kind.create();
    Nd4j.getRandom().setSeed(4);
    TestNetworks.fit(listening, TestNetworks.batch(1, 6));
    Nd4j.getRandom().setSeed(4);
    TestNetworks.fit(accelerated, TestNetworks.batch(1, 6));
    TestNetworks.accelerate(accelerated);
    for (DataSet batch : TestNetworks.batches(3)) {
      Nd4j.getRandom().setSeed(4);
      TestNetworks.fit(listening, batch);
      Nd4j.getRandom().setSeed(4);
      TestNetworks.fit(accelerated, batch);
    }
    assertArrayEquals(accelerated.params().data().asFloat(), listening.params().data().asFloat());
  }

  @ParameterizedTest
  @EnumSource
  void updaterIsReplacedAgainAfterTheLearningRateWasSet(TestNetworks kind) {
    Model network = kind.create();
    network.addListeners(new OneDnnListener());
    Model built = kind.create();
    for (double rate : new double[] {0.02, 0.01}) {
      setLearningRate(network, rate);
      fit(network);
      assertFalse(Updaters.canReplace(network), "is Deeplearning4j's own");
      setLearningRate(built, rate);
      TestNetworks.accelerate(built);
      fit(built);
    }
    assertArrayEquals(built.params().data().asFloat(), network.params().data().asFloat());
  }

  private static void setLearningRate(Model network, double rate) {
    if (network instanceof ComputationGraph graph) {
      graph.setLearningRate(rate);
    } else {
      ((MultiLayerNetwork) network).setLearningRate(rate);
    }
  }

  @Test
  void everyReplicaOfParallelWrapperIsAccelerated() throws Exception {
    for (TestNetworks kind : new TestNetworks[] {TestNetworks.NORMALIZED, TestNetworks.RESIDUAL}) {
      Model network = kind.create();
      double before = score(network);
      Set<Model> replicas = ConcurrentHashMap.newKeySet();
      Set<Model> plain = ConcurrentHashMap.newKeySet();
      network.addListeners(
          new OneDnnListener(),
          new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
              replicas.add(model);
              if (!isAccelerated(model)) {
                plain.add(model);
              }
            }
          });
      try (ParallelWrapper wrapper =
          new ParallelWrapper.Builder<>(network).workers(2).averagingFrequency(1).build()) {
        for (int epoch = 0; epoch < 4; epoch++) {
          wrapper.fit(iterator());
        }
      }
      assertTrue(replicas.size() >= 2, () -> "replicas: " + replicas.size());
      assertEquals(Set.of(), plain);
      double after = score(network);
      assertTrue(after < before, () -> "score " + before + " to " + after);
    }
  }

  @Test
  void networkInEarlyStoppingIsAcceleratedAndItsBestCopyIsWhole() throws IOException {
    MultiLayerNetwork network = (MultiLayerNetwork) TestNetworks.NORMALIZED.create();
    network.addListeners(new OneDnnListener());
    InMemoryModelSaver<MultiLayerNetwork> saver = new InMemoryModelSaver<>();
    EarlyStoppingConfiguration<MultiLayerNetwork> configuration =
        new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
            .epochTerminationConditions(new MaxEpochsTerminationCondition(3))
            .scoreCalculator(new DataSetLossCalculator(iterator(), true))
            .modelSaver(saver)
            .build();
    new EarlyStoppingTrainer(configuration, network, iterator()).fit();
    assertTrue(isAccelerated(network));
    MultiLayerNetwork best = saver.getBestModel();
    assertFalse(isAccelerated(best));
    assertTrue(OneDnn.accelerate(best).accelerated() > 0);
    fit(best);
  }

  @Test
  void cloneOfAnAcceleratedNetworkIsANetworkOfItsOwn() {
    for (TestNetworks kind : new TestNetworks[] {TestNetworks.NORMALIZED, TestNetworks.RESIDUAL}) {
      Model network = kind.create();
      TestNetworks.accelerate(network);
      fit(network);
      Model clone =
          network instanceof ComputationGraph graph
              ? graph.clone()
              : ((MultiLayerNetwork) network).clone();
      assertFalse(isAccelerated(clone));
      TestNetworks.accelerate(clone);
      fit(network);
      fit(clone);
      assertArrayEquals(network.params().data().asFloat(), clone.params().data().asFloat());
    }
  }

  @Test
  void equalReportsAreLoggedOnce() {
    try (LogCapture log = new LogCapture(OneDnnListener.class)) {
      OneDnnListener listener = new OneDnnListener();
      for (int i = 0; i < 3; i++) {
        Model network = TestNetworks.LENET.create();
        network.addListeners(listener);
        fit(network);
        fit(network);
      }
      assertEquals(1, log.messages(Level.INFO).size());
      Model other = TestNetworks.NORMALIZED.create();
      other.addListeners(listener);
      fit(other);
      assertEquals(2, log.messages(Level.INFO).size());
    }
  }

  private static void fit(Model network) {
    Nd4j.getRandom().setSeed(4);
    if (network instanceof ComputationGraph graph) {
      graph.fit(iterator());
    } else {
      ((MultiLayerNetwork) network).fit(iterator());
    }
  }

  private static DataSetIterator iterator() {
    List<DataSet> batches = Stream.of(0, 1, 2, 3).map(seed -> TestNetworks.batch(seed, 8)).toList();
    return new ListDataSetIterator<>(
        batches.stream().flatMap(batch -> batch.asList().stream()).toList(), 8);
  }

  private static double score(Model network) {
    DataSet data = TestNetworks.batch(0, 8);
    return network instanceof ComputationGraph graph
        ? graph.score(data)
        : ((MultiLayerNetwork) network).score(data);
  }

  private static boolean isAccelerated(Model network) {
    var layers =
        network instanceof ComputationGraph graph
            ? graph.getLayers()
            : ((MultiLayerNetwork) network).getLayers();
    return Stream.of(layers).anyMatch(Substitution::isSubstitute);
  }
}
