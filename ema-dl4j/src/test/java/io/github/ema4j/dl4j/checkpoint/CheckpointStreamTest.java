// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.ema4j.core.Swap;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint can go to a stream as to a file. */
class CheckpointStreamTest {

  /** Knows whether it was closed. */
  private static final class Stream extends ByteArrayOutputStream {
    private boolean closed;

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void hasTheBytesOfTheFile(@TempDir Path directory) throws IOException {
    Run run = Run.start(Kind.CNN);
    run.fitIterations(0, 3);
    EmaCheckpoint.Builder checkpoint =
        EmaCheckpoint.builder(run.network(), run.ema()).metadata("run", "7");
    Path file = directory.resolve("checkpoint.zip");
    checkpoint.save(file);
    Stream stream = new Stream();
    checkpoint.writeTo(stream);
    assertArrayEquals(Files.readAllBytes(file), stream.toByteArray());
    assertFalse(stream.closed);
  }

  @Test
  void whatCannotBeSavedIsNotWritten() {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 1);
    Stream stream = new Stream();
    try (Swap ignored = run.ema().swap(run.network())) {
      assertThrows(
          IllegalStateException.class,
          () -> EmaCheckpoint.builder(run.network(), run.ema()).writeTo(stream));
    }
    assertEquals(0, stream.size());
  }
}
