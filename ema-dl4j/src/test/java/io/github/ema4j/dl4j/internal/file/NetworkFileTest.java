// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.testing.Zips;
import io.github.ema4j.testing.dl4j.Kind;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.factory.Nd4j;

/** Networks without an average, in files of ours and of Deeplearning4j. */
class NetworkFileTest {

  @TempDir Path directory;

  private static double[] params(Model network) {
    return Networks.params(network).dup().data().asDouble();
  }

  @ParameterizedTest
  @EnumSource(names = {"MLP", "CNN", "GRAPH"})
  void aRestoredNetworkTrainsOnToTheSameBits(Kind kind) throws IOException {
    Model network = kind.initialised();
    Models.fit(network, kind.batch(0));
    Path file = directory.resolve("network.zip");
    NetworkFile.write(file, network, Map.of());
    Model restored = NetworkFile.restore(file).network();
    assertEquals(1, Networks.iterationCount(restored));
    long root = Nd4j.getRandom().rootState();
    long node = Nd4j.getRandom().nodeState();

    Models.fit(network, kind.batch(1));
    Nd4j.getRandom().setStates(root, node);
    Models.fit(restored, kind.batch(1));

    assertArrayEquals(params(network), params(restored));
  }

  @Test
  void filesOfDeeplearning4jAreLoadedButDoNotRestore() throws IOException {
    Model network = Kind.GRAPH.initialised();
    Path file = directory.resolve("theirs.zip");
    ModelSerializer.writeModel(network, file.toFile(), true);

    assertArrayEquals(params(network), params(NetworkFile.load(file).network()));
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> NetworkFile.restore(file));
    assertTrue(e.getMessage().contains("lacks the entry 'entries.json'"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"entries.json", "metadata.json"})
  void whatAFileSaysAboutItsNetworkIsNotLostUnnoticed(String name) throws IOException {
    Path file = directory.resolve("export.zip");
    Map<String, String> metadata = Map.of("inputSize", "3x64x64", "trained by", "me");
    EmaExport.save(file, Kind.MLP.initialised(), metadata);
    assertEquals(metadata, NetworkFile.load(file).metadata());

    Map<String, byte[]> entries = Zips.read(file);
    entries.remove(name);
    Zips.write(file, entries);

    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> NetworkFile.load(file));
    assertTrue(e.getMessage().contains("lacks the entry '" + name + "'"), e.getMessage());
  }

  @Test
  void aConfigurationThatIsNoneIsAnErrorThatNamesTheFile() throws IOException {
    Path file = directory.resolve("theirs.zip");
    ModelSerializer.writeModel(Kind.MLP.initialised(), file.toFile(), false);
    for (String text : new String[] {"{", "[]", "{}", "[".repeat(100_000)}) {
      Map<String, byte[]> entries = Zips.read(file);
      entries.put("configuration.json", text.getBytes(UTF_8));
      Zips.write(file, entries);

      EmaCheckpointException e =
          assertThrows(EmaCheckpointException.class, () -> NetworkFile.load(file));
      assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    }
  }
}
