// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Swap;
import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.dl4j.internal.file.ModelEntries;
import io.github.ema4j.testing.Zips;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

/** What cannot be saved or restored is refused with a message that says why. */
class EmaCheckpointTest {

  @TempDir Path directory;

  private Path saved(Kind kind) {
    Run run = Run.start(kind);
    run.fitIterations(0, 3);
    Path file = directory.resolve(kind + ".zip");
    run.save(file);
    return file;
  }

  private static <E extends Exception> void assertRefused(
      Class<E> type, String reason, Executable call) {
    E e = assertThrows(type, call);
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  // ---------------------------------------------------------------- saving

  @Test
  void savingWhileSwapped() throws IOException {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 3);
    Path file = directory.resolve("checkpoint.zip");
    try (Swap ignored = run.ema().swap(run.network())) {
      assertRefused(IllegalStateException.class, "close the Swap", () -> run.save(file));
      assertRefused(
          IllegalStateException.class,
          "close the Swap",
          () -> EmaExport.save(file, run.network(), run.ema()));
    }
    assertFalse(Files.exists(file));
    run.save(file);
    assertTrue(Files.exists(file));
  }

  @Test
  void savingAnotherNetwork() {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 1);
    Model other = Kind.MLP.initialised();
    Path file = directory.resolve("checkpoint.zip");

