// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.internal.file.ZipReader;
import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipException;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Model files of networks without an average. Those that are written here have {@link EntriesJson}
 * that vouch for the others; those of Deeplearning4j have none and are read too, as far as they are
 * undamaged and not in Java serialization.
 */
public final class NetworkFile {

  private NetworkFile() {}

  /**
   * What was read.
   *
   * @param network with or without the state of its updater
   * @param metadata texts of the user by name; none of files of Deeplearning4j
   */
  public record Content(Model network, Map<String, String> metadata) {}

  /**
   * Saves a network between two fits, with the state of its updater.
   *
   * @param file to be made or replaced, in an existing directory
   * @param network the network
   * @param metadata texts of the user by name
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   * @throws IllegalArgumentException if the network could not be restored
   */
  public static void write(Path file, Model network, Map<String, String> metadata)
      throws IOException {
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
            EntriesJson.write(zip, metadata);
          }
        });
  }

  /**
   * Restores what {@link #write} has saved.
   *
   * @throws EmaCheckpointException if the file is damaged or was not written so
   * @throws IOException if it cannot be read
   */
  public static Content restore(Path file) throws IOException {
    return read(file, true);
  }

  /**
   * Loads the network of any model file, without the state of its updater.
   *
   * @throws EmaCheckpointException if the file is damaged, or no model file
   * @throws IOException if it cannot be read
   */
  public static Content load(Path file) throws IOException {
    return read(file, false);
  }

  private static Content read(Path file, boolean toTrainOn) throws IOException {
    try (ZipReader zip = new ZipReader(file)) {
      Map<String, String> metadata =
          toTrainOn || EntriesJson.isIn(zip) ? EntriesJson.read(zip) : Map.of();
      return new Content(ModelEntries.readNetwork(zip, toTrainOn), metadata);
    } catch (ZipException e) {
      throw new EmaCheckpointException(file, e.getMessage(), e);
    } catch (RuntimeException e) {
      throw new EmaCheckpointException(file, "cannot be restored: " + e.getMessage(), e);
    }
  }
}
