// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.dl4j.EmaFollower;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.ReadOnlyListener;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.file.ModelEntries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.listeners.Checkpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves checkpoints of a run and its average at intervals, as Deeplearning4j's CheckpointListener
 * does for the network alone: same options, same file names, same index. {@link EmaRun} wraps all
 * of it, with one checkpoint per epoch; this is for other intervals and contents:
 *
 * <pre>{@code
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * EmaCheckpointListener.builder(directory, ema)
 *     .saveEvery(10, TimeUnit.MINUTES)
 *     .keepLast(3)
 *     .contents(checkpoint -> checkpoint.normalizer(normalizer))
 *     .build();
 * net.addListeners(ema);
 * net.fit(trainingData, epochs);
 * }</pre>
 *
 * <p>A program that is started again restores {@link #lastIntactFile} with {@link EmaCheckpoint},
 * and builds the listener with the restored average.
 *
 * <p>It follows the average, and need not be registered with the network. Use a directory per run:
 * a new run in a directory with checkpoints is refused, so that it cannot displace them, while a
 * restored one continues their numbering. A checkpoint that cannot be written ends the fit with an
 * {@link UncheckedIOException}; the checkpoints before it are untouched.
 *
 * <p>Not thread-safe: it belongs to the thread that trains. The static methods may be used from
 * anywhere.
 */
public final class EmaCheckpointListener extends EmaFollower implements ReadOnlyListener {

  private static final Logger log = LoggerFactory.getLogger(EmaCheckpointListener.class);

  private final CheckpointDirectory directory;
  private final Path path;
  private final Cadence cadence;
  private final Retention retention;
  private final Consumer<EmaCheckpoint.Builder> contents;
  private boolean started;
  private boolean proved;
  private long epochsEnded;

  private EmaCheckpointListener(Builder builder) {
    super(builder.ema);
    path = builder.directory;
    directory = new CheckpointDirectory(path);
    cadence = builder.cadence;
    retention = builder.retention;
    contents = builder.contents;
  }

  /**
   * A builder; it needs at least one interval.
   *
   * @param directory of the run's checkpoints; made if it does not exist
   * @param ema the average to save with the network, or several
   * @return the builder
   */
  public static Builder builder(Path directory, EmaListener ema) {
    return new Builder(directory, ema);
  }

  // ---------------------------------------------------------------- finding checkpoints

  /**
   * The checkpoints of a directory whose files exist.
   *
   * @param directory of a run
   * @return oldest first; empty if there is none
   * @throws IOException if the directory or its index cannot be read
   */
  public static List<Checkpoint> availableCheckpoints(Path directory) throws IOException {
    return List.copyOf(new CheckpointDirectory(directory).available());
  }

  /**
   * The newest checkpoint of a directory.
   *
   * @param directory of a run
   * @return empty if there is none
   * @throws IOException if the directory or its index cannot be read
   */
  public static Optional<Checkpoint> lastCheckpoint(Path directory) throws IOException {
    return new CheckpointDirectory(directory).last();
  }

  /**
   * The file of the newest checkpoint of a directory, to be restored with {@link EmaCheckpoint}.
   *
   * @param directory of a run
   * @return empty if there is none, or no such directory
   * @throws IOException if the directory or its index cannot be read
   */
  public static Optional<Path> lastFile(Path directory) throws IOException {
    return new CheckpointDirectory(directory).lastFile();
  }

  /**
   * The file of the newest checkpoint that is not damaged, for a run that would rather go back than
   * stop. Logs a warning for each that is. Reads the files in full.
   *
   * @param directory of a run
   * @return empty if there is none, or no such directory
   * @throws IOException if the directory, its index or a file cannot be read
   */
  public static Optional<Path> lastIntactFile(Path directory) throws IOException {
    return new CheckpointDirectory(directory).lastIntactFile();
  }

  // ---------------------------------------------------------------- training

  /** Before the first update, when a new average can be told from a restored one. */
  @Override
  protected void beforeStep(Model network) {
    if (started) {
      return;
    }
    ModelEntries.requireResumable(network);
    ModelEntries.requireReadable(network);
    try {
      List<Checkpoint> earlier = directory.begin();
      if (!earlier.isEmpty() && isNew()) {
        throw new IllegalStateException(
            "%s has %d checkpoints of an earlier run, but this average is a new one. Restore the last with EmaCheckpoint, use another directory, or build the listener with deleteExisting(true)"
                .formatted(path, earlier.size()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (cadence.isWithinEpochs() && Networks.isTruncatedInTime(network)) {
      log.warn(
          "Checkpoints within an epoch are of the middle of a sequence for this network (truncated"
              + " backpropagation through time): a run that goes on from one begins at the next"
              + " sequence. Those at the end of an epoch are exact");
    }
    cadence.start(Networks.iterationCount(network), System.nanoTime());
    started = true;
  }

  private boolean isNew() {
    return ema().members().stream().allMatch(member -> member.stepCount() == 0);
  }

  @Override
  protected void afterStep(Model network, int iterations, int epoch) {
    if (!proved) {
      ModelEntries.requireReadable(network); // by its predictions, too, from the first step on
      proved = true;
    }
    if (cadence.isDueAfterIteration(iterations, System.nanoTime())) {
      save(network);
    }
  }

  @Override
  protected void afterEpoch(Model network) {
    if (cadence.isDueAfterEpoch(epochsDone(network))) {
      save(network);
    }
  }

  @Override
  protected void withoutEpochs() {
    if (cadence.hasEpochs()) {
      log.warn(
          "{} iterations, and no epoch at whose end to save: fit(DataSet) and fit(INDArray, INDArray)"
              + " have none, only fit(iterator) does. Save by iterations, saveEveryNIterations(n),"
              + " with as many as your epochs have",
          iterationsOutsideEpochs());
    }
  }

  /** As Deeplearning4j will count; counted here where it does not, as with ParallelWrapper. */
  private long epochsDone(Model network) {
    epochsEnded++;
    return ema().moment() == Moment.EPOCH_END ? Networks.epochCount(network) + 1L : epochsEnded;
  }

  private void save(Model network) {
    try {
      Moment moment = ema().moment();
      Checkpoint checkpoint =
          directory.next(
              Networks.type(network).getSimpleName(),
              Networks.iterationCount(network) + moment.uncountedIterations(),
              Networks.epochCount(network) + moment.uncountedEpochs());
      directory.announce(checkpoint);
      EmaCheckpoint.Builder builder = EmaCheckpoint.builder(network, ema());
      contents.accept(builder);
      builder.save(directory.file(checkpoint));
      directory.prune(retention);
      cadence.saved(checkpoint.getIteration(), System.nanoTime());
      log.info(
          "Saved checkpoint {} at iteration {}, epoch {}: {}",
          checkpoint.getCheckpointNum(),
          checkpoint.getIteration(),
          checkpoint.getEpoch(),
          directory.file(checkpoint));
    } catch (IOException e) {
      throw new UncheckedIOException("A checkpoint could not be saved: " + e.getMessage(), e);
    }
  }

  // ---------------------------------------------------------------- building

  /** Builds an {@link EmaCheckpointListener}. Each setter checks its value at once. */
  public static final class Builder {

    private final Path directory;
    private final EmaListener ema;
    private final Cadence cadence = new Cadence();
    private Retention retention = Retention.ALL;
    private boolean deleteExisting;
    private Consumer<EmaCheckpoint.Builder> contents = c -> {};

    private Builder(Path directory, EmaListener ema) {
      this.directory = Objects.requireNonNull(directory, "directory");
      this.ema = Objects.requireNonNull(ema, "ema");
    }

    /**
     * Saves at the end of every epoch.
     *
     * @return this
     */
    public Builder saveEveryEpoch() {
      return saveEveryNEpochs(1);
    }

    /**
     * Saves at the end of every n-th epoch, counted from the start of the run.
     *
     * @param n at least 1
     * @return this
     */
    public Builder saveEveryNEpochs(int n) {
      cadence.everyEpochs(n);
      return this;
    }

    /**
     * Saves after every n-th iteration, counted from the start of the run.
     *
     * @param n at least 1
     * @return this
     */
    public Builder saveEveryNIterations(int n) {
      return saveEveryNIterations(n, false);
    }

    /**
     * Saves after every n-th iteration.
     *
     * @param n at least 1
     * @param sinceLast true to count from the last checkpoint, saved for whatever reason, instead
     *     of from the start of the run
     * @return this
     */
    public Builder saveEveryNIterations(int n, boolean sinceLast) {
      cadence.everyIterations(n, sinceLast);
      return this;
    }

    /**
     * Saves after the first iteration to end when an amount of time has passed, again and again.
     *
     * @param amount at least 1
     * @param unit of the amount
     * @return this
     */
    public Builder saveEvery(long amount, TimeUnit unit) {
      return saveEvery(amount, unit, false);
    }

    /**
     * Saves after the first iteration to end when an amount of time has passed.
     *
     * @param amount at least 1
     * @param unit of the amount
     * @param sinceLast true to count from the last checkpoint, saved for whatever reason, instead
     *     of from the last one that was due by time
     * @return this
     */
    public Builder saveEvery(long amount, TimeUnit unit, boolean sinceLast) {
      cadence.everyTime(amount, unit, sinceLast);
      return this;
    }

    /**
     * Keeps all checkpoints: the default.
     *
     * @return this
     */
    public Builder keepAll() {
      retention = Retention.ALL;
      return this;
    }

    /**
     * Keeps the most recent checkpoints and deletes others, after a new one is on disk.
     *
     * @param n at least 1
     * @return this
     */
    public Builder keepLast(int n) {
      retention = Retention.last(n);
      return this;
    }

    /**
     * Keeps the most recent checkpoints, and every so many of all.
     *
     * @param last most recent checkpoints to keep, at least 1
     * @param every one of so many checkpoints to keep for ever, at least 1
     * @return this
     */
    public Builder keepLastAndEvery(int last, int every) {
      retention = Retention.lastAndEvery(last, every);
      return this;
    }

    /**
     * Whether {@link #build} deletes the checkpoints that the directory has. For a run that starts
     * anew in the directory of an earlier one.
     *
     * @param delete false by default
     * @return this
     */
    public Builder deleteExisting(boolean delete) {
      deleteExisting = delete;
      return this;
    }

    /**
     * Adds to what each checkpoint holds: called before each is saved.
     *
     * @param contents for example {@code c -> c.normalizer(normalizer).bestScore(best)}
     * @return this
     */
    public Builder contents(Consumer<EmaCheckpoint.Builder> contents) {
      this.contents = Objects.requireNonNull(contents, "contents");
      return this;
    }

    /**
     * Makes the directory if needed, deletes what writers that were killed have left half written
     * in it, and builds the listener, which is subscribed to the average.
     *
     * @return the listener
     * @throws IllegalStateException if no interval was given
     * @throws IOException if the directory cannot be made, read or cleaned
     */
    public EmaCheckpointListener build() throws IOException {
      if (!cadence.isSet()) {
        throw new IllegalStateException(
            "Checkpoints need an interval: call saveEveryEpoch(), saveEveryNIterations(n) or"
                + " saveEvery(amount, unit) before build()");
      }
      Files.createDirectories(directory);
      int leftovers = AtomicFile.deleteLeftovers(directory);
      if (leftovers > 0) {
        log.info("Deleted {} half-written files from {}", leftovers, directory);
      }
      if (deleteExisting) {
        new CheckpointDirectory(directory).clear();
      }
      return new EmaCheckpointListener(this);
    }
  }
}
