// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.InvocationType;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.EvaluativeListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;

/** Averaging and evaluating change no bit of a training run. */
@Tag("slow")
class NoTraceTest {

  /** A network with something that an evaluation might disturb. */
  record Subject(
      String name, Supplier<? extends Model> network, DataSet training, DataSet validation) {

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Subject> subjects() {
    DataSet sequences = Data.sequences(1, 16, false);
    DataSet masked = Data.sequences(2, 16, true);
    DataSet otherMasked = Data.sequences(3, 8, true);
    DataSet otherSequences = Data.sequences(4, 8, false);
    return List.of(
        new Subject("MLN CNN", Nets::cnn, Data.images(5, 24), Data.images(6, 8)),
        new Subject(
            "MLN LSTM, standard BPTT, masks",
            () -> Nets.lstm(BackpropType.Standard),
            masked,
            otherMasked),
        new Subject(
            "MLN LSTM, truncated BPTT",
            () -> Nets.lstm(BackpropType.TruncatedBPTT),
            sequences,
            otherSequences),
        new Subject(
            "MLN LSTM, truncated BPTT, masks",
            () -> Nets.lstm(BackpropType.TruncatedBPTT),
            masked,
            otherMasked),
        new Subject(
            "MLN LBFGS",
            () -> Nets.mlpBy(OptimizationAlgorithm.LBFGS),
            Data.points(7, 24),
            Data.points(8, 8)),
        new Subject(
            "MLN of 16-bit floats",
            () -> Nets.mlp(b -> b.dataType(DataType.FLOAT16).updater(new Nesterovs(0.01))),
            Data.points(7, 24),
            Data.points(8, 8)),
        new Subject("CG", Nets::graph, Data.points(7, 24), Data.points(8, 8)),
        new Subject(
            "CG LSTM, truncated BPTT, masks",
            () -> Nets.lstmGraph(BackpropType.TruncatedBPTT),
            masked,
            otherMasked));
  }

  /** What a user might do at every iteration. */
  record Observation(
      String name, BiFunction<ModelEmaListener, DataSet, TrainingListener> listener) {

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Observation> observations() {
    return List.of(
        new Observation("nothing", (ema, data) -> new BaseTrainingListener() {}),
        new Observation(
            "compare",
            (ema, data) -> new EmaEvaluator(ema, Batches.of(data, 4)).everyIterations(1)),
        new Observation(
            "compare on the live view",
            (ema, data) ->
                new EmaEvaluator(ema, Batches.of(data, 4)).onLiveView().everyIterations(1)),
        new Observation(
            "averaged and raw, with an asynchronous iterator",
            (ema, data) -> {
              EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(data, 4).async());
              return atIteration(
                  network -> {
                    evaluator.averaged(network);
                    evaluator.raw(network);
                  });
            }),
        new Observation(
            "an evaluation that throws",
            (ema, data) -> {
              EmaEvaluator evaluator =
                  new EmaEvaluator(ema, Batches.of(data, 4), new FailingEvaluation());
              return atIteration(
                  network -> {
                    assertThrows(ArithmeticException.class, () -> evaluator.averaged(network));
                    assertThrows(ArithmeticException.class, () -> evaluator.raw(network));
                    EmaEvaluator onLiveView = evaluator.onLiveView();
                    assertThrows(ArithmeticException.class, () -> onLiveView.averaged(network));
                  });
            }),
        new Observation(
            "an iterator that throws",
            (ema, data) -> {
              EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(data, 4).failAt(1));
              return atIteration(
                  network ->
                      assertThrows(
                          IllegalArgumentException.class, () -> evaluator.averaged(network)));
            }),
        new Observation(
            "a wrapped listener that throws",
            (ema, data) -> {
              TrainingListener failing =
                  ema.during(
                      new EvaluativeListener(Batches.of(data, 4), 1, new FailingEvaluation()));
              return atIteration(
                  network ->
                      assertThrows(
                          ArithmeticException.class, () -> failing.iterationDone(network, 0, 0)));
            }),
        new Observation(
            "EvaluativeListener during iterations",
            (ema, data) -> ema.during(new EvaluativeListener(Batches.of(data, 4), 1))),
        new Observation(
            "EvaluativeListener during epoch ends",
            (ema, data) ->
                ema.during(
                    new EvaluativeListener(Batches.of(data, 4), 1, InvocationType.EPOCH_END))),
        new Observation(
            "networks of the average",
            (ema, data) ->
                atIteration(
                    network -> {
                      ema.averagedNetwork(network);
                      ema.averagedView(network);
                    })));
  }

