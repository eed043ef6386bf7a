// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A damaged checkpoint is an error, never a wrong average. */
class DamageTest {

  @TempDir Path directory;

  private Path file;
  private byte[] whole;
  private double[] shadow;

  @BeforeEach
  void save() throws IOException {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 3);
    file = directory.resolve("checkpoint.zip");
    run.save(file);
    whole = Files.readAllBytes(file);
    shadow = values(run.ema().shadow());
  }

  private static double[] values(INDArray array) {
    return array.reshape(array.length()).dup().data().asDouble();
  }

  @Test
  void truncatedAnywhere() throws IOException {
    for (int percent = 0; percent < 100; percent++) {
      int length = (int) ((long) whole.length * percent / 100);
      Files.write(file, Arrays.copyOf(whole, length));

      EmaCheckpointException e =
          assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(file));
      assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
      assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.verify(file));
    }
  }

  @Test
  void lackingTheLastBytes() throws IOException {
    for (int missing = 1; missing <= 30; missing++) {
      Files.write(file, Arrays.copyOf(whole, whole.length - missing));

      assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(file));
    }
  }

  @Test
  void withAnyByteOfTheShadowChanged() throws IOException {
    // The payload of the last array entry: found by its elements, which are stored uncompressed.
    byte[] payload = payload();
    int start = indexOf(whole, payload);
    for (int i = 0; i < payload.length; i += 3) {
      byte[] damaged = whole.clone();
      damaged[start + i] ^= (byte) (1 << i % 8);
      Files.write(file, damaged);

      EmaCheckpointException e =
          assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(file));
      assertTrue(e.getMessage().contains("'emaShadow.bin' is damaged"), e.getMessage());
    }
  }

  private byte[] payload() {
    ByteBuffer bytes = ByteBuffer.allocate(4 * shadow.length);
    for (double value : shadow) {
      bytes.putFloat((float) value);
    }
    return bytes.array();
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int i = 0; i + part.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new AssertionError("The averaged values do not stand in the file uncompressed");
  }

  @Test
  void withAnyByteChangedIsAnErrorOrHarmless() throws IOException {
    int errors = 0;
    int tries = 0;
    for (int i = 0; i < whole.length; i += 11) {
      byte[] damaged = whole.clone();
      damaged[i] ^= (byte) (1 << i % 8);
      Files.write(file, damaged);
      tries++;
      try {
        RestoredCheckpoint<Model> restored = EmaCheckpoint.restore(file);
        // A byte that says nothing, such as a time.
        assertArrayEquals(shadow, values(restored.ema().shadow()));
        assertEquals(3, restored.iteration());
      } catch (IOException e) {
        errors++;
      }
    }
    assertTrue(errors > tries * 3 / 4, errors + " errors in " + tries + " tries");
  }

  @Test
  void emptyOrOfAnotherKind() throws IOException {
    Files.write(file, new byte[0]);
    assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.info(file));

    Files.writeString(
        file, "no zip at all, but long enough to be taken for one by its length alone");
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.info(file));
    assertTrue(e.getMessage().contains("is not a model file"), e.getMessage());
  }

  @Test
  void missing() {
    Path nowhere = directory.resolve("nowhere.zip");
    assertThrows(NoSuchFileException.class, () -> EmaCheckpoint.restore(nowhere));
  }
}
