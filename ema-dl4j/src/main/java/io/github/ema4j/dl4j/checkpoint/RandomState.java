// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import org.nd4j.linalg.api.rng.Random;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The state of ND4J's random generator, from which dropout and weight noise are drawn. ND4J has one
 * generator per thread.
 *
 * @param root first half of the state
 * @param node second half of the state
 */
public record RandomState(long root, long node) {

  /**
   * The state of the calling thread's generator.
   *
   * @return the state now
   */
  public static RandomState current() {
    Random random = Nd4j.getRandom();
    return new RandomState(random.rootState(), random.nodeState());
  }

  /** Puts the calling thread's generator into this state. */
  public void apply() {
    Nd4j.getRandom().setStates(root, node);
  }
}
