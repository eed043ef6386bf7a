// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.dl4j.Moment;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a checkpoint says about itself. Immutable.
 *
 * @param format version of the layout, see the package's introduction
 * @param writer the program that wrote the file, such as {@code EMA4J 0.1.0}
 * @param networkClass {@code MultiLayerNetwork} or {@code ComputationGraph}
 * @param iteration iterations done, as counted after the moment of saving
 * @param epoch epochs done, as counted after the moment of saving
 * @param savedAt where in a fit the file was written; the counts above and the parameters have been
 *     adjusted for it
 * @param average the average, all but its values; of several the first
 * @param furtherAverages the other ones, in their order
 * @param random state of the random generator of the thread that wrote the file
 * @param bestScore the best score so far, if one was given
 * @param metadata texts of the user by name
 * @param checksums CRC-32 of the entries that belong together, by name
 */
public record CheckpointInfo(
    int format,
    String writer,
    String networkClass,
    int iteration,
    int epoch,
    Moment savedAt,
    AverageInfo average,
    List<AverageInfo> furtherAverages,
    RandomState random,
    Optional<Double> bestScore,
    Map<String, String> metadata,
    Map<String, Long> checksums) {

  /** The newest version of the layout that this version of EMA4J reads. */
  public static final int FORMAT = 3;

  /**
   * The version of the layout that a file of these averages has: the oldest that can hold them, so
   * that older readers read what they can, and refuse what they would lose.
   */
  static int format(List<AverageInfo> averages) {
    boolean variances = averages.stream().anyMatch(a -> !a.coverage().variances().isEmpty());
    return variances ? 3 : averages.size() > 1 ? 2 : 1;
  }

  /** Copies the list, and the maps in the order of the names. */
  public CheckpointInfo {
    furtherAverages = List.copyOf(furtherAverages);
    metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    checksums = Collections.unmodifiableMap(new TreeMap<>(checksums));
  }

  /**
   * All averages, all but their values.
   *
   * @return one or more
   */
  public List<AverageInfo> averages() {
    return Stream.concat(Stream.of(average), furtherAverages.stream()).toList();
  }
}
