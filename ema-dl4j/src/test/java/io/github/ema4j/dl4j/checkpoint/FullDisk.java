// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.ema4j.testing.dl4j.Kind;
import java.io.IOException;
import java.nio.file.Path;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A program that goes on from a checkpoint and cannot write another: files may not grow so far. */
final class FullDisk {

  static final String DONE = "all as before";

  private FullDisk() {}

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    Run run = Run.restore(Kind.MLP, file);
    run.fitIterations(3, 6);
    INDArray params = run.network().params().dup();
    INDArray shadow = run.ema().shadow().dup();

    IOException e =
        assertThrows(IOException.class, () -> EmaCheckpoint.save(file, run.network(), run.ema()));

    System.out.println(e);
    assertEquals(params, run.network().params());
    assertEquals(shadow, run.ema().shadow());
    assertEquals(3, EmaCheckpoint.verify(file).iteration());
    run.fitIterations(6, 7);
    assertEquals(7, run.ema().average().stepCount());
    System.out.println(DONE);
  }
}
