// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.earlystopping;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingModelSaver;
import org.deeplearning4j.earlystopping.EarlyStoppingResult;
import org.deeplearning4j.earlystopping.listener.EarlyStoppingListener;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.saver.LocalFileGraphSaver;
import org.deeplearning4j.earlystopping.saver.LocalFileModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.ClassificationScoreCalculator;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.scorecalc.ScoreCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingGraphTrainer;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.earlystopping.trainer.IEarlyStoppingTrainer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Deeplearning4j's early stopping on averaged weights. */
class EarlyStoppingTest {

  private static final int EPOCHS = 12;
  private static final DataSet TRAINING = data(1, 60);
  private static final DataSet VALIDATION = data(2, 90);

  @TempDir private Path directory;

  // ---------------------------------------------------------------- what varies

  private enum Kind {
    MLN,
    GRAPH;

    Model network() {
      NeuralNetConfiguration.Builder base =
          new NeuralNetConfiguration.Builder()
              .seed(42)
              .updater(new Adam(0.05))
              .activation(Activation.TANH);
      DenseLayer hidden = new DenseLayer.Builder().nOut(12).build();
      BatchNormalization norm = new BatchNormalization();
      OutputLayer out =
          new OutputLayer.Builder(LossFunction.MCXENT)
              .activation(Activation.SOFTMAX)
              .nOut(3)
              .build();
      if (this == MLN) {
        MultiLayerNetwork network =
            new MultiLayerNetwork(
                base.list()
                    .layer(hidden)
                    .layer(norm)
                    .layer(out)
                    .setInputType(InputType.feedForward(4))
                    .build());
        network.init();
        return network;
      }
      ComputationGraph graph =
          new ComputationGraph(
              base.graphBuilder()
                  .addInputs("in")
                  .addLayer("hidden", hidden, "in")
                  .addLayer("norm", norm, "hidden")
                  .addLayer("out", out, "norm")
                  .setOutputs("out")
                  .setInputTypes(InputType.feedForward(4))
                  .build());
      graph.init();
      return graph;
    }
  }

  private enum Store {
    MEMORY,
    FILE;

    @SuppressWarnings({"unchecked", "rawtypes"})
    EarlyStoppingModelSaver<Model> saver(Kind kind, Path directory) {
      if (this == MEMORY) {
        return new InMemoryModelSaver<>();
      }
      return (EarlyStoppingModelSaver)
          (kind == Kind.MLN
              ? new LocalFileModelSaver(directory.toFile())
              : new LocalFileGraphSaver(directory.toString()));
    }
  }

  private enum Score {
    LOSS,
    ACCURACY;

    ScoreCalculator<Model> calculator() {
      return this == LOSS
          ? new DataSetLossCalculator(batches(VALIDATION, 32), true)
          : new ClassificationScoreCalculator(Evaluation.Metric.ACCURACY, batches(VALIDATION, 32));
    }
  }

