// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.posthoc.PostHocEma;
import io.github.ema4j.core.posthoc.Snapshot;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.Bits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

class PostHocEmaListenerTest {

  @TempDir Path directory;

  private static ModelEmaListener powerFunction(double sigmaRel) {
    return new ModelEmaListener(
        AveragingConfig.builder().schedule(DecaySchedule.powerFunction(sigmaRel)).build());
  }

  private static INDArray values(PostHocEma postHoc, double sigmaRel, long update)
      throws IOException {
    for (Snapshot snapshot : postHoc.snapshots()) {
      if (snapshot.sigmaRel() == sigmaRel && snapshot.update() == update) {
        return snapshot.read().values();
      }
    }
    throw new AssertionError("no snapshot of " + sigmaRel + " at " + update);
  }

  @Test
  void snapshotsHoldTheAveragesBitForBit() throws IOException {
    MultiLayerNetwork network = Runs.network();
    ModelEmaListener narrow = powerFunction(0.05);
    ModelEmaListener wide = powerFunction(0.10);
    PostHocEmaListener postHoc = new PostHocEmaListener(directory, 15);
    network.setListeners(narrow, wide, postHoc);
    Runs.fit(network, 2);
    postHoc.snapshot();
    postHoc.snapshot(); // there is one of this update already

    PostHocEma found = PostHocEma.read(directory);
    assertEquals(
        List.of(15L, 15L, 30L, 30L, 40L, 40L),
        found.snapshots().stream().map(Snapshot::update).toList());
    assertEquals(40, postHoc.updateCount());
    assertEquals(Bits.of(narrow.shadow()), Bits.of(values(found, 0.05, 40)));
    assertEquals(Bits.of(wide.shadow()), Bits.of(values(found, 0.10, 40)));
  }

  @Test
  void trainingIsNotInfluenced() {
    MultiLayerNetwork alone = Runs.network();
    Runs.fit(alone, 2);
    MultiLayerNetwork averaged = Runs.network();
    averaged.addListeners(new PostHocEmaListener(directory, 7));
    Runs.fit(averaged, 2);
    assertEquals(Bits.of(alone.params()), Bits.of(averaged.params()));
  }

  @Tag("numbers")
  @Test
  void anAverageOfAnotherLengthIsLikeOneKeptDuringTraining() throws IOException {
    MultiLayerNetwork network = Runs.network();
    ModelEmaListener direct = powerFunction(0.15);
    network.setListeners(direct, new PostHocEmaListener(directory, 10, 0.06, 0.12, 0.2));
    Runs.fit(network, 10);
    INDArray shadow = direct.shadow().reshape(network.numParams());
    INDArray raw = network.params().reshape(network.numParams());
    INDArray reconstructed = PostHocEma.read(directory).reconstruct(0.15);
    double error = shadow.distance2(reconstructed);
    assertTrue(error < 0.01 * shadow.distance2(raw), "error " + error);
  }

  @Test
  void aResumedRunEqualsAnUninterruptedOne() throws IOException {
    Path whole = directory.resolve("whole");
    MultiLayerNetwork uninterrupted = Runs.network();
    uninterrupted.addListeners(new PostHocEmaListener(whole, 25));
    Runs.fit(uninterrupted, 5);

    Path parts = directory.resolve("parts");
    Path file = directory.resolve("network.zip");
    MultiLayerNetwork first = Runs.network();
    PostHocEmaListener stopped = new PostHocEmaListener(parts, 25);
    first.addListeners(stopped);
    Runs.fit(first, 3);
    first.save(file.toFile(), true);
    stopped.snapshot();

    MultiLayerNetwork second = MultiLayerNetwork.load(file.toFile(), true);
    PostHocEmaListener resumed = PostHocEmaListener.resume(parts, 25, second, 60);
    assertEquals(60, resumed.updateCount());
    second.addListeners(resumed);
    Runs.fit(second, 2);

    PostHocEma expected = PostHocEma.read(whole);
    PostHocEma actual = PostHocEma.read(parts);
    assertEquals(
        List.of(25L, 25L, 50L, 50L, 60L, 60L, 75L, 75L, 100L, 100L),
        actual.snapshots().stream().map(Snapshot::update).toList());
    for (Snapshot snapshot : expected.snapshots()) {
      INDArray values = values(actual, snapshot.sigmaRel(), snapshot.update());
      assertEquals(Bits.of(snapshot.read().values()), Bits.of(values), snapshot.toString());
    }
  }

  // ---------------------------------------------------------------- misuse

