// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.CheckpointListener;
import org.deeplearning4j.optimize.listeners.EvaluativeListener;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.stats.api.StatsReport;
import org.deeplearning4j.ui.model.stats.api.StatsType;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** The plugin beside the listeners that a training program has already. */
class ExistingPipelinesTest {

  private static final DataSet POINTS = Data.points(1, 24, 0.2);
  private static final DataSet VALIDATION = Data.points(2, 40, 0.2);

  @TempDir private Path folder;

  private static void fit(Model network) {
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
  }

  // ---------------------------------------------------------------- beside the plugin

  enum Order {
    PLUGIN_FIRST,
    PLUGIN_LAST,
    PLUGIN_IN_THE_MIDDLE;

    TrainingListener[] of(List<TrainingListener> stock, TrainingListener... plugin) {
      List<TrainingListener> all = new ArrayList<>(stock);
      int at =
          switch (this) {
            case PLUGIN_FIRST -> 0;
            case PLUGIN_LAST -> stock.size();
            case PLUGIN_IN_THE_MIDDLE -> stock.size() / 2;
          };
      all.addAll(at, List.of(plugin));
      return all.toArray(TrainingListener[]::new);
    }
  }

  private record Outcome(TrainingState training, StockListeners.Notes notes) {}

  private static Stream<Arguments> networksAndOrders() {
    return Stream.of(Order.values())
        .flatMap(
            order ->
                Stream.of(
                    Arguments.of(order, (Supplier<Model>) Nets::mlp),
                    Arguments.of(order, (Supplier<Model>) Nets::graph)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("networksAndOrders")
  void stockListenersSeeWhatTheySawWithoutThePlugin(Order order, Supplier<Model> networks)
      throws IOException {
    Outcome alone;
    Path aloneFolder = Files.createDirectory(folder.resolve("alone"));
    try (StockListeners stock = new StockListeners(Batches.of(VALIDATION, 16), aloneFolder)) {
      Model network = networks.get();
      network.setListeners(stock.all().toArray(TrainingListener[]::new));
      fit(network);
      alone = new Outcome(TrainingState.of(network), stock.notes());
    }

    Outcome beside;
    Path besideFolder = Files.createDirectory(folder.resolve("beside"));
    try (StockListeners stock = new StockListeners(Batches.of(VALIDATION, 16), besideFolder)) {
      Model network = networks.get();
      ModelEmaListener ema = new ModelEmaListener(0.9);
      EmaByHand byHand = new EmaByHand(ema, 0.9, network.params());
      network.setListeners(
          order.of(
              stock.all(),
              ema,
              byHand,
              new EmaEvaluator(ema, Batches.of(Data.points(3, 10), 5)).everyIterations(1)));
      fit(network);
      beside = new Outcome(TrainingState.of(network), stock.notes());
      assertEquals(6, byHand.updates());
    }

    assertEquals(alone.notes(), beside.notes());
    assertEquals(alone.training(), beside.training());
    assertEquals(6, alone.notes().scores().size());
    assertEquals(6, alone.notes().accuracies().size());
    assertEquals(12, alone.notes().logged().size());
    assertEquals(2, alone.notes().checkpoints().size());
    assertEquals(6, alone.notes().statistics().size());
  }

  // ---------------------------------------------------------------- during swaps

  static List<Model> networks() {
    return List.of(Nets.mlp(), Nets.graph());
  }

  private static TrainingListener atIteration(Runnable action) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        action.run();
      }
    };
  }

  @Tag("numbers")
  @ParameterizedTest
  @MethodSource("networks")
  void wrappedEvaluativeListenerEvaluatesTheAverage(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    List<Double> accuracies = new ArrayList<>();
    List<Double> expected = new ArrayList<>();
    List<Double> raw = new ArrayList<>();
    EvaluativeListener evaluative = new EvaluativeListener(Batches.of(VALIDATION, 16), 1);
    evaluative.setCallback(
        (listener, model, count, evaluations) ->
            accuracies.add(((Evaluation) evaluations[0]).accuracy()));
    network.setListeners(
        ema,
        ema.during(evaluative),
        atIteration(
            () -> {
              expected.add(accuracy(ema.averagedNetwork(network)));
              raw.add(accuracy(Networks.copy(network, network.params())));
            }));

    fit(network);

    assertEquals(6, accuracies.size());
    assertEquals(expected, accuracies);
    assertNotEquals(raw, accuracies);
  }

