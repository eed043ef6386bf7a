// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.dl4j.ReadOnlyListener;
import io.github.ema4j.train.record.RunRecorder;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/** Follows one epoch iteration by iteration: counts, times, prints a line now and then. */
final class Progress extends BaseTrainingListener implements ReadOnlyListener {

  /** Where an epoch stands in the run. */
  record Plan(int epoch, int epochs, long iterationsBefore, int batchSize, int images) {
    int iterations() {
      return (images + batchSize - 1) / batchSize;
    }
  }

  private static final double NANOS = 1e9;

  /** Before, the time that is left is anybody's guess. */
  private static final int LEAST_ITERATIONS = 16;

  private static final double SECONDS_OF_A_DAY = 24 * 3600;

  private final Interruption interruption;
  private final RunRecorder recorder;
  private final PrintWriter out;
  private final int interval;
  private final LongSupplier restores;
  private final LongSupplier nanoTime;

  private Plan plan;
  private double learningRate;
  private long startedAt;
  private long reportedAt;
  private int reported;
  private int iterations;
  private int losses;
  private double sumOfLosses;
  private long restored;
  private boolean diverged;
  private boolean saidLong;
  private double previousSecondsPerImage;
  private int mark;
  private long markAt;
  private int olderMark;
  private long olderMarkAt;

  /**
   * Follows epochs.
   *
   * @param interval iterations from one line to the next
   * @param restores how often the weights have been restored
   */
  Progress(
      Interruption interruption,
      RunRecorder recorder,
      PrintWriter out,
      int interval,
      LongSupplier restores,
      LongSupplier nanoTime) {
    this.interruption = interruption;
    this.recorder = recorder;
    this.out = out;
    this.interval = interval;
    this.restores = restores;
    this.nanoTime = nanoTime;
  }

  void begin(Plan epoch, double rate) {
    previousSecondsPerImage =
        plan == null || epoch.iterationsBefore() < LEAST_ITERATIONS
            ? Double.NaN
            : seconds() / images(iterations);
    plan = epoch;
    learningRate = rate;
    startedAt = nanoTime.getAsLong();
    reportedAt = startedAt;
    reported = 0;
    mark = 0;
    markAt = startedAt;
    iterations = 0;
    losses = 0;
    sumOfLosses = 0;
    restored = restores.getAsLong();
  }

  @Override
  public void iterationDone(Model model, int iteration, int epoch) {
    interruption.check();
    iterations++;
    mark();
    double loss = model.score();
    if (restores.getAsLong() > restored) {
      restored = restores.getAsLong();
      sayRestored();
    } else {
      losses++;
      sumOfLosses += loss;
      sayIfDiverged(loss);
    }
    if (iterations % interval == 0) {
      report(loss);
    } else if (iterations == 1 || iterations == plan.iterations()) {
      print(loss, images(iterations) / seconds());
    }
  }

  private void sayRestored() {
    out.printf(
        Locale.ROOT,
        "The raw weights were not finite after iteration %d of epoch %d: training goes on from their"
            + " average, and without the optimizer's memory (%d restores so far)%n",
        iterations,
        plan.epoch(),
        restored);
    out.flush();
  }

  private void sayIfDiverged(double loss) {
    if (!Double.isFinite(loss) && !diverged) {
      diverged = true;
      out.printf(
          Locale.ROOT,
          "The loss is %s at iteration %d of epoch %d: the raw weights have diverged. Averages keep"
              + " their last good values; a smaller --lr may help.%n",
          loss,
          iterations,
          plan.epoch());
      out.flush();
    }
  }

  private void report(double loss) {
    long now = nanoTime.getAsLong();
    double rate =
        (images(iterations) - images(reported)) / Math.max(1e-9, (now - reportedAt) / NANOS);
    reportedAt = now;
    reported = iterations;
    recorder.iteration(
        plan.epoch(), plan.iterationsBefore() + iterations, loss, learningRate, rate);
    print(loss, rate);
  }

  private void print(double loss, double rate) {
    double imagesLeft =
        plan.images()
            - images(iterations)
            + (double) (plan.epochs() - plan.epoch()) * plan.images();
    double left = secondsPerImage() * imagesLeft;
    out.printf(
        Locale.ROOT,
        "epoch %d/%d  iteration %d/%d  loss %.4f  %.0f images/s%s%n",
        plan.epoch(),
        plan.epochs(),
        iterations,
        plan.iterations(),
        loss,
        rate,
        Double.isNaN(left) ? "" : "  " + duration(left) + " left");
    if (!saidLong && left > SECONDS_OF_A_DAY) {
      saidLong = true;
      out.printf(
          Locale.ROOT,
          "At this speed the run takes %.0f days. A smaller --model or --input-size, or fewer"
              + " --epochs, shorten it.%n",
          Math.ceil(left / SECONDS_OF_A_DAY));
    }
    out.flush();
  }

  /**
   * The time for an image, of the second half of what was done, as the first iterations also
   * compile; early in an epoch that of the epoch before.
   *
   * @return NaN as long as too little was done to tell
   */
  private double secondsPerImage() {
    return iterations < LEAST_ITERATIONS
        ? previousSecondsPerImage
        : (nanoTime.getAsLong() - olderMarkAt) / NANOS / (images(iterations) - images(olderMark));
  }

  /** Marks at 1, 2, 4, 8, ... iterations: the older of the last two lies in the first half. */
  private void mark() {
    if (iterations == Math.max(1, 2 * mark)) {
      olderMark = mark;
      olderMarkAt = markAt;
      mark = iterations;
      markAt = nanoTime.getAsLong();
    }
  }

  /** The last batch may be smaller. */
  private int images(int afterIterations) {
    return Math.min(afterIterations * plan.batchSize(), plan.images());
  }

  static String duration(double seconds) {
    long rounded = Math.round(seconds);
    return rounded < 3600
        ? String.format(Locale.ROOT, "%d:%02d", rounded / 60, rounded % 60)
        : String.format(
            Locale.ROOT, "%d:%02d:%02d", rounded / 3600, rounded / 60 % 60, rounded % 60);
  }

  /** Mean loss of the epoch's batches whose update lasted; NaN if there were none. */
  double meanLoss() {
    return sumOfLosses / losses;
  }

  int iterations() {
    return iterations;
  }

  double seconds() {
    return (nanoTime.getAsLong() - startedAt) / NANOS;
  }

  double imagesPerSecond() {
    return images(iterations) / seconds();
  }
}
