// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.listeners.Checkpoint;
import org.deeplearning4j.optimize.listeners.CheckpointListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;

class EmaCheckpointListenerTest {

  @TempDir Path parent;

  private Path directory() {
    return parent.resolve("run");
  }

  private EmaCheckpointListener.Builder builder(Run run) {
    return EmaCheckpointListener.builder(directory(), run.ema());
  }

  private Run start(UnaryOperator<EmaCheckpointListener.Builder> options) throws IOException {
    Run run = Run.start(Kind.MLP);
    return run.with(options.apply(builder(run)).build());
  }

  private Run resume(UnaryOperator<EmaCheckpointListener.Builder> options) throws IOException {
    Run run = Run.restore(Kind.MLP, EmaCheckpointListener.lastFile(directory()).orElseThrow());
    return run.with(options.apply(builder(run)).build());
  }

  private List<Integer> numbers() throws IOException {
    return EmaCheckpointListener.availableCheckpoints(directory()).stream()
        .map(Checkpoint::getCheckpointNum)
        .toList();
  }

  private List<Integer> iterations() throws IOException {
    return EmaCheckpointListener.availableCheckpoints(directory()).stream()
        .map(Checkpoint::getIteration)
        .toList();
  }

  private List<String> files() throws IOException {
    try (var files = Files.list(directory())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  // ---------------------------------------------------------------- when

  @Test
  void savesEveryNIterations() throws IOException {
    start(b -> b.saveEveryNIterations(3)).fitIterations(0, 10);

    assertEquals(List.of(3, 6, 9), iterations());
    assertEquals(
        List.of(
            "checkpointInfo.txt",
            "checkpoint_0_MultiLayerNetwork.zip",
            "checkpoint_1_MultiLayerNetwork.zip",
            "checkpoint_2_MultiLayerNetwork.zip"),
        files());
  }

  @Test
  void savesEveryEpochOrEveryNth() throws IOException {
    start(b -> b.saveEveryEpoch()).fitEpochs(2);
    assertEquals(List.of(5, 10), iterations());

    start(b -> b.saveEveryNEpochs(2).deleteExisting(true)).fitEpochs(5);
    assertEquals(List.of(10, 20), iterations());
    assertEquals(4, EmaCheckpointListener.lastCheckpoint(directory()).orElseThrow().getEpoch());
  }

  @Test
  void countsIterationsFromTheLastCheckpointIfAsked() throws IOException {
    start(b -> b.saveEveryEpoch().saveEveryNIterations(3, true)).fitEpochs(2);

    assertEquals(List.of(3, 5, 8, 10), iterations());
  }

  @Test
  void savesAfterTimeHasPassed() throws Exception {
    Run run = start(b -> b.saveEvery(50, TimeUnit.MILLISECONDS));
    run.fitIterations(0, 1);
    Thread.sleep(60);
    run.fitIterations(1, 2);

    int saved = numbers().size();
    assertTrue(saved >= 1);
    assertEquals(2, iterations().get(saved - 1));
  }

  @Test
  void timeIntervalsCountFromTheLastCheckpointOfAnyKindOnlyIfAsked() {
    for (boolean sinceLast : new boolean[] {false, true}) {
      Cadence cadence = new Cadence();
      cadence.everyTime(10, TimeUnit.NANOSECONDS, sinceLast);
      cadence.start(0, 100);

      assertFalse(cadence.isDueAfterIteration(1, 109));
      cadence.saved(1, 109); // at the end of an epoch, say
      assertEquals(!sinceLast, cadence.isDueAfterIteration(2, 110));
      assertEquals(sinceLast, cadence.isDueAfterIteration(3, 119));
    }
  }

  @Test
  void needsAnInterval() throws IOException {
    Run run = Run.start(Kind.MLP);

    assertThrows(IllegalStateException.class, () -> builder(run).build());
    assertThrows(IllegalArgumentException.class, () -> builder(run).saveEveryNIterations(0));
    assertThrows(IllegalArgumentException.class, () -> builder(run).saveEveryNEpochs(-1));
    assertThrows(IllegalArgumentException.class, () -> builder(run).saveEvery(0, TimeUnit.MINUTES));
    assertFalse(Files.exists(directory()));
  }

  // ---------------------------------------------------------------- what is kept

  @Test
  void keepsTheLast() throws IOException {
    start(b -> b.saveEveryNIterations(1).keepLast(2)).fitIterations(0, 6);

    assertEquals(List.of(4, 5), numbers());
    assertEquals(3, files().size());
  }

  @Test
  void keepsTheLastAndEveryMth() throws IOException {
    start(b -> b.saveEveryNIterations(1).keepLastAndEvery(2, 4)).fitIterations(0, 11);

    // As Deeplearning4j: the 4th, 8th, ... and the last two.
    assertEquals(List.of(3, 7, 9, 10), numbers());
  }

  @Test
  void keepsAtLeastOne() {
    Run run = Run.start(Kind.MLP);
    assertThrows(IllegalArgumentException.class, () -> builder(run).keepLast(0));
    assertThrows(IllegalArgumentException.class, () -> builder(run).keepLastAndEvery(0, 1));
    assertThrows(IllegalArgumentException.class, () -> builder(run).keepLastAndEvery(1, 0));
  }

  @Test
  void hasTheContentsAskedFor() throws IOException {
    NormalizerStandardize normalizer = new NormalizerStandardize();
    normalizer.fit(Kind.MLP.batch(0));
    double[] best = {0};
    Run run =
        start(
            b ->
                b.saveEveryNIterations(1)
                    .contents(
                        c -> c.normalizer(normalizer).bestScore(best[0]).metadata("run", "7")));
    best[0] = 0.75;
    run.fitIterations(0, 1);

    Path file = EmaCheckpointListener.lastFile(directory()).orElseThrow();
    RestoredCheckpoint<MultiLayerNetwork> restored = EmaCheckpoint.restoreMultiLayerNetwork(file);
    assertEquals(normalizer, restored.normalizer().orElseThrow());
    assertEquals(Optional.of(0.75), restored.bestScore());
    assertEquals("7", restored.info().metadata().get("run"));
  }

  // ---------------------------------------------------------------- Deeplearning4j's tools

  @Test
  void deeplearning4jFindsTheCheckpoints() throws IOException {
    Run run = start(b -> b.saveEveryNIterations(2).keepLast(2));
    run.fitIterations(0, 6);

    assertEquals(
        EmaCheckpointListener.availableCheckpoints(directory()),
        CheckpointListener.availableCheckpoints(directory().toFile()));
    MultiLayerNetwork loaded = CheckpointListener.loadLastCheckpointMLN(directory().toFile());
    assertEquals(6, loaded.getIterationCount());
    assertArrayEquals(run.network().params().toFloatVector(), loaded.params().toFloatVector());
  }

  // ---------------------------------------------------------------- runs after runs

  @Test
  void continuesTheNumberingAndTheRun() throws IOException {
    Run whole = Run.start(Kind.MLP);
    whole.fitIterations(0, 9);
    byte[] expected = whole.state(parent);

    start(b -> b.saveEveryNIterations(2)).fitIterations(0, 5);
    Run resumed = resume(b -> b.saveEveryNIterations(2));
    assertEquals(
        4,
        EmaCheckpoint.info(directory().resolve("checkpoint_1_MultiLayerNetwork.zip")).iteration());
    resumed.fitIterations(4, 9);

    assertEquals(List.of(0, 1, 2, 3), numbers());
    assertEquals(List.of(2, 4, 6, 8), iterations());
    assertArrayEquals(expected, resumed.state(parent));
  }

  @Test
  void aNewRunDoesNotDisplaceAnother() throws IOException {
    start(b -> b.saveEveryNIterations(1)).fitIterations(0, 2);
    Run other = start(b -> b.saveEveryNIterations(1).keepLast(1));

    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> other.fitIterations(0, 1));

    assertTrue(e.getMessage().contains("2 checkpoints of an earlier run"), e.getMessage());
    assertEquals(List.of(0, 1), numbers());
    assertEquals(0, other.ema().updateCount());
  }

  @Test
  void aNewRunMayDeleteAnother() throws IOException {
    start(b -> b.saveEveryNIterations(1)).fitIterations(0, 3);
    start(b -> b.saveEveryNIterations(1).deleteExisting(true)).fitIterations(0, 1);

    assertEquals(List.of(0), numbers());
  }

  @Test
  void thereIsNoLastCheckpointBeforeTheFirst() throws IOException {
    assertEquals(Optional.empty(), EmaCheckpointListener.lastFile(directory()));
    assertEquals(Optional.empty(), EmaCheckpointListener.lastIntactFile(directory()));
    Files.createDirectory(directory());
    assertEquals(Optional.empty(), EmaCheckpointListener.lastFile(directory()));
    assertEquals(List.of(), EmaCheckpointListener.availableCheckpoints(directory()));
  }

  @Test
  void goesBackBehindADamagedCheckpointOnlyIfAsked() throws IOException {
    start(b -> b.saveEveryNIterations(1)).fitIterations(0, 3);
    Path last = EmaCheckpointListener.lastFile(directory()).orElseThrow();
    byte[] whole = Files.readAllBytes(last);
    Files.write(last, Arrays.copyOf(whole, whole.length / 2));

    assertEquals(Optional.of(last), EmaCheckpointListener.lastFile(directory()));
    assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(last));
    Path intact = EmaCheckpointListener.lastIntactFile(directory()).orElseThrow();
    assertEquals(2, EmaCheckpoint.restore(intact).iteration());

    // And the run that goes on from there does not overwrite the damaged file.
    Run run = Run.restore(Kind.MLP, intact);
    run.with(builder(run).saveEveryNIterations(1).build());
    run.fitIterations(2, 3);
    assertEquals(List.of(0, 1, 2, 3), numbers());
    assertEquals(
        3,
        EmaCheckpoint.verify(EmaCheckpointListener.lastFile(directory()).orElseThrow())
            .iteration());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut", "lastByte", "directory", "empty"})
  void goesBackBehindADamagedCheckpointOfAnyKind(String how) throws IOException {
    start(b -> b.saveEveryNIterations(1)).fitIterations(0, 3);
    Path last = EmaCheckpointListener.lastFile(directory()).orElseThrow();
    byte[] bytes = Files.readAllBytes(last);
    switch (how) {
      case "cut" -> Files.write(last, Arrays.copyOf(bytes, bytes.length - 1));
      case "lastByte" -> {
        bytes[bytes.length - 2] ^= 1; // the length of the zip's comment
        Files.write(last, bytes);
      }
      case "empty" -> Files.write(last, new byte[0]);
      default -> {
        Files.delete(last);
        Files.createDirectory(last);
      }
    }

    Path before = directory().resolve("checkpoint_1_MultiLayerNetwork.zip");
    assertEquals(Optional.of(before), EmaCheckpointListener.lastIntactFile(directory()));
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(last));
    assertTrue(
        e.getMessage().contains("The newest one before it that is not damaged is " + before),
        e.getMessage());
  }

