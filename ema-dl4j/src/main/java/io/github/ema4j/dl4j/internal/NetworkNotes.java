// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;

/**
 * Notes about networks, which have no place to keep one themselves. A note is of one network, not
 * of its equals, does not keep it in memory, and goes with it. Thread-safe.
 *
 * @param <V> what is noted
 */
final class NetworkNotes<V> {

  private final Map<Key, V> notes = new HashMap<>();
  private final ReferenceQueue<Model> gone = new ReferenceQueue<>();

  synchronized boolean contains(Model network) {
    return !notes.isEmpty() && notes.containsKey(new Key(network, null));
  }

  synchronized Optional<V> of(Model network) {
    return Optional.ofNullable(notes.get(new Key(network, null)));
  }

  /** Keeps a note, if there is none about the network yet. */
  synchronized boolean add(Model network, V note) {
    for (Reference<?> key = gone.poll(); key != null; key = gone.poll()) {
      notes.remove(key);
    }
    return notes.putIfAbsent(new Key(network, gone), note) == null;
  }

  synchronized void delete(Model network) {
    notes.remove(new Key(network, null));
  }

  /** A network as itself: Deeplearning4j compares networks by their weights. */
  private static final class Key extends WeakReference<Model> {

    private final int hash;

    Key(Model network, ReferenceQueue<Model> queue) {
      super(network, queue);
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
