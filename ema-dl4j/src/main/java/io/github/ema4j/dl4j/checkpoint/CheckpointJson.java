// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.internal.text.PlainJson;
import io.github.ema4j.core.internal.text.PlainValues;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.dl4j.Moment;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** The text form of {@link CheckpointInfo}; the package's introduction describes it. */
final class CheckpointJson {

  private static final String FURTHER = "furtherAverages";
  private static final String ENTRIES = "entries";
  private static final List<String> NETWORKS =
      List.of(MultiLayerNetwork.class.getSimpleName(), ComputationGraph.class.getSimpleName());

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
    Map<String, Object> entries = new LinkedHashMap<>();
    info.entries().forEach((name, entry) -> entries.put(name, entry.toMap()));
    root.put(ENTRIES, entries);
    return PlainJson.write(root);
  }

  /**
   * Reads the text.
   *
   * @throws IllegalArgumentException if it is not JSON, or says something else than such a text
   *     should
   * @throws ArithmeticException if a number is too large
   */
  static CheckpointInfo read(byte[] text) {
    PlainValues root = PlainJson.read(text);
    int format = format(root);
    PlainValues network = new PlainValues(root.map("network"));
    PlainValues random = new PlainValues(root.map("random"));
    PlainValues metadata = new PlainValues(root.map("metadata"));
    CheckpointInfo info =
        new CheckpointInfo(
            format,
            root.text("writer"),
            networkClass(network),
            Math.toIntExact(network.whole("iteration")),
            Math.toIntExact(network.whole("epoch")),
            network.constant("savedAt", Moment.class),
            AverageInfo.fromMap(root.map("average")),
            root.has(FURTHER)
                ? root.maps(FURTHER).stream().map(AverageInfo::fromMap).toList()
                : List.of(),
            new RandomState(random.whole("root"), random.whole("node")),
            root.has("bestScore") ? Optional.of(root.number("bestScore")) : Optional.empty(),
            metadata.all(metadata::text),
            format < CheckpointInfo.NAMES_ALL ? checksums(root) : entries(root));
    network.requireNoOthers();
    random.requireNoOthers();
    root.requireNoOthers();
    return info;
  }

  private static int format(PlainValues root) {
    long format = root.whole("format");
    if (format < 1 || format > CheckpointInfo.FORMAT) {
      throw new IllegalArgumentException(
          "the format is version %d, but this version of EMA4J reads up to %d: update it"
              .formatted(format, CheckpointInfo.FORMAT));
    }
    return (int) format;
  }

  private static String networkClass(PlainValues network) {
    String name = network.text("class");
    if (!NETWORKS.contains(name)) {
      throw new IllegalArgumentException(
          "the network is of class '%s', not one of %s".formatted(name, NETWORKS));
    }
    return name;
  }

  private static Map<String, CheckpointInfo.Entry> entries(PlainValues root) {
    PlainValues entries = new PlainValues(root.map(ENTRIES));
    return entries.all(name -> CheckpointInfo.Entry.fromMap(entries.map(name)));
  }

  private static Map<String, CheckpointInfo.Entry> checksums(PlainValues root) {
    PlainValues checksums = new PlainValues(root.map("checksums"));
    return checksums.all(
        name -> new CheckpointInfo.Entry(OptionalLong.empty(), checksums.whole(name)));
  }
}
