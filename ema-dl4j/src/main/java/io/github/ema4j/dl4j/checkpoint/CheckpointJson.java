// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.internal.text.PlainValues;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.dl4j.Moment;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.nd4j.shade.jackson.core.type.TypeReference;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.SerializationFeature;

/** The text form of {@link CheckpointInfo}; the package's introduction describes it. */
final class CheckpointJson {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final String FURTHER = "furtherAverages";

  private CheckpointJson() {}

  static byte[] write(CheckpointInfo info) throws IOException {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("format", info.format());
    root.put("writer", info.writer());
    Map<String, Object> network = new LinkedHashMap<>();
    network.put("class", info.networkClass());
    network.put("iteration", info.iteration());
    network.put("epoch", info.epoch());
    network.put("savedAt", info.savedAt().name());
    root.put("network", network);
    root.put("average", info.average().toMap());
    if (!info.furtherAverages().isEmpty()) {
      root.put(FURTHER, info.furtherAverages().stream().map(AverageInfo::toMap).toList());
    }
    Map<String, Object> random = new LinkedHashMap<>();
    random.put("root", info.random().root());
    random.put("node", info.random().node());
    root.put("random", random);
    info.bestScore().ifPresent(score -> root.put("bestScore", score));
    root.put("metadata", info.metadata());
    root.put("checksums", info.checksums());
    return JSON.writeValueAsBytes(root);
  }

  /**
   * Reads the text.
   *
   * @throws IOException if it is not JSON
   * @throws IllegalArgumentException if it says something else than such a text should
   */
  static CheckpointInfo read(byte[] text) throws IOException {
    Map<String, Object> map = JSON.readValue(text, new TypeReference<Map<String, Object>>() {});
    PlainValues root = new PlainValues(map);
    long format = root.whole("format");
    if (format < 1 || format > CheckpointInfo.FORMAT) {
      throw new IllegalArgumentException(
          "the format is version %d, but this version of EMA4J reads up to %d: update it"
              .formatted(format, CheckpointInfo.FORMAT));
    }
    PlainValues network = new PlainValues(root.map("network"));
    PlainValues random = new PlainValues(root.map("random"));
    Map<String, ?> metadata = root.map("metadata");
    Map<String, ?> checksums = root.map("checksums");
    return new CheckpointInfo(
        (int) format,
        root.text("writer"),
        network.text("class"),
        Math.toIntExact(network.whole("iteration")),
        Math.toIntExact(network.whole("epoch")),
        network.constant("savedAt", Moment.class),
        AverageInfo.fromMap(root.map("average")),
        map.containsKey(FURTHER)
            ? root.maps(FURTHER).stream().map(AverageInfo::fromMap).toList()
            : List.of(),
        new RandomState(random.whole("root"), random.whole("node")),
        map.containsKey("bestScore") ? Optional.of(root.number("bestScore")) : Optional.empty(),
        collect(metadata, new PlainValues(metadata)::text),
        collect(checksums, new PlainValues(checksums)::whole));
  }

  private static <T> Map<String, T> collect(Map<String, ?> map, Function<String, T> read) {
    Map<String, T> values = new LinkedHashMap<>();
    map.keySet().forEach(name -> values.put(name, read.apply(name)));
    return values;
  }
}
