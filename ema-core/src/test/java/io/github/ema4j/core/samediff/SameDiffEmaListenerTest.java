// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.samediff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.Vectors;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.BaseListener;
import org.nd4j.autodiff.listeners.Loss;
import org.nd4j.autodiff.listeners.Operation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.TestDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

class SameDiffEmaListenerTest {

  private static final double DECAY = 0.9;

  /** A perceptron with a hidden layer; its scale is a scalar variable. */
  private static SameDiff perceptron(DataType type) {
    SameDiff sd = SameDiff.create();
    SDVariable input = sd.placeHolder("input", type, -1, 4);
    SDVariable labels = sd.placeHolder("labels", type, -1, 2);
    Random random = new Random(3);
    SDVariable w0 = sd.var("w0", random(random, type, 4, 5));
    SDVariable b0 = sd.var("b0", Nd4j.zeros(type, 1, 5));
    SDVariable w1 = sd.var("w1", random(random, type, 5, 2));
    SDVariable scale = sd.var("scale", Nd4j.scalar(type, 1.0));
    sd.constant("constant", Nd4j.ones(type, 3));
    SDVariable hidden = sd.nn.tanh(input.mmul(w0).add(b0));
    SDVariable logits = hidden.mmul(w1).mul(scale);
    sd.nn.softmax("output", logits, 1);
    sd.loss.softmaxCrossEntropy("loss", labels, logits, null);
    sd.setLossVariables("loss");
    sd.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Adam(0.05))
            .dataSetFeatureMapping("input")
            .dataSetLabelMapping("labels")
            .build());
    return sd;
  }

  private static SameDiff perceptron() {
    return perceptron(DataType.FLOAT);
  }

  private static INDArray random(Random random, DataType type, int rows, int columns) {
    INDArray array = Nd4j.zeros(type, rows, columns);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        array.putScalar(i, j, random.nextGaussian() / 2);
      }
    }
    return array;
  }

  /** Noise with the class of the sign of the sum, in batches of 8: the same in each call. */
  private static DataSetIterator data(DataType type, int batches) {
    INDArray features = random(new Random(5), type, 8 * batches, 4);
    INDArray labels = Nd4j.zeros(type, 8 * batches, 2);
    for (int i = 0; i < labels.rows(); i++) {
      labels.putScalar(i, features.getRow(i).sumNumber().doubleValue() > 0 ? 1 : 0, 1);
    }
    return new TestDataSetIterator(new DataSet(features, labels), 8);
  }

  private static DataSetIterator data(int batches) {
    return data(DataType.FLOAT, batches);
  }

  /** Calls something after each iteration. */
  private static BaseListener after(Runnable action) {
    return new BaseListener() {
      @Override
      public boolean isActive(Operation operation) {
        return operation == Operation.TRAINING;
      }

      @Override
      public void iterationDone(SameDiff sd, At at, MultiDataSet data, Loss loss) {
        action.run();
      }
    };
  }

  /** Bits of all variables, by name. */
  private static Map<String, List<Long>> bits(Map<String, INDArray> arrays) {
    Map<String, List<Long>> bits = new TreeMap<>();
    arrays.forEach(
        (name, array) -> bits.put(name, Arrays.stream(Vectors.bits(flat(array))).boxed().toList()));
    return bits;
  }

  private static Map<String, List<Long>> bits(SameDiff sd) {
    return bits(variables(sd));
  }

  private static Map<String, INDArray> variables(SameDiff sd) {
    Map<String, INDArray> variables = new TreeMap<>();
    for (String name : List.of("b0", "scale", "w0", "w1")) {
      variables.put(name, sd.getVariable(name).getArr().dup());
    }
    return variables;
  }

  private static INDArray flat(INDArray array) {
    return array.dup('c').reshape(array.length());
  }

  private static double accuracy(SameDiff sd) {
    Evaluation evaluation = new Evaluation(2);
    sd.evaluate(data(sd.getVariable("w0").dataType(), 4), "output", evaluation);
    return evaluation.accuracy();
  }

  // ---------------------------------------------------------------- averaging

  @Test
  void theAverageIsThatOfTheRecordedWeightsBitForBit() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    List<Map<String, INDArray>> recorded = new ArrayList<>(List.of(variables(sd)));
    sd.setListeners(ema, after(() -> recorded.add(variables(sd))));
    sd.fit(data(5), 2);

    assertEquals(11, recorded.size());
    assertEquals(10, ema.average().updateCount());
    Map<String, INDArray> averages = ema.averages();
    assertEquals(recorded.get(0).keySet(), averages.keySet());
    float weight = (float) (1 - DECAY);
    averages.forEach(
        (name, average) -> {
          assertArrayEquals(sd.getVariable(name).getArr().shape(), average.shape());
          float[] shadow = flat(recorded.get(0).get(name)).toFloatVector();
          for (Map<String, INDArray> weights : recorded.subList(1, 11)) {
            float[] w = flat(weights.get(name)).toFloatVector();
            for (int i = 0; i < w.length; i++) {
              shadow[i] -= weight * (shadow[i] - w[i]);
            }
          }
          assertArrayEquals(shadow, flat(average).toFloatVector(), 0, name);
        });
    assertNotEquals(bits(sd), bits(averages));
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"})
  void trainingIsNotInfluenced(DataType type) {
    SameDiff alone = perceptron(type);
    alone.fit(data(type, 5), 3);
    SameDiff averaged = perceptron(type);
    SameDiffEmaListener ema = new SameDiffEmaListener(averaged, DECAY);
    averaged.addListeners(ema);
    averaged.fit(data(type, 5), 3);
    assertEquals(bits(alone), bits(averaged));
    assertEquals(type, ema.average().shadowType());
  }

  @Test
  void evaluationWithinTrainingLeavesNoTrace() {
    SameDiff alone = perceptron();
    alone.fit(data(5), 3);
    SameDiff evaluated = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(evaluated, DECAY);
    List<Double> accuracies = new ArrayList<>();
    evaluated.setListeners(
        ema, after(() -> accuracies.add(ema.evaluate(SameDiffEmaListenerTest::accuracy))));
    evaluated.fit(data(5), 3);
    assertEquals(15, accuracies.size());
    assertEquals(bits(alone), bits(evaluated));
  }

  @Test
  void withoutADecayTheAverageFitsARunOfAnyLength() {
    SameDiff sd = perceptron();
    AveragingConfig byDefault = new SameDiffEmaListener(sd).average().config();
    assertEquals(AveragingConfig.of(DecaySchedule.powerFunction(0.05)), byDefault);
    assertEquals(
        byDefault,
        new SameDiffEmaListener(sd, DecaySchedule.powerFunction(0.05)).average().config());
  }

  @Test
  void theAverageStartsRightBeforeTheFirstUpdate() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, 1);
    sd.getVariable("w0").getArr().assign(0.25);
    Map<String, List<Long>> start = bits(sd);
    sd.addListeners(ema);
    sd.fit(data(3), 1);
    assertEquals(start, bits(ema.averages()));
  }

  @Test
  void validationAndInferenceAreNotAveraged() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema);
    sd.fit(data(3), 2, data(4), 1);
    accuracy(sd);
    assertEquals(6, ema.average().stepCount());
  }

  @Test
  void theOptionsAreThoseOfEveryAverage() {
    SameDiff sd = perceptron();
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(DecaySchedule.uniform())
            .startAfter(2)
            .updateEvery(2)
            .shadowType(DataType.DOUBLE)
            .build();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, config);
    List<INDArray> recorded = new ArrayList<>();
    sd.setListeners(ema, after(() -> recorded.add(sd.getVariable("w0").getArr().dup())));
    sd.fit(data(7), 1);
    assertEquals(2, ema.average().updateCount());
    INDArray mean = recorded.get(3).add(recorded.get(5)).div(2).castTo(DataType.DOUBLE);
    Vectors.assertValues(flat(mean).toDoubleVector(), flat(ema.averages().get("w0")), 1e-6);
  }

  @Test
  void variablesOfSeveralTypesAreAveragedTogether() {
    SameDiff sd = SameDiff.create();
    sd.var("half", Vectors.of(DataType.HALF, 1, 2, 3));
    sd.var("float", Vectors.floats(0.1, 0.2));
    sd.var("double", Vectors.doubles(0.1, 1e-300));
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    Vectors.assertValues(
        new double[] {0.1, 1e-300, 0.1f, 0.2f, 1, 2, 3}, ema.average().shadow(), 0);
    try (AveragedVariables ignored = ema.swap()) {
      assertEquals(DataType.HALF, sd.getVariable("half").getArr().dataType());
      Vectors.assertValues(new double[] {1, 2, 3}, sd.getVariable("half").getArr(), 0);
    }
  }

  @Test
  void elementsArePairedByIndexWhateverTheirOrderInMemory() {
    SameDiff sd = SameDiff.create();
    INDArray rows = Vectors.floats(1, 2, 3, 4, 5, 6).reshape(2, 3);
    sd.var("c", rows);
    sd.var("f", rows.dup('f'));
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, 0.5);
    ema.iterationStart(sd, null, null, 0);
    sd.getVariable("c").getArr().muli(3);
    sd.getVariable("f").getArr().muli(3);
    ema.iterationDone(sd, null, null, null);
    double[] expected = {2, 4, 6, 8, 10, 12};
    Vectors.assertValues(expected, flat(ema.averages().get("f")), 0);
    try (AveragedVariables ignored = ema.swap()) {
      assertEquals('f', sd.getVariable("f").getArr().ordering());
      Vectors.assertValues(expected, flat(sd.getVariable("c").getArr()), 0);
      Vectors.assertValues(expected, flat(sd.getVariable("f").getArr()), 0);
    }
    Vectors.assertValues(new double[] {3, 6, 9, 12, 15, 18}, flat(sd.getVariable("f").getArr()), 0);
  }

  @Test
  void valuesThatAreNotFiniteNeverEnterTheAverage() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema);
    sd.fit(data(3), 1);
    Map<String, List<Long>> before = bits(ema.averages());
    sd.getVariable("b0").getArr().putScalar(0, 2, Double.NaN);
    sd.fit(data(2), 1);
    assertEquals(before, bits(ema.averages()));
    assertEquals(2, ema.average().skippedUpdates());
    assertEquals(3, ema.average().updateCount());
  }

  @Test
  void valuesThatAreNotFiniteThrowWhereThatIsAskedFor() {
    SameDiff sd = perceptron();
    AveragingConfig config =
        AveragingConfig.builder().decay(DECAY).onNonFinite(NonFinitePolicy.THROW).build();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, config);
    sd.addListeners(ema);
    sd.fit(data(1), 1);
    sd.getVariable("b0").getArr().putScalar(0, 2, Double.POSITIVE_INFINITY);
    assertThrows(NonFiniteParametersException.class, () -> sd.fit(data(1), 1));
  }

  // ---------------------------------------------------------------- the averaged values in place

  @Test
  void aSwapPutsTheAverageInPlaceAndTheRawValuesBack() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema);
    sd.fit(data(5), 2);
    Map<String, List<Long>> raw = bits(sd);
    Map<String, List<Long>> averaged = bits(ema.averages());
    INDArray array = sd.getVariable("w0").getArr();
    try (AveragedVariables swapped = ema.swap()) {
      assertEquals(averaged, bits(sd));
      assertSame(array, sd.getVariable("w0").getArr());
      swapped.close();
      assertEquals(raw, bits(sd));
    }
    assertEquals(raw, bits(sd));
    assertEquals(averaged, bits(ema.averages()));
  }

  @Test
  void rawValuesAreBackAfterAnException() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema);
    sd.fit(data(3), 1);
    Map<String, List<Long>> raw = bits(sd);
    assertThrows(
        ArithmeticException.class,
        () ->
            ema.evaluate(
                s -> {
                  throw new ArithmeticException();
                }));
    assertEquals(raw, bits(sd));
  }

  @Test
  void aGraphSavedWhileSwappedHoldsTheAverage(@TempDir Path directory) {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema);
    sd.fit(data(5), 2);
    File file = directory.resolve("averaged.fb").toFile();
    double accuracy =
        ema.evaluate(
            s -> {
              s.save(file, false);
              return accuracy(s);
            });
    SameDiff loaded = SameDiff.load(file, false);
    assertEquals(bits(ema.averages()), bits(loaded));
    assertEquals(accuracy, accuracy(loaded));
  }

  // ---------------------------------------------------------------- saved state

  @Test
  void aResumedRunEqualsAnUninterruptedOne(@TempDir Path directory) throws IOException {
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(DecaySchedule.inversePower(0.99))
            .updateEvery(2)
            .startAfter(1)
            .build();
    SameDiff uninterrupted = perceptron();
    SameDiffEmaListener whole = new SameDiffEmaListener(uninterrupted, config);
    uninterrupted.addListeners(whole);
    uninterrupted.fit(data(5), 4);

    SameDiff first = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(first, config);
    first.addListeners(ema);
    first.fit(data(5), 2);
    Path state = directory.resolve("run.ema");
    Path graph = directory.resolve("run.fb");
    ema.save(state);
    first.save(graph.toFile(), true);

    SameDiff second = SameDiff.load(graph.toFile(), true);
    SameDiffEmaListener resumed = SameDiffEmaListener.resume(second, state);
    second.addListeners(resumed);
    second.fit(data(5), 2);
    assertEquals(bits(uninterrupted), bits(second));
    assertEquals(bits(whole.averages()), bits(resumed.averages()));
    assertEquals(whole.average().counters(), resumed.average().counters());
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(2, files.count(), "no temporary file is left");
    }
  }

  @Test
  void aCustomScheduleResumesWithItsConfiguration(@TempDir Path directory) throws IOException {
    DecaySchedule custom =
        new DecaySchedule() {
          @Override
          public double decayAt(long update) {
            return 0.5;
          }

          @Override
          public String spec() {
            return "half";
          }
        };
    AveragingConfig config = AveragingConfig.builder().schedule(custom).build();
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, config);
    Path state = directory.resolve("run.ema");
    ema.save(state);
    assertThrows(IllegalArgumentException.class, () -> SameDiffEmaListener.resume(sd, state));
    assertThrows(
        IllegalArgumentException.class,
        () -> SameDiffEmaListener.resume(sd, state, AveragingConfig.of(0.5)));
    assertEquals(
        bits(ema.averages()), bits(SameDiffEmaListener.resume(sd, state, config).averages()));
  }

  @Test
  void theAverageOfOtherVariablesIsRefused(@TempDir Path directory) throws IOException {
    Path state = directory.resolve("run.ema");
    new SameDiffEmaListener(perceptron(), DECAY).save(state);
    SameDiff other = perceptron();
    other.var("more", Vectors.floats(1));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> SameDiffEmaListener.resume(other, state));
    assertTrue(e.getMessage().contains("more"), e.getMessage());
  }

  @Test
  void aDamagedStateIsRefused(@TempDir Path directory) throws IOException {
    Path state = directory.resolve("run.ema");
    SameDiff sd = perceptron();
    new SameDiffEmaListener(sd, DECAY).save(state);
    byte[] bytes = Files.readAllBytes(state);
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      byte[] damaged = bytes.clone();
      damaged[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(state, damaged);
      requireSameOrRefused(sd, state);
    }
    for (int length : new int[] {0, 10, bytes.length / 2, bytes.length - 1}) {
      Files.write(state, Arrays.copyOf(bytes, length));
      assertThrows(IOException.class, () -> SameDiffEmaListener.resume(sd, state));
    }
    Files.delete(state);
    assertThrows(NoSuchFileException.class, () -> SameDiffEmaListener.resume(sd, state));
  }

  /** Some bits of a zip mean nothing, such as those of the time of writing. */
  private static void requireSameOrRefused(SameDiff sd, Path state) {
    SameDiffEmaListener resumed;
    try {
      resumed = SameDiffEmaListener.resume(sd, state);
    } catch (IOException e) {
      return;
    }
    assertEquals(bits(sd), bits(resumed.averages()));
    assertEquals(0, resumed.average().stepCount());
  }

  @Test
  void aStateThatCannotBeWrittenLeavesTheOldOne(@TempDir Path directory) throws IOException {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    Path missing = directory.resolve("missing").resolve("run.ema");
    assertThrows(IOException.class, () -> ema.save(missing));
    Path state = directory.resolve("run.ema");
    ema.save(state);
    try (AveragedVariables ignored = ema.swap()) {
      assertThrows(IllegalStateException.class, () -> ema.save(state));
    }
    assertEquals(bits(sd), bits(SameDiffEmaListener.resume(sd, state).averages()));
  }

  // ---------------------------------------------------------------- misuse

  private static void assertRefused(String text, Executable executable) {
    IllegalStateException e = assertThrows(IllegalStateException.class, executable);
    assertTrue(e.getMessage().contains(text), e.getMessage());
  }

  @Test
  void trainingWhileSwappedIsRefused() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema);
    sd.fit(data(2), 1);
    Map<String, List<Long>> raw = bits(sd);
    try (AveragedVariables ignored = ema.swap()) {
      assertRefused("swapped", () -> sd.fit(data(1), 1));
    }
    assertEquals(raw, bits(sd));
    sd.fit(data(1), 1);
    assertEquals(3, ema.average().updateCount());
  }

  @Test
  void swappingTwiceIsRefused() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema);
    sd.fit(data(2), 1);
    Map<String, List<Long>> raw = bits(sd);
    Map<String, List<Long>> averaged = bits(ema.averages());
    try (AveragedVariables ignored = ema.swap()) {
      assertRefused("swapped", ema::swap);
      assertRefused("swapped", ema::averages);
      assertEquals(averaged, bits(sd));
    }
    assertEquals(raw, bits(sd));
    assertEquals(averaged, bits(ema.averages()));
  }

  @Test
  void anotherInstanceIsRefused() {
    SameDiffEmaListener ema = new SameDiffEmaListener(perceptron(), DECAY);
    SameDiff other = perceptron();
    other.addListeners(ema);
    assertRefused("another SameDiff", () -> other.fit(data(1), 1));
  }

  @Test
  void countingAStepTwiceIsRefused() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    assertRefused("more than once", () -> sd.fit(data(1), 1, ema, ema));
  }

  @Test
  void registeredTwiceWithTheGraphEachStepStillCountsOnce() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema, ema);
    sd.fit(data(3), 1, ema);
    assertEquals(3, ema.average().stepCount());
  }

  @Test
  void aGraphWithoutTrainableVariablesIsRefused() {
    SameDiff sd = SameDiff.create();
    sd.constant("constant", Vectors.floats(1, 2));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> new SameDiffEmaListener(sd, DECAY));
    assertTrue(e.getMessage().contains("no trainable variables"), e.getMessage());
  }

  @Test
  void variablesThatChangeAreRefused() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, DECAY);
    sd.addListeners(ema);
    sd.fit(data(2), 1);
    sd.var("more", Vectors.floats(1));
    assertRefused("more", ema::swap);
  }

  @Test
  void decaysOutOfRangeAreRefused() {
    SameDiff sd = perceptron();
    assertThrows(IllegalArgumentException.class, () -> new SameDiffEmaListener(sd, 1.1));
  }

  @Test
  void examplesAndEpochsAreCounted() {
    SameDiff sd = perceptron();
    SameDiffEmaListener ema =
        new SameDiffEmaListener(
            sd,
            AveragingConfig.builder()
                .decay(0.9)
                .unit(AveragingUnit.EXAMPLES)
                .startAfterEpochs(1)
                .build());
    sd.addListeners(ema);
    sd.fit(data(3), 2);
    assertEquals(48, ema.average().stepCount());
    assertEquals(3, ema.average().updateCount());
    assertEquals(Math.pow(0.9, 24), ema.average().initialShare(), 1e-12);
  }

  @Test
  void restoringIsRefusedAsTheUpdatersAreOutOfReach() {
    SameDiff sd = perceptron();
    AveragingConfig config =
        AveragingConfig.builder().decay(0.9).onNonFinite(NonFinitePolicy.RESTORE).build();
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> new SameDiffEmaListener(sd, config));
    assertTrue(e.getMessage().contains("cannot be restored"), e.getMessage());
  }
}