  private static TrainingListener atIteration(Consumer<Model> action) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        action.accept(network);
      }
    };
  }

  static Stream<Arguments> observedSubjects() {
    return subjects().stream()
        .flatMap(subject -> observations().stream().map(o -> Arguments.of(subject, o)));
  }

  /** A training run: the end, and the way there. */
  private record Run(TrainingState end, List<Double> scores) {

    static Run of(Subject subject, TrainingListener... listeners) {
      List<Double> scores = new ArrayList<>();
      TrainingListener recorder = atIteration(network -> scores.add(network.score()));
      List<TrainingListener> all = new ArrayList<>(Arrays.asList(listeners));
      all.add(recorder);
      Model network = subject.network().get();
      network.setListeners(all.toArray(TrainingListener[]::new));
      ((NeuralNetwork) network).fit(Batches.of(subject.training(), 8));
      ((NeuralNetwork) network).fit(subject.training());
      return new Run(TrainingState.of(network), scores);
    }
  }

  private static final Map<String, Run> ALONE = new HashMap<>();

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("observedSubjects")
  void trainingIsTheSameBitForBit(Subject subject, Observation observation) {
    Run alone = ALONE.computeIfAbsent(subject.name(), name -> Run.of(subject));
    ModelEmaListener ema = new ModelEmaListener(0.9);

    Run observed = Run.of(subject, ema, observation.listener().apply(ema, subject.validation()));

    assertEquals(alone.scores(), observed.scores());
    assertEquals(alone.end(), observed.end());
    assertEquals(alone.scores().size(), ema.updateCount());
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void evaluationLeavesTheNetworkAsItWas(Subject subject) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(subject.validation(), 4));
    EmaEvaluator failing =
        new EmaEvaluator(ema, Batches.of(subject.validation(), 4), new FailingEvaluation());
    AtomicInteger checks = new AtomicInteger();
    Run.of(
        subject,
        ema,
        atIteration(
            network -> {
              Surroundings before = Surroundings.of(network);
              evaluator.compare(network);
              before.assertSame("after compare", Surroundings.of(network));
              evaluator.onLiveView().averaged(network);
              before.assertSame("after the live view", Surroundings.of(network));
              assertThrows(ArithmeticException.class, () -> failing.averaged(network));
              before.assertSame("after a failure", Surroundings.of(network));
              checks.incrementAndGet();
            }));
    assertEquals(ema.updateCount(), checks.get());
  }

  /** Everything about a network and its thread that an evaluation might change. */
  private record Surroundings(
      TrainingState training, List<Object> modes, List<Long> random, Map<String, INDArray> arrays) {

    static Surroundings of(Model network) {
      Map<String, INDArray> arrays = new LinkedHashMap<>();
      List<Object> modes = new ArrayList<>();
      Layer[] layers;
      if (network instanceof MultiLayerNetwork mln) {
        arrays.put("input", mln.getInput());
        arrays.put("labels", mln.getLabels());
        modes.add(mln.getLayerWiseConfigurations().getTrainingWorkspaceMode());
        modes.add(mln.getLayerWiseConfigurations().getInferenceWorkspaceMode());
        layers = mln.getLayers();
      } else {
        ComputationGraph graph = (ComputationGraph) network;
        arrays.put("input", graph.getInput(0));
        modes.add(graph.getConfiguration().getTrainingWorkspaceMode());
        modes.add(graph.getConfiguration().getInferenceWorkspaceMode());
        layers = graph.getLayers();
      }
      for (Layer layer : layers) {
        String name = "layer " + arrays.size();
        arrays.put(name + " input", layer.input());
        arrays.put(name + " mask", layer.getMaskArray());
        if (layer instanceof RecurrentLayer recurrent) {
          arrays.putAll(prefixed(name + " state ", recurrent.rnnGetPreviousState()));
          arrays.putAll(prefixed(name + " tBPTT state ", recurrent.rnnGetTBPTTState()));
        }
      }
      List<Long> random = List.of(Nd4j.getRandom().rootState(), Nd4j.getRandom().nodeState());
      return new Surroundings(TrainingState.of(network), modes, random, arrays);
    }

    private static Map<String, INDArray> prefixed(String prefix, Map<String, INDArray> state) {
      Map<String, INDArray> prefixed = new HashMap<>();
      state.forEach((name, array) -> prefixed.put(prefix + name, array));
      return prefixed;
    }

    void assertSame(String when, Surroundings now) {
      assertEquals(training, now.training, when);
      assertEquals(modes, now.modes, when);
      assertEquals(random, now.random, when);
      assertEquals(arrays.keySet(), now.arrays.keySet(), when);
      arrays.forEach(
          (name, array) ->
              assertTrue(array == now.arrays.get(name), () -> name + " is another " + when));
    }
  }
}
