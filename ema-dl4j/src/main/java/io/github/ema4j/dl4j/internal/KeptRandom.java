// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import org.nd4j.linalg.api.rng.Random;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The random numbers of the calling thread as they are before an evaluation, which are put back
 * after it. Deeplearning4j draws from them at inference too, for noise that applies to biases, and
 * training would go on with others.
 */
public final class KeptRandom implements AutoCloseable {

  private final long root;
  private final long node;

  private KeptRandom(Random random) {
    root = random.rootState();
    node = random.nodeState();
  }

  /**
   * Remembers the state of the thread's generator.
   *
   * @return puts it back when closed
   */
  public static KeptRandom now() {
    return new KeptRandom(Nd4j.getRandom());
  }

  @Override
  public void close() {
    Nd4j.getRandom().setStates(root, node);
  }
}
