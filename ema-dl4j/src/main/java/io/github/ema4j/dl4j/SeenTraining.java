// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.dl4j.internal.Networks;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import org.deeplearning4j.nn.api.Model;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much of a network's training an average has seen. A network that has trained on without its
 * average counts more iterations than the average knows of; what to do about it depends on how the
 * average was kept until then.
 */
final class SeenTraining {

  private enum By {
    /** Nothing yet: the average was begun, and no more. */
    NOBODY(
        "The listener was never registered with the network, and start(network) does not follow"
            + " fit: call net.addListeners(ema) before fit, and after any net.setListeners(...)"),
    RESTORING(
        "The listener goes on with an average of earlier, but was not registered with the"
            + " restored network: call net.addListeners(run.ema()) before fit, and after any"
            + " net.setListeners(...)"),
    FIT(
        "The listener was registered, but not all the time: net.setListeners(...) drops all"
            + " listeners of before. Call net.addListeners(ema) after it, or net.setListeners(others,"
            + " ema)"),
    HAND(
        "update(network) was not called after the last of them: call it after every step, or"
            + " register the listener, net.addListeners(ema), where fit trains. (After a fit of a"
            + " ParallelWrapper that has failed the average is of the last time its workers agreed)");

    private final String cure;

    By(String cure) {
      this.cure = cure;
    }
  }

  private static final Logger log = LoggerFactory.getLogger(ModelEmaListener.class);

  static final String ALL_THE_SAME =
      "Who wants the average as it is calls ema.declareCurrent(net) first";

  private volatile By by = By.NOBODY;

  /** The iterations that the network may count without having been trained unseen. */
  private volatile int iterations;

  private volatile boolean declared;
  private volatile WeakReference<Thread> thread = new WeakReference<>(null);

  // ---------------------------------------------------------------- what the average has seen

  void begins(Model network, boolean resumed) {
    by = resumed ? By.RESTORING : By.NOBODY;
    iterations = Networks.iterationCount(network);
    onThisThread();
  }

  /** A fit that tells the average goes on; what it did not tell of is missing for good. */
  void goesOn(Model network, EmaListener ema) {
    int missed = missed(network);
    if (missed > 0) {
      allOf(network);
      if (ema.members().stream().anyMatch(member -> member.stepCount() > 0)) {
        log.warn(
            "The average lacks {} iterations, which the network made while the listener was not"
                + " registered with it (net.setListeners drops listeners), and goes on without"
                + " them; to begin afresh, call restart(net). If the iteration count was set by"
                + " hand, nothing is amiss",
            missed);
      }
    }
    onThisThread();
  }

  /** Deeplearning4j counts this iteration later. */
  void iterationDone(int iteration) {
    by = By.FIT;
    iterations = iteration + 1;
    onThisThread();
  }

  /** In a loop of the user's own, which may count these steps later. */
  void updated(Model network, long steps) {
    by = By.HAND;
    iterations = (int) Math.min(Integer.MAX_VALUE, Networks.iterationCount(network) + steps);
    onThisThread();
  }

  void beginsAnew(Model network) {
    declared = false;
    allOf(network);
  }

  /** The user says that nothing is missing. */
  void isAll(Model network) {
    declared = true;
    allOf(network);
  }

  private void allOf(Model network) {
    iterations = Networks.iterationCount(network);
  }

  /** Whether there was nothing to see yet, as far as is known. */
  boolean isNothing() {
    return by == By.NOBODY && !declared;
  }

  boolean isByHand() {
    return by == By.HAND;
  }

  /** Iterations of the network that the average has not seen; 0 where it is up to date. */
  private int missed(Model network) {
    return Math.max(0, Networks.iterationCount(network) - iterations);
  }

  void requireAllOf(Model network) {
    int missed = missed(network);
    if (missed > 0) {
      throw new IllegalStateException(
          "The average is not up to date: the network has made %d iterations, of which the average has not seen the last %d. %s. %s"
              .formatted(Networks.iterationCount(network), missed, by.cure, ALL_THE_SAME));
    }
  }

  // ---------------------------------------------------------------- on which thread

  private void onThisThread() {
    if (thread.get() != Thread.currentThread()) {
      thread = new WeakReference<>(Thread.currentThread());
    }
  }

  /** Whether the network was last trained by another thread, which may be at it again any time. */
  boolean wasElsewhere() {
    Thread last = thread.get();
    return last != null && last != Thread.currentThread() && last.isAlive();
  }

  /** Whether another thread trains a network just now: by its stack, as no callback says so. */
  boolean isElsewhere() {
    Thread last = thread.get();
    return last != null
        && last != Thread.currentThread()
        && Arrays.stream(last.getStackTrace()).anyMatch(SeenTraining::trains);
  }

  private static boolean trains(StackTraceElement call) {
    return call.getClassName().startsWith("org.deeplearning4j.")
        && (call.getMethodName().startsWith("fit") || call.getMethodName().startsWith("pretrain"));
  }
}