  static Stream<Arguments> combinations() {
    List<Arguments> combinations = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      for (Store store : Store.values()) {
        for (Score score : Score.values()) {
          combinations.add(Arguments.of(kind, store, score));
        }
      }
    }
    return combinations.stream();
  }

  /** Points of three classes, of which a quarter has a random label: a network soon overfits. */
  private static DataSet data(long seed, int examples) {
    Random random = new Random(seed);
    INDArray features = Nd4j.create(examples, 4);
    INDArray labels = Nd4j.create(examples, 3);
    for (int i = 0; i < examples; i++) {
      int type = random.nextInt(3);
      for (int j = 0; j < 4; j++) {
        features.putScalar(i, j, random.nextGaussian() + (j == type ? 1.5 : 0));
      }
      labels.putScalar(i, random.nextInt(4) == 0 ? random.nextInt(3) : type, 1);
    }
    return new DataSet(features, labels);
  }

  private static DataSetIterator batches(DataSet data, int size) {
    return new ExistingDataSetIterator(data.batchBy(size));
  }

  // ---------------------------------------------------------------- training

  /** What there was at the end of an epoch. */
  private record Epoch(float[] raw, float[] averaged) {}

  private static final class Log implements EarlyStoppingListener<Model> {

    private final Optional<ModelEmaListener> ema;
    private final List<Epoch> epochs = new ArrayList<>();

    Log(ModelEmaListener ema) {
      this.ema = Optional.of(ema);
    }

    /** Of training without an average. */
    Log() {
      ema = Optional.empty();
    }

    @Override
    public void onStart(EarlyStoppingConfiguration<Model> configuration, Model network) {}

    @Override
    public void onEpoch(
        int epoch, double score, EarlyStoppingConfiguration<Model> configuration, Model network) {
      assertEquals(epochs.size(), epoch);
      float[] averaged = ema.map(e -> e.shadow().toFloatVector()).orElse(new float[0]);
      epochs.add(new Epoch(network.params().toFloatVector(), averaged));
    }

    @Override
    public void onCompletion(EarlyStoppingResult<Model> result) {}
  }

  private static IEarlyStoppingTrainer<?> trainer(
      Model network, EarlyStoppingConfiguration<Model> configuration) {
    DataSetIterator training = batches(TRAINING, 20);
    @SuppressWarnings({"unchecked", "rawtypes"})
    IEarlyStoppingTrainer<?> trainer =
        network instanceof MultiLayerNetwork mln
            ? new EarlyStoppingTrainer((EarlyStoppingConfiguration) configuration, mln, training)
            : new EarlyStoppingGraphTrainer(
                (EarlyStoppingConfiguration) configuration, (ComputationGraph) network, training);
    return trainer;
  }

  private static EarlyStoppingConfiguration<Model> configuration(
      ScoreCalculator<Model> calculator, EarlyStoppingModelSaver<Model> saver, int epochs) {
    return new EarlyStoppingConfiguration.Builder<Model>()
        .scoreCalculator(calculator)
        .modelSaver(saver)
        .saveLastModel(true)
        .epochTerminationConditions(new MaxEpochsTerminationCondition(epochs))
        .build();
  }

  @SuppressWarnings("unchecked")
  private static EarlyStoppingResult<Model> train(
      Model network, EarlyStoppingConfiguration<Model> configuration, Log log) {
    IEarlyStoppingTrainer<Model> trainer =
        (IEarlyStoppingTrainer<Model>) trainer(network, configuration);
    trainer.setListener(log);
    EarlyStoppingResult<Model> result = trainer.fit();
    assertEquals(
        EarlyStoppingResult.TerminationReason.EpochTerminationCondition,
        result.getTerminationReason());
    return result;
  }

  private static int bestEpoch(Map<Integer, Double> scores, boolean minimize) {
    int best = 0;
    for (int epoch : scores.keySet()) {
      double score = scores.get(epoch);
      if (minimize ? score < scores.get(best) : score > scores.get(best)) {
        best = epoch;
      }
    }
    return best;
  }

  // ---------------------------------------------------------------- tests

  @ParameterizedTest
  @MethodSource("combinations")
  void averagedWeightsAreScoredAndStoredAndTheLatestAreRaw(Kind kind, Store store, Score score)
      throws IOException {
    Model network = kind.network();
    ModelEmaListener ema = new ModelEmaListener(0.8).start(network);
    network.setListeners(ema);
    Log log = new Log(ema);
    EarlyStoppingModelSaver<Model> saver = new EmaModelSaver<>(ema, store.saver(kind, directory));
    ScoreCalculator<Model> calculator = new EmaScoreCalculator<>(ema, score.calculator());
    assertEquals(score == Score.LOSS, calculator.minimizeScore());

    EarlyStoppingResult<Model> result =
        train(network, configuration(calculator, saver, EPOCHS), log);

    // The scores are those of the averaged weights.
    Map<Integer, Double> scores = result.getScoreVsEpoch();
    assertEquals(EPOCHS, scores.size());
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      INDArray averaged = Nd4j.createFromArray(log.epochs.get(epoch).averaged());
      double expected = score.calculator().calculateScore(Networks.copy(network, averaged));
      assertEquals(expected, scores.get(epoch));
    }
    int best = bestEpoch(scores, score == Score.LOSS);
    assertEquals(best, result.getBestModelEpoch());

    // The best model is the one that was scored.
    Model stored = saver.getBestModel();
    assertArrayEquals(log.epochs.get(best).averaged(), stored.params().toFloatVector());
    assertEquals(scores.get(best), score.calculator().calculateScore(stored));
    assertArrayEquals(
        stored.params().toFloatVector(), result.getBestModel().params().toFloatVector());
    assertEquals(EPOCHS * 3, ema.updateCount());

    // The latest model is raw.
    Model latest = saver.getLatestModel();
    assertArrayEquals(log.epochs.get(EPOCHS - 1).raw(), latest.params().toFloatVector());
    assertFalse(Arrays.equals(latest.params().toFloatVector(), ema.shadow().toFloatVector()));

    // None shares memory with the others.
    float[] raw = network.params().toFloatVector();
    float[] averaged = ema.shadow().toFloatVector();
    stored.params().assign(7);
    saver.getLatestModel().params().assign(8);
    result.getBestModel().params().assign(9);
    assertArrayEquals(raw, network.params().toFloatVector());
    assertArrayEquals(averaged, ema.shadow().toFloatVector());
  }

  /** The distance of weights from others. */
  private static ScoreCalculator<Model> distanceFrom(float[] goal) {
    return new ScoreCalculator<>() {
      @Override
      public double calculateScore(Model network) {
        return network.params().reshape(goal.length).distance2(Nd4j.createFromArray(goal));
      }

      @Override
      public boolean minimizeScore() {
        return true;
      }
    };
  }

  /** The raw weights are best where they are their goal; the average comes by some epochs later. */
  @Tag("numbers")
  @Test
  void epochIsThatInWhichTheAverageIsBestAndNotTheRawWeights() {
    Model first = Kind.MLN.network();
    Log before = new Log();
    train(
        first, configuration(Score.LOSS.calculator(), new InMemoryModelSaver<>(), EPOCHS), before);
    int best = 4;
    float[] goal = before.epochs.get(best).raw();

    Model network = Kind.MLN.network();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    network.setListeners(ema);
    Log log = new Log(ema);
    EarlyStoppingResult<Model> result =
        train(
            network,
            configuration(
                new EmaScoreCalculator<>(ema, distanceFrom(goal)),
                new EmaModelSaver<>(ema, new InMemoryModelSaver<>()),
                EPOCHS),
            log);

    assertArrayEquals(goal, log.epochs.get(best).raw());
    assertTrue(
        result.getBestModelEpoch() > best && result.getBestModelEpoch() < EPOCHS - 1,
        result.getScoreVsEpoch().toString());
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void trainingIsThatWithoutAnAverage(Kind kind, Store store, Score score) {
    Model plain = kind.network();
    train(plain, configuration(score.calculator(), store.saver(kind, directory), 4), new Log());

    Model network = kind.network();
    ModelEmaListener ema = new ModelEmaListener(0.8).start(network);
    network.setListeners(ema);
    train(
        network,
        configuration(
            new EmaScoreCalculator<>(ema, score.calculator()),
            new EmaModelSaver<>(ema, store.saver(kind, directory)),
            4),
        new Log(ema));

    assertArrayEquals(plain.params().toFloatVector(), network.params().toFloatVector());
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void resumedRunGoesOnWithItsAverage(Kind kind, Store store, Score score) throws IOException {
    Model whole = kind.network();
    ModelEmaListener wholeEma = new ModelEmaListener(0.8).start(whole);
    whole.setListeners(wholeEma);
    Map<Integer, Double> expected =
        train(whole, configuration(wholeEma, kind, store, score, 6), new Log(wholeEma))
            .getScoreVsEpoch();

    Model first = kind.network();
    ModelEmaListener firstEma = new ModelEmaListener(0.8).start(first);
    first.setListeners(firstEma);
    train(first, configuration(firstEma, kind, store, score, 3), new Log(firstEma));
    Path file = directory.resolve("run.zip");
    EmaCheckpoint.save(file, first, firstEma);

    RestoredCheckpoint<Model> run = EmaCheckpoint.restore(file);
    Model second = run.network();
    second.setListeners(run.ema());
    Map<Integer, Double> resumed =
        train(second, configuration(run.ema(), kind, store, score, 3), new Log(run.ema()))
            .getScoreVsEpoch();

    assertArrayEquals(wholeEma.shadow().toFloatVector(), run.ema().shadow().toFloatVector());
    for (int epoch = 0; epoch < 3; epoch++) {
      assertEquals(expected.get(3 + epoch), resumed.get(epoch));
    }
  }

  private EarlyStoppingConfiguration<Model> configuration(
      ModelEmaListener ema, Kind kind, Store store, Score score, int epochs) {
    return configuration(
        new EmaScoreCalculator<>(ema, score.calculator()),
        new EmaModelSaver<>(ema, store.saver(kind, directory)),
        epochs);
  }

  /** What is scored is of the network's type, as what is stored; the average is finer. */
  @ParameterizedTest
  @MethodSource("combinations")
  void doubleAverageIsScoredAsItIsStored(Kind kind, Store store, Score score) throws IOException {
    Model network = kind.network();
    ModelEmaListener ema =
        new ModelEmaListener(
                AveragingConfig.builder().decay(0.8).shadowType(DataType.DOUBLE).build())
            .start(network);
    network.setListeners(ema);
    EarlyStoppingModelSaver<Model> saver = new EmaModelSaver<>(ema, store.saver(kind, directory));
    EarlyStoppingResult<Model> result =
        train(
            network,
            configuration(new EmaScoreCalculator<>(ema, score.calculator()), saver, 4),
            new Log(ema));
    double best = result.getScoreVsEpoch().get(result.getBestModelEpoch());
    assertEquals(DataType.FLOAT, saver.getBestModel().params().dataType());
    assertEquals(best, score.calculator().calculateScore(saver.getBestModel()));
  }

  @Test
  void listenerNeedNotBeAttached() {
    Model network = Kind.MLN.network();
    ModelEmaListener ema = new ModelEmaListener(0.8);
    network.setListeners(ema);
    EarlyStoppingResult<Model> result =
        train(network, configuration(ema, Kind.MLN, Store.MEMORY, Score.LOSS, 2), new Log(ema));
    assertEquals(2, result.getTotalEpochs());
    assertEquals(6, ema.updateCount());
  }

  /** The trap of Deeplearning4j that {@link EmaScoreCalculator} warns of. */
  @Tag("numbers")
  @Test
  void bestModelScoreOfTheResultIsNotTheScore() {
    Model network = Kind.MLN.network();
    ModelEmaListener ema = new ModelEmaListener(0.8).start(network);
    network.setListeners(ema);
    EarlyStoppingResult<Model> result =
        train(network, configuration(ema, Kind.MLN, Store.FILE, Score.LOSS, 3), new Log(ema));
    assertEquals(0.0, result.getBestModelScore());
    assertTrue(result.getScoreVsEpoch().get(result.getBestModelEpoch()) > 0.1);
  }
}