  @Test
  void whereNoCheckpointIsIntactNoneIsNamed() throws IOException {
    start(b -> b.saveEveryNIterations(1)).fitIterations(0, 2);
    for (int i = 0; i < 2; i++) {
      Files.write(directory().resolve("checkpoint_" + i + "_MultiLayerNetwork.zip"), new byte[9]);
    }

    Path last = EmaCheckpointListener.lastFile(directory()).orElseThrow();
    assertEquals(Optional.empty(), EmaCheckpointListener.lastIntactFile(directory()));
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(last));
    assertFalse(e.getMessage().contains("before it"), e.getMessage());
  }

  @Test
  void twoWritersInOneDirectoryAreNoticedBeforeOneDisplacesTheOther() throws IOException {
    Run one = start(b -> b.saveEveryNIterations(1));
    Run other = start(b -> b.saveEveryNIterations(2));
    other.fitIterations(0, 1); // has begun, and saved nothing yet
    one.fitIterations(0, 2);
    byte[] saved = Files.readAllBytes(EmaCheckpointListener.lastFile(directory()).orElseThrow());

    UncheckedIOException e =
        assertThrows(UncheckedIOException.class, () -> other.fitIterations(1, 2));
    assertTrue(e.getMessage().contains("Another run writes checkpoints"), e.getMessage());
    assertEquals(List.of(0, 1), numbers());
    assertArrayEquals(
        saved, Files.readAllBytes(EmaCheckpointListener.lastFile(directory()).orElseThrow()));
  }

  @Test
  void anEmptiedOrShortenedIndexIsNotOneWithoutCheckpoints() throws IOException {
    start(b -> b.saveEveryNIterations(1)).fitIterations(0, 3);
    Path index = directory().resolve("checkpointInfo.txt");
    List<String> lines = Files.readAllLines(index);

    Files.write(index, new byte[0]);
    IOException empty =
        assertThrows(IOException.class, () -> EmaCheckpointListener.lastFile(directory()));
    assertTrue(empty.getMessage().contains("missing or empty"), empty.getMessage());
    Files.write(index, lines.subList(0, 3));
    IOException shortened =
        assertThrows(IOException.class, () -> EmaCheckpointListener.lastIntactFile(directory()));
    assertTrue(
        shortened.getMessage().contains("[checkpoint_2_MultiLayerNetwork.zip]"),
        shortened.getMessage());
    Files.write(index, new byte[] {(byte) 0xc3, 0x28});
    IOException noText =
        assertThrows(IOException.class, () -> EmaCheckpointListener.lastFile(directory()));
    assertTrue(noText.getMessage().contains("is not text"), noText.getMessage());
  }

  @Test
  void anIndexWithoutItsFilesOrFilesWithoutTheirIndex() throws IOException {
    start(b -> b.saveEveryNIterations(1)).fitIterations(0, 3);
    Files.delete(directory().resolve("checkpoint_1_MultiLayerNetwork.zip"));
    assertEquals(List.of(0, 2), numbers());

    Files.delete(directory().resolve("checkpointInfo.txt"));
    IOException e =
        assertThrows(IOException.class, () -> EmaCheckpointListener.lastFile(directory()));
    assertTrue(e.getMessage().contains("2 checkpoints, but their index"), e.getMessage());
  }

  @Test
  void anIndexThatLeadsElsewhereIsRefused() throws IOException {
    start(b -> b.saveEveryNIterations(1)).fitIterations(0, 1);
    Path index = directory().resolve("checkpointInfo.txt");
    String good = Files.readString(index);

    Files.writeString(index, good.replace("checkpoint_0_", "../checkpoint_0_"));
    assertThrows(IOException.class, () -> EmaCheckpointListener.lastFile(directory()));
    Files.writeString(index, good + "what is this\n");
    assertThrows(IOException.class, () -> EmaCheckpointListener.lastFile(directory()));
  }

  @Test
  void deletesTheLeftoversOfDeadWriters() throws IOException {
    Files.createDirectory(directory());
    Files.writeString(directory().resolve(".ema4j-0c0ffee0.tmp"), "half a checkpoi");
    Files.writeString(directory().resolve("notes.tmp"), "mine");

    start(b -> b.saveEveryNIterations(1));

    assertEquals(List.of("notes.tmp"), files());
  }

  // ---------------------------------------------------------------- errors

  @Test
  void runsAfterTheAverageAlsoWhereItIsRegisteredBefore() throws IOException {
    Run run = Run.start(Kind.MLP);
    EmaCheckpointListener early = builder(run).saveEveryNIterations(1).build();
    run.network().setListeners(early, run.ema());
    run.fitIterations(0, 1);
    Path file = EmaCheckpointListener.lastFile(directory()).orElseThrow();
    assertEquals(1, EmaCheckpoint.info(file).iteration());
    assertEquals(
        run.ema().average().counters(),
        EmaCheckpoint.restore(file, run.ema().config()).ema().average().counters());
  }

  @Test
  void needsTheAverageRegistered() throws IOException {
    Run run = Run.start(Kind.MLP);
    ModelEmaListener unregistered = new ModelEmaListener(0.9);
    run.network()
        .setListeners(
            EmaCheckpointListener.builder(directory(), unregistered).saveEveryEpoch().build());

    assertThrows(IllegalStateException.class, () -> run.fitIterations(0, 1));
  }

  @Test
  void aFailedSaveEndsTheFitAndKeepsTheCheckpointsBefore() throws IOException {
    Run run = start(b -> b.saveEveryNIterations(1).keepLast(1));
    run.fitIterations(0, 2);
    byte[] before = Files.readAllBytes(EmaCheckpointListener.lastFile(directory()).orElseThrow());
    // Where the index should be replaced there is a directory.
    Path index = directory().resolve("checkpointInfo.txt");
    Files.delete(index);
    Files.createDirectory(index);

    UncheckedIOException e =
        assertThrows(UncheckedIOException.class, () -> run.fitIterations(2, 3));

    assertInstanceOf(IOException.class, e.getCause());
    assertArrayEquals(
        before, Files.readAllBytes(directory().resolve("checkpoint_1_MultiLayerNetwork.zip")));
    // The run itself is whole: it can be saved elsewhere, with the update counted.
    assertEquals(3, run.ema().average().stepCount());
    EmaCheckpoint.save(parent.resolve("rescue.zip"), run.network(), run.ema());
    assertEquals(3, EmaCheckpoint.info(parent.resolve("rescue.zip")).iteration());
  }

  @Test
  void otherNetworksAreNoConcernOfIt() throws IOException {
    Run run = start(b -> b.saveEveryNIterations(1));
    run.fitIterations(0, 1);
    EmaCheckpointListener listener = builder(run).saveEveryNIterations(1).build();

    assertDoesNotThrow(() -> listener.iterationDone(Kind.MLP.initialised(), 5, 0));

    assertEquals(List.of(0), numbers());
  }
}
