// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.train.error.UserError;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;

/**
 * The averages of a run under their names.
 *
 * @param names of the averages, in their order
 * @param group keeps them; empty if there is none
 */
record Averages(List<String> names, Optional<ModelEmaGroup> group) {

  /**
   * New averages, not started yet.
   *
   * @param images in an epoch
   */
  static Averages of(EmaOptions options, int images) {
    List<EmaOptions.Average> averages = options.averages(images);
    return of(averages, averages.stream().map(options::listener).toList());
  }

  /** Averages that go on. */
  static Averages resumed(EmaOptions options, int images, List<ModelEmaListener> listeners) {
    return of(options.averages(images), listeners);
  }

  private static Averages of(List<EmaOptions.Average> averages, List<ModelEmaListener> listeners) {
    return new Averages(
        averages.stream().map(EmaOptions.Average::name).toList(),
        listeners.isEmpty()
            ? Optional.empty()
            : Optional.of(ModelEmaGroup.of(listeners.toArray(ModelEmaListener[]::new))));
  }

  List<ModelEmaListener> listeners() {
    return group.map(ModelEmaGroup::members).orElse(List.of());
  }

  List<AveragingConfig> configs() {
    return listeners().stream().map(ModelEmaListener::config).toList();
  }

  /**
   * Starts new averages at a network's weights.
   *
   * @throws UserError if it has not what is to be treated specially
   */
  Averages attachedTo(Model network) {
    try {
      group.ifPresent(averages -> averages.start(network));
      return this;
    } catch (IllegalArgumentException e) {
      throw new UserError("--model-ema-bn copy: " + e.getMessage(), e);
    }
  }

  /** Times that averaged weights were put into the network, as its own were not finite. */
  long restores() {
    return listeners().stream().mapToLong(ModelEmaListener::restores).sum();
  }

  void registerWith(Model network) {
    group.ifPresent(network::addListeners);
  }
}
