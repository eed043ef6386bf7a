// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.posthoc;

import io.github.ema4j.core.AverageCounters;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.posthoc.PostHocEma;
import io.github.ema4j.core.posthoc.Snapshot;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.core.schedule.PowerFunctionExponent;
import io.github.ema4j.core.state.AverageState;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ReadOnlyListener;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Keeps what is needed to choose the length of the average after training: two or more
 * power-function averages of a network's weights, of which it writes snapshots.
 *
 * <pre>{@code
 * PostHocEmaListener postHoc = new PostHocEmaListener(Path.of("snapshots"), 1000);
 * net.addListeners(postHoc);
 * net.fit(trainingData, epochs);
 * postHoc.snapshot(); // the end of training
 *
 * PostHocSearch.Result best =
 *     PostHocSearch.maximizing(net, n -> n.evaluate(validation).accuracy())
 *         .over(PostHocEma.read(Path.of("snapshots")));
 * }</pre>
 *
 * <p>Karras et al. 2024 (arXiv 2312.02696) store the relative widths 0.05 and 0.10, the default
 * here. Costs, per width: one vector of weights in memory, one pass over it per update, and one
 * vector on disk per snapshot. A dozen snapshots are plenty; a hundred reconstruct narrow averages
 * better.
 *
 * <p>A directory belongs to one training run. The listener belongs to one network, the first that
 * it sees in training, and treats ways to train, constraints, replicas and weights that are not
 * finite as {@link ModelEmaListener} does. Not thread-safe.
 */
public final class PostHocEmaListener extends BaseTrainingListener implements ReadOnlyListener {

  private static final double[] EDM2_WIDTHS = {0.05, 0.10};

  private final Path directory;
  private final int every;
  private final double[] sigmaRels;
  private final ModelEmaGroup averages;
  private final UUID run;
  private long lastSnapshot;

  /** How many snapshots to keep; 0 for all. */
  private int kept;

  /**
   * Keeps averages of the relative widths 0.05 and 0.10.
   *
   * @param directory for the snapshots; made if missing, and without snapshots of another run
   * @param every updates from one snapshot to the next, at least 1: a tenth to a hundredth of
   *     training
   * @throws IllegalArgumentException if {@code every} is below 1
   * @throws IllegalStateException if there are snapshots in the directory
   * @throws UncheckedIOException if the directory cannot be read
   */
  public PostHocEmaListener(Path directory, int every) {
    this(directory, every, EDM2_WIDTHS);
  }

  /**
   * Keeps averages of chosen widths.
   *
   * @param directory for the snapshots; made if missing, and without snapshots of another run
   * @param every updates from one snapshot to the next, at least 1
   * @param sigmaRels two or more different widths, each a standard deviation as a share of the
   *     updates so far, above 0 and below 0.28867513
   * @throws IllegalArgumentException if {@code every} or a width is out of range, or there are less
   *     than two widths
   * @throws IllegalStateException if there are snapshots in the directory
   * @throws UncheckedIOException if the directory cannot be read
   */
  public PostHocEmaListener(Path directory, int every, double... sigmaRels) {
    this(directory, every, UUID.randomUUID(), severalWidths(sigmaRels), begun(sigmaRels));
    requireEmpty(directory);
  }

  /**
   * Keeps one plain mean of all weights so far, in DOUBLE, for the exact mean over any part of the
   * run: {@link io.github.ema4j.core.posthoc.Windows} read its snapshots, and {@link WindowSearch}
   * tries which part is best.
   *
   * @param directory for the snapshots; made if missing, and without snapshots of another run
   * @param every updates from one snapshot to the next, at least 1: windows begin and end there
   * @return the listener
   * @throws IllegalArgumentException if {@code every} is below 1
   * @throws IllegalStateException if there are snapshots in the directory
   * @throws UncheckedIOException if the directory cannot be read
   */
  public static PostHocEmaListener ofWindows(Path directory, int every) {
    double[] plainMean = {PowerFunctionExponent.WIDEST};
    PostHocEmaListener listener =
        new PostHocEmaListener(directory, every, UUID.randomUUID(), plainMean, begun(plainMean));
    requireEmpty(directory);
    return listener;
  }

