// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The best raw and the best averaged network of a run, kept in files. */
class BestModelsTest {

  private static final DataSet TRAINING = data(1, 60);
  private static final DataSet VALIDATION = data(2, 60);
  private static final ToDoubleFunction<EvaluationResult> ERROR =
      result -> result.get(RegressionEvaluation.class).averageMeanSquaredError();
  private static final ToDoubleFunction<EvaluationResult> ACCURACY =
      result -> result.get(Evaluation.class).accuracy();

  @TempDir private Path directory;

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

  private static DataSetIterator batches(DataSet data) {
    return new ExistingDataSetIterator(data.batchBy(20));
  }

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(42)
                .updater(new Adam(0.05))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().nOut(12).build())
                .layer(new BatchNormalization())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build())
                .setInputType(InputType.feedForward(4))
                .build());
    network.init();
    return network;
  }

  /** A run with what it needs to keep its best. */
  private record Run(Model network, ModelEmaListener ema, EmaEvaluator evaluator) {

    static Run of(Model network, ModelEmaListener ema) {
      return new Run(
          network,
          ema,
          new EmaEvaluator(ema, batches(VALIDATION), new RegressionEvaluation(), new Evaluation()));
    }

    static Run start() {
      MultiLayerNetwork network = BestModelsTest.network();
      return of(network, new ModelEmaListener(0.9).start(network));
    }

    static Run startGraph() {
      ComputationGraph graph = BestModelsTest.network().toComputationGraph();
      return of(graph, new ModelEmaListener(0.9).start(graph));
    }

    Run recalibrating() {
      return new Run(network, ema, evaluator.recalibratingOn(batches(TRAINING)));
    }

    BestModels minimizing(Path directory) throws IOException {
      return BestModels.minimizing(directory, network, evaluator, ERROR);
    }

    List<Comparison> fit(EmaHistory listener, int epochs) {
      network.setListeners(new TrainingListener[] {ema, listener});
      if (network instanceof MultiLayerNetwork mln) {
        mln.fit(batches(TRAINING), epochs);
      } else {
        ((ComputationGraph) network).fit(batches(TRAINING), epochs);
      }
      return listener.history();
    }

    /** What the evaluator makes of a network in a file. */
    double errorOf(BestModels.Best best) throws IOException {
      Model loaded =
          network instanceof MultiLayerNetwork
              ? MultiLayerNetwork.load(best.file().toFile(), true)
              : ComputationGraph.load(best.file().toFile(), true);
      assertEquals(best.iteration(), Networks.iterationCount(loaded));
      assertEquals(best.epoch(), Networks.epochCount(loaded));
      ModelEmaListener still = new ModelEmaListener(1).start(loaded);
      return ERROR.applyAsDouble(Run.of(loaded, still).evaluator().raw(loaded));
    }
  }

  private static double least(List<Comparison> comparisons, boolean raw) {
    return comparisons.stream()
        .mapToDouble(c -> ERROR.applyAsDouble(raw ? c.raw() : c.averaged()))
        .min()
        .orElseThrow();
  }

  // ---------------------------------------------------------------- what is kept

  @Tag("numbers")
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void filesHoldWhatWasScoredBest(boolean graph) throws IOException {
    for (boolean recalibrating : new boolean[] {false, true}) {
      for (boolean everyIteration : new boolean[] {false, true}) {
        Run plain = graph ? Run.startGraph() : Run.start();
        Run run = recalibrating ? plain.recalibrating() : plain;
        Path own = directory.resolve(recalibrating + "/" + everyIteration);
        BestModels best = run.minimizing(own);
        assertEquals(Optional.empty(), best.raw());
        assertEquals(Optional.empty(), best.averaged());

        List<Comparison> comparisons =
            run.fit(
                (everyIteration
                        ? run.evaluator().everyIterations(1)
                        : run.evaluator().everyEpochs(1))
                    .onComparison(best),
                12);

        assertEquals(everyIteration ? 36 : 12, comparisons.size());
        BestModels.Best raw = best.raw().orElseThrow();
        BestModels.Best averaged = best.averaged().orElseThrow();
        assertEquals(least(comparisons, true), raw.score());
        assertEquals(least(comparisons, false), averaged.score());
        assertEquals(raw.score(), run.errorOf(raw));
        assertEquals(averaged.score(), run.errorOf(averaged));
        assertTrue(raw.iteration() < Networks.iterationCount(run.network()));
        assertEquals(
            List.of(own.resolve(BestModels.AVERAGED), own.resolve(BestModels.RAW)), files(own));
      }
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  @Test
  void trainingIsThatWithoutIt() throws IOException {
    Run plain = Run.start();
    plain.fit(plain.evaluator().everyEpochs(100), 5);
    Run run = Run.start().recalibrating();
    run.fit(run.evaluator().everyIterations(1).onComparison(run.minimizing(directory)), 5);
    assertArrayEquals(
        plain.network().params().toFloatVector(), run.network().params().toFloatVector());
  }

  @Test
  void highestScoreIsKeptIfThatIsTheGoalAndTheFirstOfEquals() throws IOException {
    Run run = Run.start();
    BestModels best = BestModels.maximizing(directory, run.network(), run.evaluator(), ACCURACY);
    List<Comparison> comparisons = run.fit(run.evaluator().everyEpochs(1).onComparison(best), 12);
    Comparison highest = comparisons.get(0);
    for (Comparison comparison : comparisons) {
      if (ACCURACY.applyAsDouble(comparison.raw()) > ACCURACY.applyAsDouble(highest.raw())) {
        highest = comparison;
      }
    }
    assertEquals(ACCURACY.applyAsDouble(highest.raw()), best.raw().orElseThrow().score());
    assertEquals(highest.epoch(), best.raw().orElseThrow().epoch());
  }

  @Test
  void scoreThatIsNotFiniteIsNeverTheBest() throws IOException {
    Run run = Run.start();
    double[] scores = {Double.NaN, Double.NEGATIVE_INFINITY, 3, Double.NaN, 2, 4};
    int[] next = {0};
    BestModels best =
        BestModels.minimizing(
            directory, run.network(), run.evaluator(), result -> scores[next[0]++ / 2]);
    EmaHistory history = run.evaluator().everyEpochs(1).onComparison(best);
    run.fit(history, 2);
    assertEquals(Optional.empty(), best.raw());
    assertEquals(List.of(), files(directory));
    run.fit(history, 4);
    assertEquals(2, best.raw().orElseThrow().score());
    assertEquals(5, best.raw().orElseThrow().epoch());
    assertEquals(2, best.averaged().orElseThrow().score());
  }

  @Test
  void averageWithoutAnUpdateIsNotKept() throws IOException {
    Run run = Run.start();
    BestModels best = run.minimizing(directory);
    best.accept(run.evaluator().compare(run.network()));
    assertTrue(best.raw().isPresent());
    assertEquals(Optional.empty(), best.averaged());
  }

  // ---------------------------------------------------------------- of several averages

  /** The scores are drawn, so that which is best changes from comparison to comparison. */
  @Test
  void ofSeveralAveragesTheBestOfAllAndOfEachAreKept() throws IOException {
    MultiLayerNetwork network = network();
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9, 0.99).start(network);
    EmaEvaluator evaluator = new EmaEvaluator(group, batches(VALIDATION), new Evaluation());
    List<double[]> drawn = new ArrayList<>(); // of raw and the three, comparison by comparison
    Random random = new Random(3);
    int[] next = {0};
    BestModels best =
        BestModels.maximizing(
                directory,
                network,
                evaluator,
                result -> {
                  if (next[0] % 4 == 0) {
                    drawn.add(new double[4]);
                  }
                  double score = random.nextDouble();
                  // Comparison scores the averages in their order, and then the raw weights.
                  drawn.get(next[0] / 4)[next[0]++ % 4] = score;
                  return score;
                })
            .keepingEach();
    List<float[][]> weights = new ArrayList<>();
    evaluator
        .everyEpochs(1)
        .onComparison(
            row ->
                weights.add(
                    group.members().stream()
                        .map(member -> member.averagedNetwork(network).params().toFloatVector())
                        .toArray(float[][]::new)))
        .onComparison(best);
    network.setListeners(group);
    network.fit(batches(TRAINING), 9);

    int[] epochs = new int[3];
    for (int epoch = 1; epoch < 9; epoch++) {
      for (int i = 0; i < 3; i++) {
        epochs[i] = drawn.get(epoch)[i] > drawn.get(epochs[i])[i] ? epoch : epochs[i];
      }
    }
    int winner = 0;
    for (int i = 0; i < 3; i++) {
      BestModels.Best kept = best.averaged(i).orElseThrow();
      assertEquals(directory.resolve("bestAveraged-" + i + ".zip"), kept.file());
      assertEquals(drawn.get(epochs[i])[i], kept.score());
      assertEquals(epochs[i] + 1, kept.epoch());
      assertEquals(i, kept.average().orElseThrow().index());
      assertArrayEquals(
          weights.get(epochs[i])[i],
          MultiLayerNetwork.load(kept.file().toFile(), false).params().toFloatVector());
      winner = drawn.get(epochs[i])[i] > drawn.get(epochs[winner])[winner] ? i : winner;
    }
    BestModels.Best all = best.averaged().orElseThrow();
    assertEquals(
        Optional.of(new BestModels.Average(winner, group.get(winner).config().schedule().spec())),
        all.average());
    assertEquals(best.averaged(winner).orElseThrow().score(), all.score());
    assertArrayEquals(
        weights.get(epochs[winner])[winner],
        MultiLayerNetwork.load(all.file().toFile(), false).params().toFloatVector());
    assertEquals(Optional.empty(), best.raw().orElseThrow().average());
    assertEquals(5, files(directory).size());
  }

  @Test
  void withoutBeingAskedForThoseOfEachAreNotKept() throws IOException {
    Run run = Run.start();
    run.fit(run.evaluator().everyEpochs(1).onComparison(run.minimizing(directory)), 1);
    assertEquals(2, files(directory).size());
  }

  @Test
  void thoseOfEachGoOnAfterAResumeAndOnlyWithTheSameAverages() throws IOException {
    Run run = Run.start();
    double[] score = {5};
    BestModels first =
        BestModels.minimizing(directory, run.network(), run.evaluator(), result -> score[0])
            .keepingEach();
    run.fit(run.evaluator().everyEpochs(1).onComparison(first), 1);
    byte[] kept = Files.readAllBytes(directory.resolve(BestModels.fileOf(0)));

    BestModels second =
        BestModels.minimizing(directory, run.network(), run.evaluator(), result -> score[0])
            .keepingEach();
    second.accept(run.evaluator().compare(run.network())); // no better
    assertArrayEquals(kept, Files.readAllBytes(directory.resolve(BestModels.fileOf(0))));
    assertEquals(first.averaged(0), second.averaged(0));
    assertEquals(first.averaged(), second.averaged());

    MultiLayerNetwork network = network();
    Run other = Run.of(network, new ModelEmaListener(0.8));
    BestModels third =
        BestModels.minimizing(directory, network, other.evaluator(), result -> score[0])
            .keepingEach();
    EmaHistory history = other.evaluator().everyEpochs(1).onComparison(third);
    Exception e = assertThrows(IllegalArgumentException.class, () -> other.fit(history, 1));
    assertTrue(e.getMessage().contains("constant(decay=0.8)"), e.getMessage());
  }

  // ---------------------------------------------------------------- resuming

  @Test
  void resumedRunGoesOnComparingWithTheBestSoFar() throws IOException {
    Run whole = Run.start();
    BestModels expected = whole.minimizing(directory.resolve("whole"));
    whole.fit(whole.evaluator().everyEpochs(1).onComparison(expected), 12);

    Path own = directory.resolve("parts");
    Run first = Run.start();
    first.fit(first.evaluator().everyEpochs(1).onComparison(first.minimizing(own)), 7);
    Path checkpoint = directory.resolve("run.zip");
    EmaCheckpoint.save(checkpoint, first.network(), first.ema());
    RestoredCheckpoint<MultiLayerNetwork> restored =
        EmaCheckpoint.restoreMultiLayerNetwork(checkpoint);
    Run second = Run.of(restored.network(), restored.ema());
    BestModels best = second.minimizing(own);
    second.fit(second.evaluator().everyEpochs(1).onComparison(best), 5);

    for (String name : List.of(BestModels.RAW, BestModels.AVERAGED)) {
      assertArrayEquals(
          Files.readAllBytes(directory.resolve("whole").resolve(name)),
          Files.readAllBytes(own.resolve(name)));
    }
    assertEquals(expected.raw().orElseThrow().score(), best.raw().orElseThrow().score());
    assertEquals(expected.averaged().orElseThrow().epoch(), best.averaged().orElseThrow().epoch());
  }

  @Tag("numbers")
  @Test
  void laterWorseScoreNeverReplacesAFile() throws IOException {
    Run run = Run.start();
    BestModels best = run.minimizing(directory);
    run.fit(run.evaluator().everyEpochs(1).onComparison(best), 8);
    byte[] raw = Files.readAllBytes(directory.resolve(BestModels.RAW));
    byte[] averaged = Files.readAllBytes(directory.resolve(BestModels.AVERAGED));

    // Another run in the same directory, as bad as at its start.
    Run worse = Run.start();
    BestModels later = worse.minimizing(directory);
    assertEquals(best.raw(), later.raw());
    assertEquals(best.averaged(), later.averaged());
    worse.fit(worse.evaluator().everyIterations(1).onComparison(later), 1);

    assertArrayEquals(raw, Files.readAllBytes(directory.resolve(BestModels.RAW)));
    assertArrayEquals(averaged, Files.readAllBytes(directory.resolve(BestModels.AVERAGED)));
    assertEquals(best.raw(), later.raw());
  }

  // ---------------------------------------------------------------- errors

  @Test
  void otherGoalIsRefused() throws IOException {
    Run run = Run.start();
    run.minimizing(directory).accept(run.evaluator().compare(run.network()));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> BestModels.maximizing(directory, run.network(), run.evaluator(), ACCURACY));
    assertTrue(e.getMessage().contains("to MINIMIZE its score"), e.getMessage());
  }

  @Test
  void fileThatIsNotOneOfItsOwnIsRefused() throws IOException {
    Run run = Run.start();
    Path file = directory.resolve(BestModels.RAW);
    ModelSerializer.writeModel(run.network(), file.toFile(), false);
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> run.minimizing(directory));
    assertTrue(e.getMessage().contains("lacks the entry 'bestScore.json'"), e.getMessage());

    Files.writeString(file, "not a zip");
    assertThrows(EmaCheckpointException.class, () -> run.minimizing(directory));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "{}", "{\"format\": 2}", "{\"format\": 1, \"goal\": \"WORST\"}"})
  void badScoreIsRefused(String json) throws IOException {
    Run run = Run.start();
    run.minimizing(directory).accept(run.evaluator().compare(run.network()));
    Path file = directory.resolve(BestModels.RAW);
    try (FileSystem zip = FileSystems.newFileSystem(file)) {
      Files.writeString(zip.getPath(BestScoreJson.ENTRY), json);
    }
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> run.minimizing(directory));
    assertTrue(e.getMessage().contains("has a bad bestScore.json"), e.getMessage());
  }

  @Test
  void failureToSaveIsReportedAndTheFormerBestStays() throws IOException {
    Run run = Run.start();
    Path own = Files.createDirectory(directory.resolve("own"));
    double[] score = {5};
    BestModels best =
        BestModels.minimizing(own, run.network(), run.evaluator(), result -> score[0]);
    Comparison comparison = run.evaluator().compare(run.network());
    best.accept(comparison);
    Optional<BestModels.Best> former = best.raw();
    Files.delete(own.resolve(BestModels.RAW));
    Files.delete(own);
    score[0] = 4;
    UncheckedIOException e =
        assertThrows(UncheckedIOException.class, () -> best.accept(comparison));
    assertTrue(e.getMessage().contains("does not exist"), e.getMessage());
    assertEquals(former, best.raw());
    assertFalse(Files.exists(own));
  }
}
