// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.dl4j.Nets;
import java.lang.ref.WeakReference;
import java.util.Optional;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;

class NetworkNotesTest {

  private final NetworkNotes<String> notes = new NetworkNotes<>();
  private final MultiLayerNetwork network = Nets.mlp();

  @Test
  void theFirstNoteStaysUntilItIsDeleted() {
    assertTrue(notes.add(network, "first"));
    assertFalse(notes.add(network, "second"));
    assertEquals(Optional.of("first"), notes.of(network));
    notes.delete(network);
    assertFalse(notes.contains(network));
    assertTrue(notes.add(network, "second"));
    assertEquals(Optional.of("second"), notes.of(network));
  }

  @Test
  void aNetworkWithTheSameWeightsIsAnother() {
    MultiLayerNetwork equal = network.clone();
    assertEquals(network, equal);
    notes.add(network, "note");
    assertFalse(notes.contains(equal));
    assertEquals(Optional.empty(), notes.of(equal));
    notes.delete(equal);
    assertTrue(notes.contains(network));
  }

  @Test
  void aNoteGoesWithItsNetworkAndLeavesThoseOfOthers() throws InterruptedException {
    notes.add(network, "stays");
    WeakReference<Object> gone = noteThatGoes();
    for (int i = 0; i < 100 && gone.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
      notes.add(network, "other"); // clears away what is gone
    }
    assertNull(gone.get());
    assertEquals(Optional.of("stays"), notes.of(network));
  }

  private WeakReference<Object> noteThatGoes() {
    String note = "go".repeat(2); // no constant, which would stay
    notes.add(Nets.notInitialised(b -> b), note);
    return new WeakReference<>(note);
  }
}
