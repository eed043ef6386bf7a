// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import java.lang.StackWalker.StackFrame;

/**
 * Tells a step of training from other backward passes. A network's own step throws the gradient of
 * its input away; {@code backpropGradient} and {@code calculateGradients} return it to their
 * caller. Deeplearning4j does not tell its layers which it is, but the stack does.
 */
final class TrainingStep {

  private static final StackWalker STACK = StackWalker.getInstance();

  /** Of both classes of network: goes down through the layers. */
  private static final String BACKWARD = "calcBackpropGradients";

  private TrainingStep() {}

  /** Whether a network computes the calling layer's gradients in order to learn. */
  static boolean isCalling() {
    return STACK.walk(
        frames ->
            frames
                .map(StackFrame::getMethodName)
                .dropWhile(method -> !method.equals(BACKWARD))
                .dropWhile(method -> method.equals(BACKWARD))
                .findFirst()
                .filter(method -> method.equals("computeGradientAndScore"))
                .isPresent());
  }
}
