// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.internal.file.NetworkFile;
import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.api.Model;

/**
 * The sets of weights in a model file: raw and averaged ones of a checkpoint, or the single one of
 * any other model file of Deeplearning4j.
 *
 * @param file where they are from
 * @param network with the raw or only weights
 * @param averages of a checkpoint; empty for other files
 * @param trainedOn as far as the file says it
 */
record SavedWeights(
    Path file, Model network, List<ModelEmaListener> averages, TrainedOn trainedOn) {

  /**
   * Loads all of a file.
   *
   * @throws UserError if it is not there or no model file
   */
  static SavedWeights load(Path file) throws IOException {
    if (!Nets.isCheckpoint(file)) {
      NetworkFile.Content content = Nets.load(file);
      return new SavedWeights(
          file, content.network(), List.of(), TrainedOn.in(content.metadata(), file));
    }
    RestoredCheckpoint<Model> run = EmaCheckpoint.restore(file);
    return new SavedWeights(
        file, run.network(), run.averages(), TrainedOn.in(run.info().metadata(), file));
  }

  /** How the average of this index is called. */
  String name(int index) {
    return "ema " + averages.get(index).config().schedule().spec();
  }
}