  private static void assertRefused(
      Class<? extends Exception> type, String text, Executable executable) {
    Exception e = assertThrows(type, executable);
    assertTrue(e.getMessage().contains(text), e.getMessage());
  }

  @Test
  void theDirectoryOfAnotherRunIsRefused() {
    MultiLayerNetwork network = Runs.network();
    network.addListeners(new PostHocEmaListener(directory, 10));
    Runs.fit(network, 1);
    assertRefused(
        IllegalStateException.class,
        "another training run",
        () -> new PostHocEmaListener(directory, 10));
  }

  @Test
  void impossibleSettingsAreRefused() {
    Class<IllegalArgumentException> type = IllegalArgumentException.class;
    assertRefused(type, "but was 0", () -> new PostHocEmaListener(directory, 0));
    assertRefused(type, "[0.1]", () -> new PostHocEmaListener(directory, 1, 0.1));
    assertRefused(type, "[]", () -> new PostHocEmaListener(directory, 1, new double[0]));
    assertRefused(type, "[0.1, 0.1]", () -> new PostHocEmaListener(directory, 1, 0.1, 0.1));
    assertRefused(type, "but was 0.3", () -> new PostHocEmaListener(directory, 1, 0.1, 0.3));
  }

  @Test
  void aSnapshotBeforeTheFirstUpdateIsRefused() {
    PostHocEmaListener postHoc = new PostHocEmaListener(directory, 10);
    assertRefused(IllegalStateException.class, "no update", postHoc::snapshot);
  }

  @Test
  void registeringTwiceIsRefused() {
    MultiLayerNetwork network = Runs.network();
    PostHocEmaListener postHoc = new PostHocEmaListener(directory, 10);
    network.setListeners(postHoc, postHoc);
    assertRefused(IllegalStateException.class, "more than once", () -> Runs.fit(network, 1));
  }

  @Test
  void anotherNetworkIsRefused() {
    MultiLayerNetwork network = Runs.network();
    PostHocEmaListener postHoc = new PostHocEmaListener(directory, 100);
    network.addListeners(postHoc);
    Runs.fit(network, 1);
    MultiLayerNetwork other = Runs.network();
    other.addListeners(postHoc);
    assertRefused(IllegalStateException.class, "another network", () -> Runs.fit(other, 1));
  }

  @Test
  void aSnapshotThatCannotBeWrittenStopsTraining() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    MultiLayerNetwork network = Runs.network();
    network.addListeners(new PostHocEmaListener(file.resolve("snapshots"), 10));
    assertRefused(UncheckedIOException.class, "update 10", () -> Runs.fit(network, 1));
  }

  @Test
  void resumingFromAnythingButTheLastSnapshotsIsRefused() throws IOException {
    MultiLayerNetwork network = Runs.network();
    network.addListeners(new PostHocEmaListener(directory, 10));
    Runs.fit(network, 1);
    for (long update : new long[] {10, 15, 30}) {
      assertRefused(
          IllegalStateException.class,
          "from update " + update,
          () -> PostHocEmaListener.resume(directory, 10, network, update));
    }
    assertRefused(
        IllegalArgumentException.class,
        "parameters",
        () -> PostHocEmaListener.resume(directory, 10, Runs.graph(), 20));
    // A crash between the two snapshots of one update.
    Files.delete(PostHocEma.read(directory).snapshots().get(3).file());
    assertRefused(
        IllegalStateException.class,
        "from update 20",
        () -> PostHocEmaListener.resume(directory, 10, network, 20));
  }

  @Test
  void resumingWithoutOneOfTheWidthsIsRefused() throws IOException {
    MultiLayerNetwork network = Runs.network();
    network.addListeners(new PostHocEmaListener(directory, 10, 0.06, 0.12, 0.2));
    Runs.fit(network, 1);
    Path third = PostHocEma.read(directory).snapshots().get(5).file();
    Files.delete(third);

    assertRefused(
        IllegalStateException.class,
        "of the widths [0.06, 0.12, 0.2]",
        () -> PostHocEmaListener.resume(directory, 10, network, 20));
  }

  @Test
  void resumingDeletesWhatACrashLeft() throws IOException {
    MultiLayerNetwork network = Runs.network();
    network.addListeners(new PostHocEmaListener(directory, 20));
    Runs.fit(network, 1);
    Path leftover = Files.writeString(directory.resolve(".ema4j-dead.tmp"), "half a snapsho");

    PostHocEmaListener.resume(directory, 20, network, 20);

    assertTrue(Files.notExists(leftover));
  }
}