    assertRefused(
        IllegalStateException.class,
        "averages another network",
        () -> EmaCheckpoint.save(file, other, run.ema()));
    assertRefused(
        IllegalStateException.class,
        "has seen no training",
        () -> EmaCheckpoint.save(file, other, new ModelEmaListener(0.9)));
  }

  @Test
  void savingFromAListenerBeforeTheAverage() {
    Run run = Run.start(Kind.MLP);
    Path file = directory.resolve("checkpoint.zip");
    run.network().setListeners(Run.savingInIteration(2, file, run.ema()), run.ema());

    assertRefused(
        IllegalStateException.class, "after the ModelEmaListener", () -> run.fitIterations(0, 3));
    assertFalse(Files.exists(file));
  }

  @Test
  void arraysThatDeeplearning4jCouldNotRestore() {
    long limit = (1L << 31) / 4;
    assertDoesNotThrow(
        () -> ModelEntries.requireRestorable("The parameters", limit - 1024, DataType.FLOAT));
    assertRefused(
        IllegalArgumentException.class,
        "more than 2^31 bytes",
        () -> ModelEntries.requireRestorable("The parameters", limit, DataType.FLOAT));
    assertRefused(
        IllegalArgumentException.class,
        "The average of 300000000 DOUBLE elements",
        () -> ModelEntries.requireRestorable("The average", 300_000_000, DataType.DOUBLE));
  }

  @Test
  void aBestScoreThatIsNone() {
    Run run = Run.start(Kind.MLP);
    assertRefused(
        IllegalArgumentException.class,
        "NaN",
        () -> EmaCheckpoint.builder(run.network(), run.ema()).bestScore(Double.NaN));
  }

  // ---------------------------------------------------------------- restoring

  @Test
  void aPlainModelFile() throws IOException {
    Path file = directory.resolve("plain.zip");
    ModelSerializer.writeModel(Kind.MLP.initialised(), file.toFile(), true);

    assertRefused(
        EmaCheckpointException.class,
        "new ModelEmaListener(decay).start(network)",
        () -> EmaCheckpoint.restore(file));
  }

  @Test
  void aCheckpointSavedAgainByDeeplearning4j() throws IOException {
    Path file = saved(Kind.MLP);
    MultiLayerNetwork.load(file.toFile(), true).save(file.toFile());

    assertRefused(
        EmaCheckpointException.class, "without an average", () -> EmaCheckpoint.info(file));
  }

  @Test
  void theOtherClassOfNetwork() {
    Path mlp = saved(Kind.MLP);
    Path graph = saved(Kind.GRAPH);

    assertRefused(
        EmaCheckpointException.class,
        "holds a MultiLayerNetwork, not a ComputationGraph",
        () -> EmaCheckpoint.restoreComputationGraph(mlp));
    assertRefused(
        EmaCheckpointException.class,
        "holds a ComputationGraph, not a MultiLayerNetwork",
        () -> EmaCheckpoint.restoreMultiLayerNetwork(graph));
  }

  @Test
  void settingsOtherThanExpected() {
    Path file = saved(Kind.MLP);
    AveragingConfig other =
        AveragingConfig.builder()
            .decay(0.999)
            .updateEvery(2)
            .startAfter(10)
            .shadowType(DataType.DOUBLE)
            .build();

    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(file, other));

    assertTrue(
        e.getMessage()
            .contains(
                "schedule is inverse-power(decay=0.99, gamma=1.0, power=0.6666666666666666,"
                    + " min=0.0, after=0), expected constant(decay=0.999)"),
        e.getMessage());
    assertTrue(e.getMessage().contains("startAfter is 0, expected 10"), e.getMessage());
    assertTrue(
        e.getMessage().contains("requestedShadowType is default, expected DOUBLE"), e.getMessage());
    assertFalse(e.getMessage().contains("updateEvery"), e.getMessage());
  }

  @Test
  void entriesOfAnotherCheckpoint() throws IOException {
    Run run = Run.start(Kind.MLP);
    Path early = directory.resolve("early.zip");
    Path late = directory.resolve("late.zip");
    run.fitIterations(0, 3);
    run.save(early);
    run.fitIterations(3, 6);
    run.save(late);
    for (String name :
        new String[] {
          "emaShadow.bin", "coefficients.bin", "updaterState.bin", "configuration.json"
        }) {
      Path mixed = directory.resolve("mixed.zip");
      Map<String, byte[]> entries = Zips.read(late);
      entries.put(name, Zips.read(early).get(name));
      Zips.write(mixed, entries);

      assertRefused(
          EmaCheckpointException.class,
          "its entry '" + name + "' is not the one that was saved with the average",
          () -> EmaCheckpoint.restore(mixed));
    }
  }

  @Test
  void anAverageOfAnotherNetwork() throws IOException {
    Map<String, byte[]> entries = Zips.read(saved(Kind.MLP));
    Map<String, byte[]> other = Zips.read(saved(Kind.GRAPH));
    entries.put("emaShadow.bin", other.get("emaShadow.bin"));
    entries.put("emaVariances.bin", other.get("emaVariances.bin"));
    entries.put("emaState.json", other.get("emaState.json"));
    Path mixed = directory.resolve("mixed.zip");
    Zips.write(mixed, entries);

    assertRefused(
        EmaCheckpointException.class, "'coefficients.bin'", () -> EmaCheckpoint.restore(mixed));
  }

  @Test
  void missingEntries() throws IOException {
    Path file = saved(Kind.MLP);
    for (String name :
        new String[] {
          "emaShadow.bin", "coefficients.bin", "updaterState.bin", "configuration.json"
        }) {
      Map<String, byte[]> entries = Zips.read(file);
      entries.remove(name);
      Path partial = directory.resolve("partial.zip");
      Zips.write(partial, entries);

      assertRefused(
          EmaCheckpointException.class,
          "lacks the entry '" + name + "'",
          () -> EmaCheckpoint.restore(partial));
    }
  }

  /** The state as text, with a part of it replaced. */
  private Path edited(Path file, String old, String replacement) throws IOException {
    Map<String, byte[]> entries = Zips.read(file);
    String text = new String(entries.get("emaState.json"), UTF_8);
    assertTrue(text.contains(old), text);
    entries.put("emaState.json", text.replace(old, replacement).getBytes(UTF_8));
    Path edited = directory.resolve("edited.zip");
    Zips.write(edited, entries);
    return edited;
  }

  @Test
  void aNewerFormat() throws IOException {
    Path file = edited(saved(Kind.MLP), "\"format\" : 3", "\"format\" : 4");

    assertRefused(EmaCheckpointException.class, "reads up to 3", () -> EmaCheckpoint.restore(file));
    assertRefused(EmaCheckpointException.class, "version 4", () -> EmaCheckpoint.info(file));
  }

  @Test
  void entriesThatAreSomethingElse() throws IOException {
    Path file = saved(Kind.MLP);
    for (String name : new String[] {"emaState.json", "configuration.json", "normalizer.bin"}) {
      Map<String, byte[]> entries = Zips.read(file);
      entries.put(name, "[]".getBytes(UTF_8));
      Path other = directory.resolve("other.zip");
      Zips.write(other, entries);

      assertRefused(
          EmaCheckpointException.class, other.toString(), () -> EmaCheckpoint.restore(other));
    }
  }

  @Test
  void aStateThatContradictsTheArrays() throws IOException {
    Path file = saved(Kind.MLP);
    long length = EmaCheckpoint.info(file).average().length();

    Path longer = edited(file, "\"length\" : " + length, "\"length\" : " + (length + 1));
    assertRefused(
        EmaCheckpointException.class,
        "%d parameters, but there are %d averaged".formatted(length + 1, length),
        () -> EmaCheckpoint.restore(longer));
    Path wider = edited(file, "\"shadowType\" : \"FLOAT\"", "\"shadowType\" : \"DOUBLE\"");
    assertRefused(
        EmaCheckpointException.class,
        "held in DOUBLE, but the averaged values are FLOAT",
        () -> EmaCheckpoint.restore(wider));
    Path otherType = edited(file, "\"paramsType\" : \"FLOAT\"", "\"paramsType\" : \"HALF\"");
    assertRefused(
        EmaCheckpointException.class,
        "of HALF parameters, but the network's are FLOAT",
        () -> EmaCheckpoint.restore(otherType));
  }

  @Test
  void aStateWithoutAValueOrWithANonsensicalOne() throws IOException {
    Path file = saved(Kind.MLP);

    Path lacking = edited(file, "\"updates\"", "\"upd\"");
    assertRefused(
        EmaCheckpointException.class, "'updates' is missing", () -> EmaCheckpoint.info(lacking));
    Path wrong = edited(file, "\"steps\" : 3", "\"steps\" : -3");
    assertRefused(
        EmaCheckpointException.class, "steps must be at least 0", () -> EmaCheckpoint.info(wrong));
    Path text = edited(file, "\"steps\" : 3", "\"steps\" : \"three\"");
    assertRefused(EmaCheckpointException.class, "'three'", () -> EmaCheckpoint.info(text));
    Path unsure = edited(file, "\"coefficients.bin\"", "\"other.bin\"");
    assertRefused(
        EmaCheckpointException.class,
        "does not vouch for its entry 'coefficients.bin'",
        () -> EmaCheckpoint.restore(unsure));
  }

  @Test
  void aCustomScheduleWithoutItsCode() throws IOException {
    DecaySchedule custom =
        new DecaySchedule() {
          @Override
          public double decayAt(long update) {
            return 0.5;
          }

          @Override
          public String spec() {
            return "half-and-half()";
          }
        };
    AveragingConfig config = AveragingConfig.builder().schedule(custom).build();
    MultiLayerNetwork network = (MultiLayerNetwork) Kind.MLP.initialised();
    ModelEmaListener ema = new ModelEmaListener(config);
    network.setListeners(ema);
    network.fit(Kind.MLP.batch(0));
    Path file = directory.resolve("custom.zip");
    EmaCheckpoint.save(file, network, ema);

    assertRefused(
        EmaCheckpointException.class,
        "pass the AveragingConfig that has it",
        () -> EmaCheckpoint.restoreMultiLayerNetwork(file));
    assertEquals(1, EmaCheckpoint.restoreMultiLayerNetwork(file, config).ema().updateCount());
  }

  /** Notices being deserialized. */
  private static final class Payload implements Serializable {
    private static final long serialVersionUID = 1;
    private static boolean read;

    private void readObject(ObjectInputStream in) throws IOException {
      read = true;
    }
  }

  @Test
  void javaSerializationIsNotRead() throws IOException {
    Path file = saved(Kind.MLP);
    Map<String, byte[]> entries = Zips.read(file);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new Payload());
    }
    entries.put("preprocessor.bin", bytes.toByteArray());
    entries.put("objects/x", bytes.toByteArray());
    Zips.write(file, entries);

    EmaCheckpoint.restoreMultiLayerNetwork(file);

    assertFalse(Payload.read);
    assertThrows(
        Exception.class, () -> ModelSerializer.restoreMultiLayerNetwork(file.toFile(), true));
    assertTrue(Payload.read, "Deeplearning4j itself reads it, so the payload works");
  }

  // ---------------------------------------------------------------- nothing else changes

  @Test
  void aFailedSaveLeavesEverythingAsItWas() throws IOException {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 3);
    byte[] before = run.state(directory);
    Path missing = directory.resolve("missing/checkpoint.zip");
    Path aDirectory = Files.createDirectory(directory.resolve("directory.zip"));
    Path inAFile = directory.resolve("state.zip/checkpoint.zip");

    assertRefused(
        IOException.class,
        "does not exist",
        () -> EmaCheckpoint.save(missing, run.network(), run.ema()));
    assertRefused(
        IOException.class,
        "is a directory",
        () -> EmaCheckpoint.save(aDirectory, run.network(), run.ema()));
    assertThrows(IOException.class, () -> EmaCheckpoint.save(inAFile, run.network(), run.ema()));

    assertArrayEquals(before, run.state(directory));
  }

  @Test
  void aSaveThatBreaksOffLeavesTheOldFile() throws IOException {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 3);
    Path file = directory.resolve("checkpoint.zip");
    run.save(file);
    byte[] before = Files.readAllBytes(file);

    // The last thing to be written cannot be: the disk is full.
    assertRefused(
        IOException.class,
        "No space left",
        () ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(before);
                  out.write(before);
                  throw new IOException("No space left on device");
                }));

    assertArrayEquals(before, Files.readAllBytes(file));
    try (var files = Files.list(directory)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void aRuntimeErrorWhileWritingLeavesTheOldFile() throws IOException {
    Path file = Files.writeString(directory.resolve("checkpoint.zip"), "old");

    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(1);
                  throw new IllegalStateException("no strategy for this normalizer");
                }));

    assertEquals("old", Files.readString(file));
  }
}
