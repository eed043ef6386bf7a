// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.testing.Zips;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;

/** The state of a checkpoint vouches for every entry, and nothing else is believed. */
class EntriesTest {

  @TempDir Path directory;

  private Path file;

  @BeforeEach
  void save() throws IOException {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 3);
    NormalizerStandardize normalizer = new NormalizerStandardize();
    normalizer.fit(Kind.MLP.batch(0));
    file = directory.resolve("checkpoint.zip");
    EmaCheckpoint.save(file, run.network(), run.ema(), normalizer);
  }

  private void assertRefused(String reason) {
    for (CheckpointReader.Reading<?> reading :
        new CheckpointReader.Reading<?>[] {
          CheckpointReader::verify,
          checkpoint -> checkpoint.restore(Model.class, java.util.Optional.empty())
        }) {
      EmaCheckpointException e =
          assertThrows(EmaCheckpointException.class, () -> CheckpointReader.read(file, reading));
      assertTrue(e.getMessage().contains(reason), e.getMessage());
      assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    }
  }

  private void edit(String old, String replacement) throws IOException {
    Map<String, byte[]> entries = Zips.read(file);
    String text = new String(entries.get("emaState.json"), UTF_8);
    assertTrue(text.contains(old), text);
    entries.put("emaState.json", text.replace(old, replacement).getBytes(UTF_8));
    Zips.write(file, entries);
  }

  @Test
  void theStateNamesAllOfThemWithLengthAndChecksum() throws IOException {
    Map<String, byte[]> contents = Zips.read(file);
    contents.remove("emaState.json");
    Map<String, CheckpointInfo.Entry> named = EmaCheckpoint.info(file).entries();

    assertEquals(contents.keySet(), named.keySet());
    contents.forEach(
        (name, content) -> {
          CRC32 crc = new CRC32();
          crc.update(content);
          assertEquals(content.length, named.get(name).bytes().orElseThrow(), name);
          assertEquals(crc.getValue(), named.get(name).crc32(), name);
        });
    assertTrue(EmaCheckpoint.info(file).hasNormalizer());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "normalizer.bin",
        "updaterState.bin",
        "coefficients.bin",
        "configuration.json",
        "emaShadow.bin"
      })
  void anEntryWhoseNameIsDamagedInTheDirectoryOfTheZipIsMissed(String name) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int at = new String(bytes, ISO_8859_1).lastIndexOf(name); // the first is before the content
    bytes[at + 3] ^= 4;
    Files.write(file, bytes);

    assertRefused("lacks the entry '" + name + "'");
  }

  @Test
  void whatTheStateDoesNotNameIsNotBelieved() throws IOException {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 3);
    Map<String, byte[]> with = Zips.read(file);
    run.save(file);
    assertFalse(EmaCheckpoint.verify(file).hasNormalizer());
    Map<String, byte[]> entries = Zips.read(file);
    for (String name : new String[] {"normalizer.bin", "emaShadow2.bin", "emaVariances.bin"}) {
      Map<String, byte[]> more = Zips.read(file);
      more.put(name, with.get("normalizer.bin"));
      Zips.write(file, more);

      assertRefused("has an entry '" + name + "' that was not saved with the average");
      Zips.write(file, entries);
    }
  }

  @Test
  void entriesOfOthersAreLeftAlone() throws IOException {
    Map<String, byte[]> entries = Zips.read(file);
    entries.put("notes.txt", new byte[] {1, 2, 3});
    Zips.write(file, entries);

    assertEquals(3, EmaCheckpoint.restore(file).iteration());
    EmaCheckpoint.verify(file);
  }

  @Test
  void aStateThatVouchesForAnotherEntryIsRefused() throws IOException {
    edit("\"emaShadow.bin\"", "\"emaShadow7.bin\"");

    assertRefused("does not vouch for its entry 'emaShadow.bin'");
  }

  @Test
  void aLengthOtherThanTheEntrysIsRefused() throws IOException {
    long bytes = EmaCheckpoint.info(file).entries().get("coefficients.bin").bytes().orElseThrow();
    edit("\"bytes\" : " + bytes, "\"bytes\" : " + (bytes + 1));

    assertRefused("is not the one that was saved with the average");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"format\" : 3, \"fromat\" : 1,",
        "\"format\" : 3, \"format\" : 3,",
        "\"format\" : 3, \"checksums\" : {},"
      })
  void aStateWithUnknownOrRepeatedNamesIsRefused(String members) throws IOException {
    edit("\"format\" : 3,", members);

    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(file));
    assertTrue(e.getMessage().contains("'emaState.json' cannot be understood"), e.getMessage());
  }

  @Test
  void aStateWithTextAfterItIsRefused() throws IOException {
    Map<String, byte[]> entries = Zips.read(file);
    String text = new String(entries.get("emaState.json"), UTF_8);
    entries.put("emaState.json", (text + "{}").getBytes(UTF_8));
    Zips.write(file, entries);

    assertRefused("'emaState.json' cannot be understood");
  }

  @Test
  void aNumberThatIsUnknownWithinAnAverageIsRefused() throws IOException {
    edit("\"skipped\" : 0", "\"skipped\" : 0, \"skiped\" : 1");

    assertRefused("not known here: [skiped]");
  }

  /** As it happens where two runs write to one file in place. */
  @Test
  void aFileThatIsOverwrittenWhileItIsReadIsNoticed() throws IOException {
    Path other = directory.resolve("other.zip");
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 5);
    NormalizerStandardize normalizer = new NormalizerStandardize();
    normalizer.fit(Kind.MLP.batch(0));
    EmaCheckpoint.save(other, run.network(), run.ema(), normalizer);
    byte[] later = Files.readAllBytes(other);

    EmaCheckpointException e =
        assertThrows(
            EmaCheckpointException.class,
            () ->
                CheckpointReader.read(
                    file,
                    checkpoint -> {
                      Files.write(file, later); // after the state was read
                      return checkpoint.restore(Model.class, java.util.Optional.empty());
                    }));
    assertTrue(e.getMessage().contains("coefficients.bin"), e.getMessage());
  }

  @Test
  void aFileThatIsReplacedWhileItIsReadIsTheOneThatWasOpened() throws IOException {
    double[] before = values(EmaCheckpoint.restore(file));
    Path other = directory.resolve("other.zip");
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 5);
    run.save(other);

    RestoredCheckpoint<Model> restored =
        CheckpointReader.read(
            file,
            checkpoint -> {
              Files.move(other, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
              return checkpoint.restore(Model.class, java.util.Optional.empty());
            });

    assertArrayEquals(before, values(restored));
  }

  private static double[] values(RestoredCheckpoint<Model> run) {
    return run.network().params().dup().data().asDouble();
  }

  // ---------------------------------------------------------------- declared sizes

  /** An array that says that it has more values than its entry has bytes, with right checksums. */
  @Test
  void anArrayThatIsSaidToBeLongerThanItsEntryIsRefusedBeforeThereIsRoomForIt() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    long length = 1L << 40;
    writeShape(out, length);
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(length);
    out.writeUTF("FLOAT");
    out.writeFloat(1);
    replaceUnnoticed("emaShadow.bin", bytes.toByteArray());

    assertRestoreRefused("it is said to have 1099511627776 values of 4 bytes");
  }

  @Test
  void aShapeThatReachesBeyondItsValuesIsRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    writeShape(out, 1000);
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(2);
    out.writeUTF("FLOAT");
    out.writeFloat(1);
    out.writeFloat(2);
    replaceUnnoticed("emaShadow.bin", bytes.toByteArray());

    assertRestoreRefused("its shape [1, 1000, 1, 8192, 1, 99] is not one of 2 such values");
  }

  private void assertRestoreRefused(String reason) {
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(file));
    assertTrue(e.getMessage().contains("'emaShadow.bin' is not an array"), e.getMessage());
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  private static void writeShape(DataOutputStream out, long length) throws IOException {
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(6);
    out.writeUTF("LONG");
    for (long value : new long[] {1, length, 1, 8192, 1, 'c'}) {
      out.writeLong(value);
    }
  }

  /** Puts another entry in place, and vouches for it. */
  private void replaceUnnoticed(String name, byte[] content) throws IOException {
    CheckpointInfo.Entry before = EmaCheckpoint.info(file).entries().get(name);
    CRC32 crc = new CRC32();
    crc.update(content);
    Map<String, byte[]> entries = Zips.read(file);
    String text = new String(entries.get("emaState.json"), UTF_8);
    int at = text.indexOf('"' + name + '"');
    String rest =
        text.substring(at)
            .replaceFirst(
                "\"bytes\" : " + before.bytes().orElseThrow(), "\"bytes\" : " + content.length)
            .replaceFirst("\"crc32\" : " + before.crc32(), "\"crc32\" : " + crc.getValue());
    entries.put("emaState.json", (text.substring(0, at) + rest).getBytes(UTF_8));
    entries.put(name, content);
    Zips.write(file, entries);
  }

  @Test
  void aStateIsReadUpToALimit() throws IOException {
    Map<String, byte[]> entries = Zips.read(file);
    byte[] state = entries.get("emaState.json");
    byte[] padded = new byte[(1 << 24) + 1 + state.length];
    java.util.Arrays.fill(padded, (byte) ' ');
    System.arraycopy(state, 0, padded, 0, state.length);
    entries.put("emaState.json", padded);
    Zips.write(file, entries);

    assertRefused("'emaState.json' has more than 16,777,216 bytes");
  }

  @Test
  void aStateThatIsNestedDeeplyIsRefused() throws IOException {
    edit("\"metadata\" : { }", "\"metadata\" : " + "[".repeat(50_000) + "]".repeat(50_000));

    assertRefused("nested deeper than 16 levels");
  }

  @Test
  void aNumberOfManyDigitsIsRefused() throws IOException {
    edit("\"steps\" : 3", "\"steps\" : " + "3".repeat(1_000_000));

    assertRefused("a number of 1000000 digits");
  }

  @Test
  void aScheduleThatIsNestedDeeplyIsRefused() throws IOException {
    String schedule = EmaCheckpoint.info(file).average().settings().schedule();
    edit(schedule, "copy-first(updates=0, then=".repeat(20_000) + "uniform()" + ")".repeat(20_000));

    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(file));
    assertTrue(e.getMessage().contains("nested"), e.getMessage());
    assertTrue(e.getMessage().length() < 2000, () -> e.getMessage().length() + " characters");
  }

  @Test
  void aStateThatCouldNotBeReadAgainIsNotWritten() throws IOException {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 1);
    byte[] before = Files.readAllBytes(file);

    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                EmaCheckpoint.builder(run.network(), run.ema())
                    .metadata("log", "x".repeat(1 << 24))
                    .save(file));
    assertTrue(e.getMessage().contains("less metadata"), e.getMessage());
    assertArrayEquals(before, Files.readAllBytes(file));
  }
}
