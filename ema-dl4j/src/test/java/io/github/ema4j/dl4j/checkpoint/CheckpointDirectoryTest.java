// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.listeners.Checkpoint;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files and their index; what a file contains matters only where one that is intact is sought. */
class CheckpointDirectoryTest {

  private static final String INDEX = "checkpointInfo.txt";
  private static final String TYPE = "MultiLayerNetwork";

  @TempDir Path path;

  private CheckpointDirectory directory;

  @BeforeEach
  void open() {
    directory = new CheckpointDirectory(path);
  }

  private Checkpoint announce(CheckpointDirectory by) throws IOException {
    Checkpoint next = by.next(TYPE, 10, 1);
    by.announce(next);
    return next;
  }

  private void save(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Files.createFile(directory.file(announce(directory)));
    }
  }

  private static List<Integer> numbers(CheckpointDirectory directory) throws IOException {
    return directory.available().stream().map(Checkpoint::getCheckpointNum).toList();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void checkpointsAreNumberedInTheirOrderAndNamedAsDeeplearning4jDoes() throws IOException {
    assertEquals(Optional.empty(), directory.last());
    save(11);
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), numbers(directory));
    assertEquals(
        Optional.of(path.resolve("checkpoint_10_MultiLayerNetwork.zip")), directory.lastFile());
    Checkpoint last = directory.last().orElseThrow();
    assertEquals(List.of(10, 1), List.of(last.getIteration(), last.getEpoch()));
    assertEquals(TYPE, last.getModelType());
  }

  /** A program that was killed in between has announced what it did not write. */
  @Test
  void aNameWithoutAFileMeansNothing() throws IOException {
    save(2);
    announce(directory);
    assertEquals(List.of(0, 1), numbers(directory));
    assertEquals(2, directory.next(TYPE, 10, 1).getCheckpointNum());
  }

  @Test
  void withoutADirectoryThereIsNoLastFile() throws IOException {
    CheckpointDirectory none = new CheckpointDirectory(path.resolve("none"));
    assertEquals(Optional.empty(), none.lastFile());
    assertEquals(Optional.empty(), none.lastIntactFile());
  }

  @Test
  void aFileThatTheIndexDoesNotNameIsNoticedAndNeverOverwritten() throws IOException {
    save(1);
    Path stray = path.resolve("checkpoint_7_ComputationGraph.zip");
    Files.createFile(stray);
    Files.createFile(path.resolve("checkpoint_8_Other.zip")); // somebody else's
    IOException e = assertThrows(IOException.class, directory::available);
    assertTrue(e.getMessage().contains("[checkpoint_7_ComputationGraph.zip]"), e.getMessage());
    assertThrows(IOException.class, () -> directory.next(TYPE, 10, 1));
    Files.delete(path.resolve(INDEX));
    e = assertThrows(IOException.class, directory::available);
    assertTrue(e.getMessage().contains("has 2 checkpoints, but their index"), e.getMessage());
  }

  @Test
  void whoeverWritesBesideABegunRunIsNoticedBeforeTheIndexIsWritten() throws IOException {
    directory.begin();
    save(1);
    CheckpointDirectory other = new CheckpointDirectory(path);
    Checkpoint theirs = announce(other);
    Checkpoint next = directory.next(TYPE, 20, 2);
    IOException e = assertThrows(IOException.class, () -> directory.announce(next));
    assertTrue(e.getMessage().contains("Another run writes checkpoints"), e.getMessage());
    assertTrue(Files.readString(path.resolve(INDEX)).contains(theirs.getFilename()));
    directory.begin();
    directory.announce(next);
  }

  @Test
  void whatIsPrunedIsGoneAndTheOthersAreNot() throws IOException {
    save(5);
    directory.prune(Retention.last(2));
    assertEquals(List.of(3, 4), numbers(directory));
    assertEquals(
        List.of(
            "checkpointInfo.txt",
            "checkpoint_3_MultiLayerNetwork.zip",
            "checkpoint_4_MultiLayerNetwork.zip"),
        names());
    save(1);
    assertEquals(List.of(3, 4, 5), numbers(directory));
  }

  /** A directory may hold other things of the run, such as its log. */
  @Test
  void clearingLeavesTheFilesOfOthers() throws IOException {
    save(2);
    Files.createFile(path.resolve("log.txt"));
    directory.clear();
    assertEquals(List.of("log.txt"), names());
    directory.begin();
    save(1);
    assertEquals(List.of(0), numbers(directory));
  }

  @Test
  void aLineThatNamesAnotherFileIsRefused() throws IOException {
    save(1);
    Path index = path.resolve(INDEX);
    String text = Files.readString(index);
    for (String name : List.of("../checkpoint_0_" + TYPE + ".zip", "other.zip")) {
      Files.writeString(index, text.replace("checkpoint_0_" + TYPE + ".zip", name));
      IOException e = assertThrows(IOException.class, directory::available);
      assertTrue(e.getMessage().contains("does not name a file of a checkpoint"), e.getMessage());
    }
    Files.write(index, new byte[] {(byte) 0xff, (byte) 0xfe});
    IOException e = assertThrows(IOException.class, directory::available);
    assertTrue(e.getMessage().contains("it is not text"), e.getMessage());
  }

  @Test
  void theLastThatIsIntactIsSoughtBackwards() throws IOException {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    for (int i = 0; i < 3; i++) {
      EmaCheckpoint.save(directory.file(announce(directory)), network, ema);
    }
    Path second = path.resolve("checkpoint_1_MultiLayerNetwork.zip");
    Path third = path.resolve("checkpoint_2_MultiLayerNetwork.zip");
    assertEquals(Optional.of(third), directory.lastIntactFile());
    assertEquals(Optional.of(second), CheckpointDirectory.lastIntactBefore(third));
    Files.write(third, new byte[10]);
    assertEquals(Optional.of(second), directory.lastIntactFile());
    Files.write(second, new byte[10]);
    Files.delete(path.resolve(INDEX));
    assertEquals(
        Optional.of(path.resolve("checkpoint_0_MultiLayerNetwork.zip")),
        CheckpointDirectory.lastIntactBefore(third));
    assertEquals(
        Optional.empty(),
        CheckpointDirectory.lastIntactBefore(path.resolve("checkpoint_0_MultiLayerNetwork.zip")));
    assertEquals(Optional.empty(), CheckpointDirectory.lastIntactBefore(path.resolve("other.zip")));
    assertFalse(Files.exists(path.resolve(INDEX)));
  }
}
