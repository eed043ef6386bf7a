// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.Variances;
import io.github.ema4j.core.posthoc.Windows.Window;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.core.schedule.PowerFunctionExponent;
import io.github.ema4j.core.state.AverageState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The cases in {@code conformance/windows.json}; the README beside it says where they are from. */
class WindowsTest {

  private static final UUID RUN = new UUID(3, 4);

  private static final AveragingConfig MEAN =
      AveragingConfig.builder()
          .schedule(DecaySchedule.uniform())
          .shadowType(DataType.DOUBLE)
          .build();

  @TempDir Path directory;

  private static JsonNode cases() throws IOException {
    try (InputStream in = WindowsTest.class.getResourceAsStream("/conformance/windows.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static double[] numbers(JsonNode node) {
    double[] numbers = new double[node.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = node.get(i).asDouble();
    }
    return numbers;
  }

  /** All parameters of the case file, with a snapshot after every so many. */
  private Windows follow(JsonNode params, int every) throws IOException {
    ParameterAverage mean =
        new ParameterAverage(MEAN, Nd4j.createFromArray(numbers(params.get(0))));
    for (int update = 1; update < params.size(); update++) {
      mean.update(Nd4j.createFromArray(numbers(params.get(update))));
      if (update % every == 0) {
        write(mean);
      }
    }
    return Windows.read(directory);
  }

  private void write(ParameterAverage mean) throws IOException {
    Snapshot.write(directory, RUN, PowerFunctionExponent.WIDEST, AverageState.of(mean));
  }

  @Test
  void meansAreThoseOverEveryUpdateOfTheWindow() throws IOException {
    JsonNode file = cases();
    Windows windows = follow(file.get("params"), 1);
    for (JsonNode one : file.get("windows")) {
      Window window = new Window(one.get("after").asLong(), one.get("to").asLong());
      INDArray mean = windows.mean(window);
      assertEquals(DataType.DOUBLE, mean.dataType());
      assertArrayEquals(numbers(one.get("mean")), mean.toDoubleVector(), 1e-13, one.toString());
    }
    assertEquals(6, file.get("windows").size());
  }

  /** Snapshots between beginning and end change nothing. */
  @Test
  void fewSnapshotsGiveTheSameMeans() throws IOException {
    JsonNode file = cases();
    Windows windows = follow(file.get("params"), 10);
    assertArrayEquals(new long[] {0, 10, 20, 30, 40, 50}, windows.updates());
    int compared = 0;
    for (JsonNode one : file.get("windows")) {
      if (one.get("after").asLong() % 10 == 0) {
        compared++;
        Window window = new Window(one.get("after").asLong(), one.get("to").asLong());
        assertArrayEquals(numbers(one.get("mean")), windows.mean(window).toDoubleVector(), 1e-13);
      }
    }
    assertEquals(4, compared);
    assertEquals(5, windows.toTheEnd().size());
    assertEquals(new Window(0, 50), windows.toTheEnd().get(0));
    assertEquals(new Window(40, 50), windows.toTheEnd().get(4));
    assertEquals(15, windows.all().size());
    assertEquals(3, windows.length());
  }

  /** The file has the rates at the ten updates; ONE_MINUS_SQRT there is cut off before its end. */
  @Test
  void mergedParametersAreThoseOfAFallingLearningRate() throws IOException {
    JsonNode file = cases();
    JsonNode merges = file.get("wsm");
    int k = merges.get("k").asInt();
    Windows windows = follow(file.get("params"), 1);
    Map<String, DoubleUnaryOperator> rates =
        Map.of(
            "linear",
            Windows.LINEAR,
            "cosine",
            Windows.COSINE,
            "one_minus_sqrt",
            share -> Windows.ONE_MINUS_SQRT.applyAsDouble(share * k / (k + 1)));
    for (Map.Entry<String, DoubleUnaryOperator> rate : rates.entrySet()) {
      JsonNode one = merges.get("schedules").get(rate.getKey());
      INDArray merged = windows.annealed(new Window(0, k), rate.getValue());
      assertArrayEquals(numbers(one.get("merged")), merged.toDoubleVector(), 1e-13, rate.getKey());
      // And by their definition: each step times its rate.
      double[] emulated = numbers(file.get("params").get(0));
      for (int update = 1; update <= k; update++) {
        for (int i = 0; i < 3; i++) {
          double step =
              file.get("params").get(update).get(i).asDouble()
                  - file.get("params").get(update - 1).get(i).asDouble();
          emulated[i] += rate.getValue().applyAsDouble((update - 1.0) / k) * step;
        }
      }
      assertArrayEquals(emulated, merged.toDoubleVector(), 1e-13, rate.getKey());
    }
  }

  /** The cases in {@code conformance/lawa.json}, of which the average sees the samples alone. */
  @Test
  void latestWindowsAreTheMeansOfTheLatestCheckpoints() throws IOException {
    JsonNode file;
    try (InputStream in = WindowsTest.class.getResourceAsStream("/conformance/lawa.json")) {
      file = new ObjectMapper().readTree(in);
    }
    JsonNode params = file.get("params");
    int compared = 0;
    for (JsonNode one : file.get("cases")) {
      int every = one.get("every").asInt();
      Path ofCase = Files.createDirectory(directory.resolve("case" + compared));
      ParameterAverage mean =
          new ParameterAverage(MEAN, Nd4j.createFromArray(numbers(params.get(0))));
      for (int step = every; step < params.size(); step += every) {
        mean.update(Nd4j.createFromArray(numbers(params.get(step))));
        Snapshot.write(ofCase, RUN, PowerFunctionExponent.WIDEST, AverageState.of(mean));
        JsonNode expected = one.get("mean").get(Integer.toString(step));
        if (expected != null) {
          Windows windows = Windows.read(ofCase);
          Window latest = windows.latest(one.get("k").asInt());
          assertArrayEquals(
              numbers(expected), windows.mean(latest).toDoubleVector(), 1e-13, one + " " + step);
          compared++;
        }
      }
    }
    assertEquals(12, compared);
  }

  @Test
  void latestWindowEndsAtTheLastSnapshot() throws IOException {
    Windows windows = follow(cases().get("params"), 10);
    assertEquals(new Window(40, 50), windows.latest(1));
    assertEquals(new Window(20, 50), windows.latest(3));
    assertEquals(new Window(0, 50), windows.latest(5));
    assertEquals(new Window(0, 50), windows.latest(9));
    assertThrows(IllegalArgumentException.class, () -> windows.latest(0));
  }

  @Test
  void lineIsThePlainMeanWhateverTheSnapshots() throws IOException {
    JsonNode params = cases().get("params");
    Windows windows = follow(params, 7);
    Window window = new Window(7, 42);
    assertArrayEquals(
        windows.mean(window).toDoubleVector(),
        windows.annealed(window, Windows.LINEAR).toDoubleVector(),
        1e-13);
  }

  /** Two log10 deviations, of variances 1, 4, 9, 16 and 100 times these. */
  @Test
  void variancesAreThoseOfTheWindow() throws IOException {
    Coverage coverage =
        new Coverage(
            Ranges.all(2),
            Ranges.none(2),
            new Variances(Ranges.none(2), Ranges.of(2, new long[] {0}, new long[] {2})));
    ParameterAverage mean = new ParameterAverage(MEAN, Nd4j.create(DataType.DOUBLE, 2), coverage);
    for (int update = 1; update <= 4; update++) {
      mean.update(Nd4j.createFromArray(Math.log10(update), Math.log10(10 * update)));
      write(mean);
    }
    double[] logs = Windows.read(directory).mean(new Window(2, 4)).toDoubleVector();
    double variance = (9 + 16) / 2.0;
    assertArrayEquals(
        new double[] {0.5 * Math.log10(variance), 0.5 * Math.log10(100 * variance)}, logs, 1e-12);
  }

  @Test
  void whatIsNoWindowIsRefused() throws IOException {
    Windows windows = follow(cases().get("params"), 10);
    assertThrows(IllegalArgumentException.class, () -> new Window(10, 10));
    assertThrows(IllegalArgumentException.class, () -> new Window(-1, 10));
    String message =
        assertThrows(IllegalArgumentException.class, () -> windows.mean(new Window(10, 25)))
            .getMessage();
    assertTrue(message.contains("update 25") && message.contains("[0, 10, 20"), message);
    for (DoubleUnaryOperator rate :
        List.<DoubleUnaryOperator>of(
            share -> 0.5, share -> 1 + share, share -> 1 - 3 * share, share -> Double.NaN)) {
      assertThrows(IllegalArgumentException.class, () -> windows.annealed(new Window(0, 50), rate));
    }
  }

  @Test
  void snapshotsOfTheOtherKindAreRefused() throws IOException {
    follow(cases().get("params"), 50);
    String windows = assertThrows(IOException.class, () -> PostHocEma.read(directory)).getMessage();
    assertTrue(windows.contains("Windows.read"), windows);
    ParameterAverage other =
        new ParameterAverage(
            AveragingConfig.builder()
                .schedule(DecaySchedule.powerFunction(0.1))
                .shadowType(DataType.DOUBLE)
                .build(),
            Nd4j.create(DataType.DOUBLE, 3));
    other.update(Nd4j.create(DataType.DOUBLE, 3));
    Snapshot.write(directory, RUN, 0.1, AverageState.of(other));
    String mixed = assertThrows(IOException.class, () -> Windows.read(directory)).getMessage();
    assertTrue(mixed.contains("PostHocEma.read"), mixed);
  }
}