  /**
   * Deletes each snapshot {@linkplain #ofWindows of windows} that the mean over the latest part of
   * the run, {@link io.github.ema4j.core.posthoc.Windows#latest}, does not need. Then the directory
   * does not grow with the run. A listener that goes on with a run has to be told again.
   *
   * @param intervals from snapshot to snapshot, at least 1; one snapshot more than that is kept
   * @return this
   * @throws IllegalArgumentException if {@code intervals} is below 1
   * @throws IllegalStateException for power-function averages: to reconstruct others takes the
   *     snapshots of all of the run
   */
  public PostHocEmaListener keepingLatest(int intervals) {
    if (intervals < 1) {
      throw new IllegalArgumentException(
          "intervals to keep must be at least 1, but were " + intervals);
    }
    if (sigmaRels[0] != PowerFunctionExponent.WIDEST) {
      throw new IllegalStateException(
          "Averages of other lengths are reconstructed from the snapshots of all of the run, so none"
              + " can be deleted: only those of PostHocEmaListener.ofWindows can");
    }
    kept = intervals + 1;
    return this;
  }

  private static ModelEmaListener[] begun(double... sigmaRels) {
    return Arrays.stream(sigmaRels)
        .mapToObj(width -> new ModelEmaListener(config(width)))
        .toArray(ModelEmaListener[]::new);
  }

  private static double[] severalWidths(double... sigmaRels) {
    if (sigmaRels.length < 2 || Arrays.stream(sigmaRels).distinct().count() < sigmaRels.length) {
      throw new IllegalArgumentException(
          "sigmaRels must be two or more different widths, but were " + Arrays.toString(sigmaRels));
    }
    return sigmaRels;
  }

  private static void requireEmpty(Path directory) {
    List<Snapshot> found = list(directory);
    if (!found.isEmpty()) {
      throw new IllegalStateException(
          "There are snapshots of another training run in %s, up to update %d: choose another directory, delete them, or go on with that run by resume(...)"
              .formatted(directory, found.get(found.size() - 1).update()));
    }
  }

  private PostHocEmaListener(
      Path directory, int every, UUID run, double[] sigmaRels, ModelEmaListener... averages) {
    if (every < 1) {
      throw new IllegalArgumentException("every must be at least 1 update, but was " + every);
    }
    this.directory = directory;
    this.every = every;
    this.run = run;
    this.sigmaRels = sigmaRels.clone();
    this.averages = ModelEmaGroup.of(averages);
    this.lastSnapshot = updateCount();
  }

  private static AveragingConfig config(double sigmaRel) {
    return sigmaRel == PowerFunctionExponent.WIDEST
        ? AveragingConfig.builder()
            .schedule(DecaySchedule.uniform())
            .shadowType(DataType.DOUBLE) // windows are differences
            .build()
        : AveragingConfig.of(DecaySchedule.powerFunction(sigmaRel));
  }

