// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.posthoc.Windows;
import io.github.ema4j.core.posthoc.Windows.Window;
import io.github.ema4j.testing.Bits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class WindowSearchTest {

  @TempDir Path directory;

  /** Remembers the weights after each step. */
  private static final class Weights extends BaseTrainingListener {
    private final List<INDArray> all = new ArrayList<>();

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      all.add(model.params().castTo(DataType.DOUBLE));
    }

    INDArray mean(int after, int to) {
      INDArray sum = all.get(after).dup();
      all.subList(after + 1, to).forEach(sum::addi);
      return sum.divi(to - after);
    }
  }

  @Test
  void meansAreThoseOfTheTrainedWeights() throws IOException {
    ComputationGraph graph = Runs.graph();
    Weights weights = new Weights();
    PostHocEmaListener means = PostHocEmaListener.ofWindows(directory, 15);
    graph.setListeners(means, weights);
    Runs.fit(graph, 2);
    means.snapshot();
    Windows windows = Windows.read(directory);
    assertArrayEquals(new long[] {0, 15, 30, 40}, windows.updates());
    for (Window window : windows.all()) {
      assertArrayEquals(
          weights.mean((int) window.after(), (int) window.to()).toDoubleVector(),
          windows.mean(window).toDoubleVector(),
          1e-13,
          window.toString());
    }
  }

  @Tag("numbers")
  @Test
  void bestWindowIsFoundAndItsNetworkHasItsMean() throws IOException {
    ComputationGraph graph = Runs.graph();
    graph.setListeners(PostHocEmaListener.ofWindows(directory, 10));
    Runs.fit(graph, 2);
    Windows windows = Windows.read(directory);
    Window wanted = new Window(10, 30);
    INDArray target = windows.mean(wanted);
    Bits before = Bits.of(graph.params());
    WindowSearch<ComputationGraph> search =
        WindowSearch.minimizing(
            graph,
            n -> n.params().reshape(target.length()).castTo(DataType.DOUBLE).distance2(target));
    WindowSearch.Result result = search.over(windows, windows.all());
    assertEquals(wanted, result.best().window());
    assertEquals(10, result.table().size());
    assertEquals(0, result.best().score(), 1e-6);
    assertEquals(before, Bits.of(graph.params()));
    assertEquals(
        Bits.of(target.castTo(DataType.FLOAT)),
        Bits.of(search.network(windows, wanted).params().reshape(target.length())));
    INDArray annealed = search.annealed(windows, wanted, Windows.ONE_MINUS_SQRT).params();
    assertTrue(annealed.reshape(target.length()).castTo(DataType.DOUBLE).distance2(target) > 1e-3);

    assertEquals(
        new Window(30, 40),
        WindowSearch.maximizing(graph, n -> n.params().getDouble(0) * 0)
            .over(windows, List.of(new Window(30, 40), new Window(0, 40)))
            .best()
            .window());
    assertThrows(IllegalArgumentException.class, () -> search.over(windows, List.of()));
    assertThrows(
        IllegalStateException.class,
        () -> WindowSearch.maximizing(graph, n -> Double.NaN).over(windows, windows.toTheEnd()));
    MultiLayerNetwork other = Runs.network();
    assertThrows(
        IllegalArgumentException.class,
        () -> WindowSearch.maximizing(other, n -> 1).network(windows, wanted));
  }

  /** With batch norm, whose variances are those of the window. */
  @Test
  void resumedRunHasTheSameBits() throws IOException {
    MultiLayerNetwork whole = Runs.network();
    Path first = directory.resolve("whole");
    whole.setListeners(PostHocEmaListener.ofWindows(first, 10));
    Runs.fit(whole, 2);

    MultiLayerNetwork half = Runs.network();
    Path second = directory.resolve("halves");
    half.setListeners(PostHocEmaListener.ofWindows(second, 10));
    Runs.fit(half, 1);
    MultiLayerNetwork resumed = half.clone();
    resumed.setListeners(PostHocEmaListener.resume(second, 10, resumed, 20));
    Runs.fit(resumed, 1);
    Windows windows = Windows.read(first);
    Windows again = Windows.read(second);
    assertArrayEquals(windows.updates(), again.updates());
    for (Window window : windows.all()) {
      assertEquals(Bits.of(windows.mean(window)), Bits.of(again.mean(window)));
    }
  }

  @Test
  void onlyTheSnapshotsOfTheLatestPartAreKept() throws IOException {
    MultiLayerNetwork whole = Runs.network();
    Weights weights = new Weights();
    Path first = directory.resolve("whole");
    whole.setListeners(PostHocEmaListener.ofWindows(first, 5).keepingLatest(2), weights);
    Runs.fit(whole, 2);
    Windows windows = Windows.read(first);
    assertArrayEquals(new long[] {0, 30, 35, 40}, windows.updates());
    Window latest = windows.latest(2);
    assertEquals(new Window(30, 40), latest);
    double[] mean = windows.mean(latest).toDoubleVector();
    double[] expected = weights.mean(30, 40).toDoubleVector();
    int kernel = 0; // weights of the lowest layer: no statistics of batch norm
    assertEquals(expected[kernel], mean[kernel], 1e-13);

    MultiLayerNetwork half = Runs.network();
    Path second = directory.resolve("halves");
    half.setListeners(PostHocEmaListener.ofWindows(second, 5).keepingLatest(2));
    Runs.fit(half, 1);
    MultiLayerNetwork resumed = half.clone();
    resumed.setListeners(PostHocEmaListener.resume(second, 5, resumed, 20).keepingLatest(2));
    Runs.fit(resumed, 1);
    Windows again = Windows.read(second);
    assertArrayEquals(windows.updates(), again.updates());
    assertEquals(Bits.of(windows.mean(latest)), Bits.of(again.mean(latest)));
  }

  @Test
  void whatOtherLengthsNeedIsNotDeleted() {
    PostHocEmaListener lengths = new PostHocEmaListener(directory, 5);
    assertThrows(IllegalStateException.class, () -> lengths.keepingLatest(2));
    PostHocEmaListener means = PostHocEmaListener.ofWindows(directory, 5);
    assertThrows(IllegalArgumentException.class, () -> means.keepingLatest(0));
  }

  @Test
  void directoryOfAnotherRunIsRefused() {
    MultiLayerNetwork network = Runs.network();
    network.setListeners(PostHocEmaListener.ofWindows(directory, 10));
    Runs.fit(network, 1);
    assertThrows(IllegalStateException.class, () -> PostHocEmaListener.ofWindows(directory, 10));
    assertThrows(
        IllegalArgumentException.class,
        () -> PostHocEmaListener.ofWindows(directory.resolve("new"), 0));
  }
}
