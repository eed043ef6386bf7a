// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Event files for TensorBoard: {@code tensorboard --logdir OUTPUT/tensorboard}.
 *
 * <p>The raw weights and each average are a "run" in TensorBoard's sense, a directory of its own
 * ({@code raw}, {@code ema_0.999}), since TensorBoard draws the same tag of several runs into one
 * chart: so {@code eval/accuracy} shows raw against averaged. The step of everything is the
 * iteration. Tags:
 *
 * <ul>
 *   <li>raw, per iteration: {@code train/loss}, {@code train/learning_rate}, {@code
 *       train/images_per_second};
 *   <li>raw, per epoch: {@code eval/accuracy}, {@code eval/loss}, {@code train/epoch_loss};
 *   <li>averages, per epoch: {@code eval/accuracy}, {@code eval/loss}, {@code ema/decay}, {@code
 *       ema/initial_share}, {@code ema/distance}.
 * </ul>
 *
 * <p>A resumed run writes new files beside the old ones, whose names sort after theirs. They begin
 * with a session start at the iteration after the last one that the resumed state includes. At that
 * TensorBoard discards what the earlier files have of this and later steps; its faster data server
 * does not read session starts, but discards a curve's points of the same or later steps as soon as
 * a new point comes. So with either each iteration shows once.
 */
public final class TensorBoardEvents implements RunRecorder {
  private static final String RAW = "raw";

  private final Path directory;
  private final OptionalLong restartAt;
  private final Clock clock;
  private final Map<String, EventFile> files = new HashMap<>();

  private TensorBoardEvents(Path directory, OptionalLong restartAt, Clock clock) {
    this.directory = directory;
    this.restartAt = restartAt;
    this.clock = clock;
  }

  /** For a new run. */
  static TensorBoardEvents start(Path directory, Clock clock) {
    return new TensorBoardEvents(directory, OptionalLong.empty(), clock);
  }

  /** For a run that goes on after {@code iteration}. */
  static TensorBoardEvents resume(Path directory, long iteration, Clock clock) {
    return new TensorBoardEvents(directory, OptionalLong.of(iteration + 1), clock);
  }

  @Override
  public void iteration(
      int epoch, long iteration, double loss, double learningRate, double imagesPerSecond) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("train/loss", loss);
    values.put("train/learning_rate", learningRate);
    values.put("train/images_per_second", imagesPerSecond);
    write(RAW, iteration, values);
  }

  @Override
  public void epoch(EpochResult result) {
    Map<String, Double> raw = scores(result.raw());
    raw.put("train/epoch_loss", result.trainLoss());
    write(RAW, result.iteration(), raw);
    for (AveragedResult average : result.averages()) {
      Map<String, Double> values = new LinkedHashMap<>();
      average.score().ifPresent(score -> values.putAll(scores(score)));
      values.put("ema/decay", average.decay());
      values.put("ema/initial_share", average.initialShare());
      average.distance().ifPresent(distance -> values.put("ema/distance", distance));
      write("ema_" + average.name(), result.iteration(), values);
    }
  }

  private static Map<String, Double> scores(Score score) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("eval/accuracy", score.accuracy());
    values.put("eval/loss", score.loss());
    return values;
  }

  private void write(String run, long step, Map<String, Double> values) {
    files
        .computeIfAbsent(
            URLEncoder.encode(run, StandardCharsets.UTF_8), // names may have any characters
            name -> EventFile.create(directory.resolve(name), restartAt, clock))
        .scalars(step, values);
  }

  @Override
  public void close() {
    files.values().forEach(EventFile::close);
  }
}
