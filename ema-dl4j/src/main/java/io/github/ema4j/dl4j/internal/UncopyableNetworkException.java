// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

/**
 * A second network beside this one would be another network; the message says in what. What needs
 * none, such as swapping the averaged weights in, works all the same.
 */
public final class UncopyableNetworkException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  private final String lost;

  UncopyableNetworkException(String lost) {
    super(
        "Deeplearning4j cannot make a copy of this network: %s. Swap the averaged weights into the network itself: ema.swap(network)"
            .formatted(lost));
    this.lost = lost;
  }

  /**
   * What a copy of the network would have otherwise.
   *
   * @return part of a sentence
   */
  public String lost() {
    return lost;
  }
}
