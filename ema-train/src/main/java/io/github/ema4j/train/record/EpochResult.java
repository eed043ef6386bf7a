// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What one epoch of training led to.
 *
 * @param epoch from 1
 * @param iteration iterations made since training began, those of this epoch included
 * @param learningRate of the last iteration
 * @param trainLoss mean loss of the epoch's mini-batches; NaN or infinite if the network diverged
 * @param raw score of the network's own weights on the validation images
 * @param averages the run's averages, always in the same order; empty if it keeps none
 * @param seconds that the epoch took, validation included
 * @param imagesPerSecond training images per second, validation not counted
 */
public record EpochResult(
    int epoch,
    long iteration,
    double learningRate,
    double trainLoss,
    Score raw,
    List<AveragedResult> averages,
    double seconds,
    double imagesPerSecond) {

  /**
   * Checks and copies.
   *
   * @throws IllegalArgumentException if the epoch or iteration is below 1 or 0, or two averages
   *     have the same name
   */
  public EpochResult {
    if (epoch < 1) {
      throw new IllegalArgumentException("epoch " + epoch + " is not >= 1");
    }
    if (iteration < 0) {
      throw new IllegalArgumentException("iteration " + iteration + " is not >= 0");
    }
    Objects.requireNonNull(raw, "raw");
    averages = List.copyOf(averages);
    Set<String> names = new HashSet<>();
    for (AveragedResult average : averages) {
      if (!names.add(average.name())) {
        throw new IllegalArgumentException("two averages are called " + average.name());
      }
    }
  }

  /** One of the averages; empty if this epoch has none of that name. */
  public Optional<AveragedResult> average(String name) {
    return averages.stream().filter(average -> average.name().equals(name)).findFirst();
  }

  /** The names of all averages that any of the epochs has, in order of appearance. */
  static List<String> averageNames(List<EpochResult> epochs) {
    return epochs.stream()
        .flatMap(epoch -> epoch.averages().stream())
        .map(AveragedResult::name)
        .distinct()
        .toList();
  }
}