  private static List<Snapshot> list(Path directory) {
    try {
      return PostHocEma.list(Objects.requireNonNull(directory, "directory"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Goes on with a training run that was stopped, from its last snapshots, be they {@linkplain
   * #ofWindows of windows} or not: the averages continue bit for bit, provided that the network is
   * as it was at their update. So call {@link #snapshot} whenever the network is saved, and pass
   * the number of updates it had then.
   *
   * @param directory the directory of the run
   * @param every updates from one snapshot to the next, at least 1
   * @param network the network with weights and updater state as they were at {@code update}
   * @param update the update of the last snapshots
   * @return a listener to be registered with the network
   * @throws IllegalStateException if there are no snapshots of that update, or not one of each
   *     width, or there are later ones
   * @throws IllegalArgumentException if {@code every} is below 1, or the snapshots are of another
   *     network
   * @throws IOException if a snapshot cannot be read, is damaged or of another run
   */
  public static PostHocEmaListener resume(Path directory, int every, Model network, long update)
      throws IOException {
    List<Snapshot> all = PostHocEma.listOfOneRun(directory);
    long lastUpdate = all.get(all.size() - 1).update();
    double[] ofTheRun = widths(all);
    List<Snapshot> last = all.stream().filter(snapshot -> snapshot.update() == update).toList();
    if (last.size() < Math.min(2, ofTheRun.length) || lastUpdate > update) {
      throw new IllegalStateException(
          "Training cannot go on from update %d: the last snapshots in %s are of update %d, and there are %d of update %d. Delete snapshots of later updates"
              .formatted(update, directory, lastUpdate, last.size(), update));
    }
    double[] sigmaRels = widths(last);
    if (!Arrays.equals(sigmaRels, ofTheRun)) {
      throw new IllegalStateException(
          "Training cannot go on from update %d: of the widths %s in %s only %s have a snapshot of it, since writing them was interrupted. Go on from an earlier update, and delete the snapshots after it"
              .formatted(update, Arrays.toString(ofTheRun), directory, Arrays.toString(sigmaRels)));
    }
    AtomicFile.deleteLeftovers(directory);
    List<ModelEmaListener> averages = new ArrayList<>();
    for (Snapshot snapshot : last) {
      averages.add(resume(snapshot, network));
    }
    return new PostHocEmaListener(
        directory, every, last.get(0).run(), sigmaRels, averages.toArray(ModelEmaListener[]::new));
  }

  private static double[] widths(List<Snapshot> snapshots) {
    return snapshots.stream().mapToDouble(Snapshot::sigmaRel).distinct().sorted().toArray();
  }

  private static ModelEmaListener resume(Snapshot snapshot, Model network) throws IOException {
    AveragingConfig config = config(snapshot.sigmaRel());
    long update = snapshot.update();
    // The first update of these averages copies: nothing is left of the initial weights.
    AverageCounters counters =
        new AverageCounters(update, update, update, 0, config.schedule().decayAt(update), 0);
    Snapshot.Content content = snapshot.read();
    ParameterAverage average =
        ParameterAverage.resume(
            config,
            counters,
            content.values(),
            content.variances(),
            Networks.params(network),
            new Coverage(
                Ranges.all(snapshot.length()),
                Ranges.none(snapshot.length()),
                snapshot.variances()));
    return ModelEmaListener.resume(network, average);
  }

  /**
   * Writes a snapshot of each average now, unless there is one of this update. The listener does so
   * by itself after every so many updates; call it when training has ended, to be able to
   * reconstruct averages of all of it.
   *
   * @throws IllegalStateException if there has been no update yet
   * @throws UncheckedIOException if a snapshot cannot be written
   */
  public void snapshot() {
    long update = updateCount();
    if (update == 0) {
      throw new IllegalStateException(
          "There is nothing to write yet: this PostHocEmaListener has seen no update. Register it"
              + " with addListeners(...) and fit");
    }
    if (update == lastSnapshot) {
      return;
    }
    try {
      Files.createDirectories(directory);
      for (int i = 0; i < sigmaRels.length; i++) {
        Snapshot.write(directory, run, sigmaRels[i], AverageState.of(averages.get(i).average()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The snapshots of update " + update + " were not written", e);
    }
    lastSnapshot = update;
    if (kept > 0) {
      deleteAllBut(kept);
    }
  }

  /** The latest are written by now, so a crash in between leaves too many, which go next time. */
  private void deleteAllBut(int latest) {
    List<Snapshot> snapshots = list(directory);
    try {
      for (Snapshot old : snapshots.subList(0, Math.max(0, snapshots.size() - latest))) {
        Files.deleteIfExists(old.file());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("A snapshot that is not needed was not deleted", e);
    }
  }

  /**
   * Updates of the averages.
   *
   * @return from 0
   */
  public long updateCount() {
    return averages.get(0).updateCount();
  }

  // ---------------------------------------------------------------- training

  @Override
  public void onEpochStart(Model network) {
    averages.onEpochStart(network);
  }

  @Override
  public void onGradientCalculation(Model network) {
    if (Networks.isNetwork(network)
        && Collections.frequency(Networks.listeners(network), this) > 1) {
      throw new IllegalStateException(
          "This PostHocEmaListener is registered more than once with one network and would average"
              + " as often per step: register it once");
    }
    averages.onGradientCalculation(network);
  }

  @Override
  public void iterationDone(Model network, int iteration, int epoch) {
    long before = updateCount();
    averages.iterationDone(network, iteration, epoch);
    long update = updateCount();
    if (update > before && update % every == 0) {
      snapshot();
    }
  }

  @Override
  public void onEpochEnd(Model network) {
    averages.onEpochEnd(network);
  }
}
