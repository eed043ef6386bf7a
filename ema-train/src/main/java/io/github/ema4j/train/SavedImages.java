// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.ImageSource;
import io.github.ema4j.train.models.ImageShape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The images that belong to a file of weights: those of the run in whose folder it is, or of a
 * folder that is named, in the size that the weights were trained on.
 */
final class SavedImages {
  private final Path file;
  private final Optional<RunSettings> run;
  private final boolean folderIsGiven;
  private final String inputSize; // as given; null for that of the file
  private final Train train;

  private SavedImages(
      Path file, Optional<RunSettings> run, boolean folderIsGiven, String inputSize, Train train) {
    this.file = file;
    this.run = run;
    this.folderIsGiven = folderIsGiven;
    this.inputSize = inputSize;
    this.train = train;
  }

  /**
   * The images for a file.
   *
   * @param folder of images; empty for those of the run
   * @param inputSize their size, as given; null for the one that the file or the run says
   * @throws UserError if the settings of the run are damaged
   */
  static SavedImages of(Path file, Optional<Path> folder, String inputSize) {
    Optional<RunSettings> run = RunDirectory.of(file).map(r -> RunSettings.read(r.settings()));
    List<String> arguments = new ArrayList<>();
    folder.ifPresent(path -> arguments.add(path.toString()));
    if (inputSize != null) {
      arguments.add("--input-size=" + inputSize);
    }
    Train train = Train.with(arguments, run);
    return new SavedImages(file, run, folder.isPresent(), inputSize, train);
  }

  /** The settings of the run, or the defaults. */
  Train train() {
    return train;
  }

  /**
   * Opens them in the size that the file says or, if it says none, the options or the run do.
   *
   * @throws UserError if no folder is given and the file is not in that of a run; if the sizes
   *     contradict each other, or the classes are others
   */
  ImageSource open(SavedWeights weights) {
    if (run.isEmpty() && !folderIsGiven) {
      throw new UserError(file + " is not in the folder of a run: say which images to validate on");
    }
    ImageSource source = inSize(weights);
    requireSameClasses(weights, source);
    return source;
  }

  private ImageSource inSize(SavedWeights weights) {
    Optional<ImageShape> trained = weights.trainedOn().inputSize();
    if (trained.isPresent() && inputSize == null) {
      return train.openForValidation(trained.get());
    }
    ImageSource source = train.openForValidation();
    if (trained.isPresent() && !trained.get().equals(train.inputSize())) {
      throw new UserError(
          "--input-size %s: %s was trained on images of %s; leave --input-size out"
              .formatted(inputSize, file, trained.get()));
    }
    return source;
  }

  private void requireSameClasses(SavedWeights weights, ImageSource source) {
    if (run.isPresent() && !run.get().classes().equals(source.classes())) {
      throw new UserError(
          "%s was trained on the classes %s, but the images are of %s"
              .formatted(file, run.get().classes(), source.classes()));
    }
    OptionalLong outputs = Nets.outputs(weights.network());
    if (outputs.isPresent() && outputs.getAsLong() != source.classes().size()) {
      throw new UserError(
          "%s tells %d classes apart, but the images are of %d"
              .formatted(file, outputs.getAsLong(), source.classes().size()));
    }
  }
}
