// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import static org.deeplearning4j.util.ModelSerializer.COEFFICIENTS_BIN;
import static org.deeplearning4j.util.ModelSerializer.CONFIGURATION_JSON;
import static org.deeplearning4j.util.ModelSerializer.UPDATER_BIN;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.internal.file.ZipReader;
import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.core.internal.text.PlainJson;
import io.github.ema4j.core.internal.text.PlainValues;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.zip.ZipException;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Model files of networks without an average. Those that are written here have an entry {@code
 * entries.json} that vouches for the others; those of Deeplearning4j have none and are read too, as
 * far as they are undamaged and not in Java serialization.
 */
public final class NetworkFile {

  private static final String ENTRIES = "entries.json";
  private static final int FORMAT = 1;

  private NetworkFile() {}

  /**
   * Saves a network between two fits, with the state of its updater.
   *
   * @param file to be made or replaced, in an existing directory
   * @param network the network
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   * @throws IllegalArgumentException if the network could not be restored
   */
  public static void write(Path file, Model network) throws IOException {
    INDArray params = Networks.params(network);
    ModelEntries.requireResumable(network);
    Optional<INDArray> updaterState = ModelEntries.updaterState(network);
    ModelEntries.requireRestorable("The parameters", params.length(), params.dataType());
    updaterState.ifPresent(
        state ->
            ModelEntries.requireRestorable(
                "The updater's state", state.length(), state.dataType()));
    AtomicFile.write(
        file,
        out -> {
          try (ZipWriter zip = new ZipWriter(out)) {
            ModelEntries.writeConfiguration(
                zip, network, Networks.iterationCount(network), Networks.epochCount(network));
            ModelEntries.writeArrays(zip, params, updaterState);
            Map<String, Object> entries = new LinkedHashMap<>();
            zip.entries().forEach((name, entry) -> entries.put(name, entry.toMap()));
            zip.text(ENTRIES, PlainJson.write(Map.of("format", FORMAT, "entries", entries)));
          }
        });
  }

  /**
   * Restores what {@link #write} has saved.
   *
   * @throws EmaCheckpointException if the file is damaged or was not written so
   * @throws IOException if it cannot be read
   */
  public static Model restore(Path file) throws IOException {
    return read(
        file,
        zip -> {
          expectEntries(zip);
          return ModelEntries.readNetwork(zip, true);
        });
  }

  /**
   * Loads the network of any model file, without the state of its updater.
   *
   * @throws EmaCheckpointException if the file is damaged, or no model file
   * @throws IOException if it cannot be read
   */
  public static Model load(Path file) throws IOException {
    return read(
        file,
        zip -> {
          if (zip.contains(ENTRIES)) {
            expectEntries(zip);
          }
          return ModelEntries.readNetwork(zip, false);
        });
  }

  @FunctionalInterface
  private interface Reading {
    Model from(ZipReader zip) throws IOException;
  }

  private static Model read(Path file, Reading reading) throws IOException {
    try (ZipReader zip = new ZipReader(file)) {
      return reading.from(zip);
    } catch (ZipException e) {
      throw new EmaCheckpointException(file, e.getMessage(), e);
    } catch (RuntimeException e) {
      throw new EmaCheckpointException(file, "cannot be restored: " + e.getMessage(), e);
    }
  }

  private static void expectEntries(ZipReader zip) throws IOException {
    PlainValues root = PlainJson.read(zip.bytes(ENTRIES, PlainJson.MOST_BYTES));
    if (root.whole("format") != FORMAT) {
      throw new ZipException("its " + ENTRIES + " is of another version than " + FORMAT);
    }
    PlainValues named = new PlainValues(root.map("entries"));
    Map<String, ZipWriter.Entry> entries =
        named.all(name -> ZipWriter.Entry.fromMap(named.map(name)));
    root.requireNoOthers();
    for (String name : Set.of(CONFIGURATION_JSON, COEFFICIENTS_BIN, UPDATER_BIN)) {
      ZipWriter.Entry entry = entries.get(name);
      if (zip.contains(name) != (entry != null)) {
        throw new ZipException(
            (entry == null ? "does not vouch for its entry '" : "lacks the entry '") + name + "'");
      }
      if (entry != null) {
        zip.expect(name, OptionalLong.of(entry.bytes()), entry.crc32());
      }
    }
  }
}
