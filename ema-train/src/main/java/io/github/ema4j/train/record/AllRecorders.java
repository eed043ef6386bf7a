// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.util.List;
import java.util.function.Consumer;

/** Hands everything to several recorders; what one of them cannot write, the others still do. */
final class AllRecorders implements RunRecorder {
  private final List<RunRecorder> recorders;

  AllRecorders(List<RunRecorder> recorders) {
    this.recorders = List.copyOf(recorders);
  }

  @Override
  public void iteration(
      int epoch, long iteration, double loss, double learningRate, double imagesPerSecond) {
    forEach(r -> r.iteration(epoch, iteration, loss, learningRate, imagesPerSecond));
  }

  @Override
  public void epoch(EpochResult result) {
    forEach(r -> r.epoch(result));
  }

  @Override
  public void close() {
    forEach(RunRecorder::close);
  }

  private void forEach(Consumer<RunRecorder> action) {
    RuntimeException failure = null;
    for (RunRecorder recorder : recorders) {
      try {
        action.accept(recorder);
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
