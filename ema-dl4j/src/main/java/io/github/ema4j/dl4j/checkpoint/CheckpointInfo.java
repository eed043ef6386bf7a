// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.dl4j.Moment;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deeplearning4j.util.ModelSerializer;

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
 * @param entries the entries of the file that belong to it, all but this one, by name; in the
 *     formats 1 and 2 neither configuration nor normalizer
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
    Map<String, Entry> entries) {

  /** The newest version of the layout that this version of EMA4J reads. */
  public static final int FORMAT = 3;

  /** The first version that names all entries. */
  static final int NAMES_ALL = 3;

  /**
   * An entry of the file, as it was saved.
   *
   * @param bytes length of its content; empty in the formats 1 and 2
   * @param crc32 CRC-32 of its content
   */
  public record Entry(OptionalLong bytes, long crc32) {

    private Entry(ZipWriter.Entry entry) {
      this(OptionalLong.of(entry.bytes()), entry.crc32());
    }

    static Map<String, Entry> of(Map<String, ZipWriter.Entry> written) {
      Map<String, Entry> entries = new TreeMap<>();
      written.forEach((name, entry) -> entries.put(name, new Entry(entry)));
      return entries;
    }

    static Entry fromMap(Map<String, ?> map) {
      return new Entry(ZipWriter.Entry.fromMap(map));
    }

    Map<String, Object> toMap() {
      return new ZipWriter.Entry(bytes.orElseThrow(), crc32).toMap();
    }
  }

  /** Copies the list, and the maps in the order of the names. */
  public CheckpointInfo {
    furtherAverages = List.copyOf(furtherAverages);
    metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    entries = Collections.unmodifiableMap(new TreeMap<>(entries));
  }

  /**
   * All averages, all but their values.
   *
   * @return one or more
   */
  public List<AverageInfo> averages() {
    return Stream.concat(Stream.of(average), furtherAverages.stream()).toList();
  }

  /**
   * Whether the normalizer of the data was saved with it.
   *
   * @return in the formats 1 and 2 always false: they do not say
   */
  public boolean hasNormalizer() {
    return entries.containsKey(ModelSerializer.NORMALIZER_BIN);
  }
}