  private static double accuracy(Model network) {
    return ((NeuralNetwork) network)
        .doEvaluation(Batches.of(VALIDATION, 16), new Evaluation())[0].accuracy();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void wrappedCheckpointListenerSavesTheAverage(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    CheckpointListener checkpoints =
        new CheckpointListener.Builder(folder.toFile()).saveEveryNIterations(2).keepAll().build();
    List<Bits> averaged = new ArrayList<>();
    network.setListeners(
        ema, ema.during(checkpoints), atIteration(() -> averaged.add(Bits.of(ema.shadow()))));

    fit(network);

    assertEquals(2, checkpoints.availableCheckpoints().size());
    assertEquals(averaged.get(2), Bits.of(StockListeners.restored(folder, 0, network).params()));
    assertEquals(averaged.get(4), Bits.of(StockListeners.restored(folder, 1, network).params()));
    assertNotEquals(averaged.get(5), Bits.of(network.params()));
  }

  @Test
  void wrappedStatsListenerReportsTheAverage() {
    Model network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    InMemoryStatsStorage storage = new InMemoryStatsStorage();
    List<Double> expected = new ArrayList<>();
    network.setListeners(
        ema,
        ema.during(new StatsListener(storage, 1, "averaged")),
        atIteration(
            () ->
                expected.add(
                    ema.averagedNetwork(network).getParam("0_W").norm1Number().doubleValue())));

    fit(network);

    String type = storage.listTypeIDsForSession("averaged").get(0);
    List<StatsReport> reports =
        storage.getAllUpdatesAfter("averaged", type, 0).stream()
            .map(StatsReport.class::cast)
            .sorted((a, b) -> Integer.compare(a.getIterationCount(), b.getIterationCount()))
            .toList();
    assertEquals(6, reports.size());
    for (int i = 0; i < 6; i++) {
      Map<String, Double> magnitudes = reports.get(i).getMeanMagnitudes(StatsType.Parameters);
      assertEquals(expected.get(i) / 32, magnitudes.get("0_W"), 1e-6);
    }
  }

  @Test
  void wrappedListenerIsCalledForEverythingAndSeesTheAverageAtItsOwnEvents() {
    Model network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    List<String> calls = new ArrayList<>();
    List<Bits> inEpochEnd = new ArrayList<>();
    network.setListeners(
        ema,
        ema.during(
            new TrainingListener() {
              @Override
              public void iterationDone(Model model, int iteration, int epoch) {
                calls.add("iterationDone %d %d".formatted(iteration, epoch));
                assertEquals(true, ema.average().isSwapped());
              }

              @Override
              public void onEpochStart(Model model) {
                calls.add("onEpochStart");
                assertEquals(true, ema.average().isSwapped());
              }

              @Override
              public void onEpochEnd(Model model) {
                calls.add("onEpochEnd");
                inEpochEnd.add(Bits.of(model.params()));
              }

              @Override
              public void onForwardPass(Model model, List<INDArray> activations) {
                calls.add("onForwardPass");
                assertFalse(ema.average().isSwapped());
              }

              @Override
              public void onForwardPass(Model model, Map<String, INDArray> activations) {
                calls.add("onForwardPass");
              }

              @Override
              public void onGradientCalculation(Model model) {
                calls.add("onGradientCalculation");
                assertFalse(ema.average().isSwapped());
              }

              @Override
              public void onBackwardPass(Model model) {
                calls.add("onBackwardPass");
                assertFalse(ema.average().isSwapped());
              }
            }));

    ((NeuralNetwork) network).fit(Batches.of(POINTS, 12));

    assertEquals(
        List.of(
            "onEpochStart",
            "onForwardPass",
            "onBackwardPass",
            "onGradientCalculation",
            "iterationDone 0 0",
            "onForwardPass",
            "onBackwardPass",
            "onGradientCalculation",
            "iterationDone 1 0",
            "onEpochEnd"),
        calls);
    assertEquals(List.of(Bits.of(ema.shadow())), inEpochEnd);
  }

  @Test
  void wrappedListenerRunsUnchangedBeforeTheAverageStarts() {
    Model network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    List<Bits> seen = new ArrayList<>();
    Bits start = Bits.of(network.params());
    TrainingListener wrapped =
        ema.during(
            new BaseTrainingListener() {
              @Override
              public void onEpochStart(Model model) {
                seen.add(Bits.of(model.params()));
              }
            });
    network.setListeners(wrapped, ema);
    fit(network);
    assertEquals(2, seen.size());
    assertEquals(start, seen.get(0));
  }
}
