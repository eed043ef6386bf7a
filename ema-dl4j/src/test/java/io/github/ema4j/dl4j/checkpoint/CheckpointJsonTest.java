// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AverageCounters;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.checkpoint.CheckpointInfo.Entry;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** The text of a checkpoint's description. */
class CheckpointJsonTest {

  private static AverageInfo average(double decay) {
    return new AverageInfo(
        10,
        DataType.FLOAT,
        DataType.DOUBLE,
        Coverage.all(10),
        AverageInfo.Settings.of(AveragingConfig.of(decay)),
        new AverageCounters(3, 3, 3, 0, decay, decay * decay * decay));
  }

  private static CheckpointInfo info(
      List<AverageInfo> further, Optional<Double> best, Map<String, String> metadata) {
    return new CheckpointInfo(
        CheckpointInfo.FORMAT,
        "EMA4J test",
        "ComputationGraph",
        12,
        3,
        Moment.EPOCH_END,
        average(0.9),
        further,
        new RandomState(Long.MIN_VALUE, Long.MAX_VALUE),
        best,
        metadata,
        Map.of("b.bin", new Entry(OptionalLong.of(1L << 40), 0xffffffffL)));
  }

  private static final CheckpointInfo LEAST = info(List.of(), Optional.empty(), Map.of());

  private static String text(CheckpointInfo info) throws IOException {
    return new String(CheckpointJson.write(info), UTF_8);
  }

  private static void refused(String said, String text) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> CheckpointJson.read(text.getBytes(UTF_8)));
    assertTrue(e.getMessage().contains(said), e.getMessage());
  }

  @Test
  void whatWasWrittenIsReadValueForValue() throws IOException {
    CheckpointInfo most =
        info(
            List.of(average(0.99), average(0.999)),
            Optional.of(-0.1 - 0.2),
            Map.of("run", "\u00e4 \"7\"", "", ""));
    for (CheckpointInfo info : List.of(LEAST, most)) {
      assertEquals(info, CheckpointJson.read(CheckpointJson.write(info)));
    }
  }

  @Test
  void whatThereIsNotIsNotWritten() throws IOException {
    assertFalse(text(LEAST).contains("furtherAverages"));
    assertFalse(text(LEAST).contains("bestScore"));
  }

  @Test
  void aFormatOfTheFutureIsRefusedBeforeAnythingElseIsRead() {
    refused("the format is version 4, but this version of EMA4J reads up to 3", "{\"format\": 4}");
    refused("the format is version 0", "{\"format\": 0}");
    refused("the format is version 4294967297", "{\"format\": 4294967297}");
    refused("'network' is missing", "{\"format\": 3}");
  }

  /** Before version 3 only some entries were named, by their checksums alone. */
  @Test
  void anEarlierFormatHasChecksumsInPlaceOfEntries() throws IOException {
    String text =
        text(LEAST)
            .replaceFirst("\"format\" : 3", "\"format\" : 2")
            .replaceFirst("(?s)\"entries\" : .*", "\"checksums\" : {\"b.bin\": 4294967295}}");
    CheckpointInfo read = CheckpointJson.read(text.getBytes(UTF_8));
    assertEquals(2, read.format());
    assertEquals(Map.of("b.bin", new Entry(OptionalLong.empty(), 0xffffffffL)), read.entries());
    refused("'entries' is missing", text.replaceFirst("\"format\" : 2", "\"format\" : 3"));
  }

  @Test
  void whatIsUnknownIsRefusedWhereverItStands() throws IOException {
    String text = text(LEAST);
    refused("[more]", text.replaceFirst("\\{", "{\"more\": 1,"));
    for (String object : List.of("network", "random", "b.bin")) {
      refused(
          "[more]", text.replace("\"" + object + "\" : {", "\"" + object + "\" : {\"more\": 1,"));
    }
    refused(
        "the network is of class 'Network', not one of [MultiLayerNetwork, ComputationGraph]",
        text.replace("ComputationGraph", "Network"));
    refused("'savedAt' must be one of", text.replace("EPOCH_END", "SOMETIMES"));
  }

  @Test
  void aCountIsNoMoreThanAnInt() throws IOException {
    String text = text(LEAST).replace("\"iteration\" : 12", "\"iteration\" : 2147483648");
    assertThrows(ArithmeticException.class, () -> CheckpointJson.read(text.getBytes(UTF_8)));
  }
}
