// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which networks have averaged weights in them just now. Averages do not know of each other, and a
 * network has no place to keep a note, so the notes are here: the one thing that all averages of a
 * network share.
 *
 * <p>A note stands for an open {@link Swap} and goes with it, or with the network. It holds the
 * average, whose shadow has the raw weights meanwhile.
 */
public final class SwappedNetworks {

  private static final Map<Key, ParameterAverage> SWAPPED = new HashMap<>();
  private static final ReferenceQueue<Model> GONE = new ReferenceQueue<>();

  private SwappedNetworks() {}

  /**
   * Whether averaged weights stand in a network, of whatever average.
   *
   * @param network any
   * @return true while a swap is open
   */
  public static synchronized boolean contains(Model network) {
    return !SWAPPED.isEmpty() && SWAPPED.containsKey(new Key(network));
  }

  /**
   * Puts averaged weights into a network that has none in it.
   *
   * @param network whose parameters they are
   * @param average gives the weights, and holds the raw ones meanwhile
   * @param params the parameters of the network
   * @return puts the raw weights back when closed
   * @throws IllegalStateException if averaged weights are in it already
   */
  public static Swap swap(Model network, ParameterAverage average, INDArray params) {
    Key key = note(network, average);
    try {
      return average.swap(params).whenClosed(() -> delete(key));
    } catch (RuntimeException e) {
      delete(key);
      throw e;
    }
  }

  private static synchronized Key note(Model network, ParameterAverage average) {
    for (Reference<?> gone = GONE.poll(); gone != null; gone = GONE.poll()) {
      SWAPPED.remove(gone);
    }
    Key key = new Key(network);
    if (SWAPPED.putIfAbsent(key, average) != null) {
      throw new IllegalStateException(
          "Averaged weights are swapped into the network already: close that Swap first");
    }
    return key;
  }

  private static synchronized void delete(Key key) {
    SWAPPED.remove(key);
  }

  /** A network as itself: Deeplearning4j compares networks by their weights. */
  private static final class Key extends WeakReference<Model> {

    private final int hash;

    Key(Model network) {
      super(network, GONE);
      hash = System.identityHashCode(network);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(Object other) {
      return this == other || (other instanceof Key key && refersTo(key));
    }

    private boolean refersTo(Key key) {
      Model network = get();
      return network != null && network == key.get();
    }
  }
}
