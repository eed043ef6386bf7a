// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.dl4j.internal.Networks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/**
 * Whether an average may be updated while training goes on: from {@code iterationDone} on until the
 * next callback that the average is waited for in. That is {@code onGradientCalculation}, right
 * before the next step, or {@code onEpochEnd}. Nothing may write the weights in between, and nobody
 * read the average without asking for it.
 *
 * <p>What runs in between in {@code fit} of an iterator: the rest of the listeners, the iterator,
 * the forward and the backward pass with their callbacks. In every other way to train the program
 * itself runs, which may do anything.
 */
final class Overlap {

  /** A listener that passes callbacks on to another. */
  interface Wrapper {

    /** The other one. */
    TrainingListener wrapped();
  }

  /** Those that have been looked through: they read scores and weights. */
  private static final Set<String> READERS =
      Set.of(
          "org.deeplearning4j.optimize.listeners.CheckpointListener",
          "org.deeplearning4j.optimize.listeners.CollectScoresIterationListener",
          "org.deeplearning4j.optimize.listeners.CollectScoresListener",
          "org.deeplearning4j.optimize.listeners.PerformanceListener",
          "org.deeplearning4j.optimize.listeners.ScoreIterationListener",
          "org.deeplearning4j.optimize.listeners.SleepyTrainingListener",
          "org.deeplearning4j.optimize.listeners.TimeIterationListener",
          "org.deeplearning4j.ui.model.stats.StatsListener",
          "io.github.ema4j.onednn.OneDnnListener");

  private static final StackWalker STACK =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  /** Whether a class of listeners is called in {@code iterationDone} and on epoch starts only. */
  private static final ClassValue<Boolean> IS_CALLED_AFTER_STEPS_ONLY =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          return !overrides(type, "onForwardPass", Model.class, List.class)
              && !overrides(type, "onForwardPass", Model.class, Map.class)
              && !overrides(type, "onBackwardPass", Model.class)
              && !overrides(type, "onGradientCalculation", Model.class)
              && !overrides(type, "onEpochEnd", Model.class);
        }
      };

  private volatile boolean hasView;

  /** From now on someone may read the average at any time. */
  void viewIsHandedOut() {
    hasView = true;
  }

  /**
   * Why an update after the present step has to be complete when {@code iterationDone} returns.
   *
   * @param network that makes the step; without constraints
   * @param ema keeps the average
   * @param followers are called after the average
   * @return empty if it may go on
   */
  Optional<String> obstacle(Model network, EmaListener ema, List<TrainingListener> followers) {
    if (hasView) {
      return Optional.of("averagedView(net) was handed out, which may be read at any time");
    }
    if (Networks.searchesAlongLine(network)) {
      return Optional.of("a line search writes weights before it calls listeners");
    }
    if (network.getOptimizer().getGradientsAccumulator() != null) {
      return Optional.of("a GradientsAccumulator writes weights before it calls listeners");
    }
    Optional<String> listener = listenerThatMayWrite(network, ema, followers);
    if (listener.isPresent()) {
      return listener;
    }
    return isInFitOfIterator()
        ? Optional.empty()
        : Optional.of(
            "only net.fit(iterator) tells its listeners when it ends, before anything else runs");
  }

  private static Optional<String> listenerThatMayWrite(
      Model network, EmaListener ema, List<TrainingListener> followers) {
    List<TrainingListener> later = new ArrayList<>();
    boolean before = true;
    for (TrainingListener listener : Networks.listeners(network)) {
      if (listener == ema) {
        before = false;
      } else if (!before || !IS_CALLED_AFTER_STEPS_ONLY.get(listener.getClass())) {
        later.add(listener);
      }
    }
    later.addAll(followers);
    return later.stream()
        .filter(listener -> !onlyReads(listener))
        .findFirst()
        .map(
            listener ->
                listener instanceof EmaListener
                    ? "another average may be swapped into the network; make a ModelEmaGroup of both"
                    : "%s may change weights; if it does not, let it implement ReadOnlyListener, or register it before the average if all it has is iterationDone"
                        .formatted(innermost(listener).getClass().getName()));
  }

  private static boolean onlyReads(TrainingListener listener) {
    TrainingListener inner = innermost(listener);
    return inner instanceof ReadOnlyListener || READERS.contains(inner.getClass().getName());
  }

  private static TrainingListener innermost(TrainingListener listener) {
    return listener instanceof Wrapper wrapper ? innermost(wrapper.wrapped()) : listener;
  }

  private static boolean overrides(Class<?> type, String method, Class<?>... parameters) {
    try {
      Class<?> declaring = type.getMethod(method, parameters).getDeclaringClass();
      return declaring != TrainingListener.class && declaring != BaseTrainingListener.class;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("TrainingListener has no " + method + " any more", e);
    }
  }

  /** By the stack: no callback tells a fit of an iterator from an early stopping trainer. */
  private static boolean isInFitOfIterator() {
    return STACK.walk(Overlap::isFitOfIterator);
  }

  private static boolean isFitOfIterator(Stream<StackWalker.StackFrame> calls) {
    return calls
        .dropWhile(call -> !isOfNetwork(call))
        .takeWhile(Overlap::isOfNetwork)
        .anyMatch(Overlap::takesIterator);
  }

  private static boolean isOfNetwork(StackWalker.StackFrame call) {
    return call.getDeclaringClass() == MultiLayerNetwork.class
        || call.getDeclaringClass() == ComputationGraph.class;
  }

  private static boolean takesIterator(StackWalker.StackFrame call) {
    return call.getMethodType().parameterList().stream()
        .anyMatch(type -> type == DataSetIterator.class || type == MultiDataSetIterator.class);
  }
}
