// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.core.state.AverageState;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.file.ModelEntries;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Writes a checkpoint: all entries as they will be once the update under way is complete, then the
 * state, which vouches for them.
 *
 * @param network its raw weights are saved
 * @param averages of the network, one or more
 * @param normalizer of the data
 * @param bestScore of the run
 * @param metadata texts of the user
 */
record CheckpointWriter(
    Model network,
    List<ModelEmaListener> averages,
    Optional<Normalizer<?>> normalizer,
    Optional<Double> bestScore,
    Map<String, String> metadata) {

  /** Refuses a moment at which this cannot be saved. */
  void requireSavable() {
    ModelEntries.requireResumable(network);
    averages.forEach(ema -> ModelEntries.requireSavable(network, ema));
  }

  void writeTo(OutputStream out) throws IOException {
    requireSavable();
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      Moment moment = averages.get(0).moment();
      List<AverageState> states =
          averages.stream().map(ema -> AverageState.of(ema.average())).toList();
      INDArray params = ModelEntries.paramsAfter(network, moment);
      Optional<INDArray> updaterState = ModelEntries.updaterState(network);
      requireRestorable(params, updaterState, states);
      try (ZipWriter zip = new ZipWriter(out)) {
        write(zip, moment, states, params, updaterState);
      }
    }
  }

  private static void requireRestorable(
      INDArray params, Optional<INDArray> updaterState, List<AverageState> averages) {
    ModelEntries.requireRestorable("The parameters", params.length(), params.dataType());
    updaterState.ifPresent(
        state ->
            ModelEntries.requireRestorable(
                "The updater's state", state.length(), state.dataType()));
    for (AverageState average : averages) {
      ModelEntries.requireRestorable(
          "The average", average.info().length(), average.info().shadowType());
    }
  }

  private void write(
      ZipWriter zip,
      Moment moment,
      List<AverageState> states,
      INDArray params,
      Optional<INDArray> updaterState)
      throws IOException {
    int iteration = Networks.iterationCount(network) + moment.uncountedIterations();
    int epoch = Networks.epochCount(network) + moment.uncountedEpochs();
    ModelEntries.writeArrays(zip, params, updaterState);
    for (int i = 0; i < states.size(); i++) {
      AverageState state = states.get(i);
      zip.array(CheckpointEntries.shadow(i), state.shadow());
      if (CheckpointEntries.hasVariances(state.info())) {
        zip.array(CheckpointEntries.variances(i), Nd4j.createFromArray(state.variances()));
      }
    }
    ModelEntries.writeConfiguration(zip, network, iteration, epoch);
    if (normalizer.isPresent()) {
      ModelEntries.writeNormalizer(zip, normalizer.get());
    }
    CheckpointInfo info =
        new CheckpointInfo(
            CheckpointInfo.FORMAT,
            writer(),
            Networks.type(network).getSimpleName(),
            iteration,
            epoch,
            moment,
            states.get(0).info(),
            states.stream().skip(1).map(AverageState::info).toList(),
            RandomState.current(),
            bestScore,
            metadata,
            CheckpointInfo.Entry.of(zip.entries()));
    zip.text(CheckpointEntries.STATE, CheckpointJson.write(info));
  }

  private static String writer() {
    String version = EmaCheckpoint.class.getPackage().getImplementationVersion();
    return version == null ? "EMA4J" : "EMA4J " + version;
  }
}
