// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Averages of any length, made after training from snapshots of a few averages kept during it
 * (post-hoc EMA; Karras et al. 2024, "Analyzing and Improving the Training Dynamics of Diffusion
 * Models", arXiv 2312.02696, section 3.2).
 *
 * <pre>{@code
 * PostHocEma postHoc = PostHocEma.read(directory);
 * INDArray params = postHoc.reconstruct(0.15);
 * }</pre>
 *
 * <p>The profile of the wanted average is fitted by those of the snapshots ({@link ProfileFit}),
 * and the snapshots are added with the coefficients of that fit. How good the fit is, {@link
 * #profileError} tells without reading any values. It is best at updates with a snapshot, and for
 * widths from that of the narrowest stored average on; a dozen snapshots are plenty.
 *
 * <p>Some coefficients are negative. Variances, as of batch norm, are added as variances, and where
 * their sum is not above 0, the smallest one among the snapshots added takes its place.
 *
 * <p>Immutable; safe for use by several threads. It holds no values: they are read again by every
 * reconstruction, one block at a time, and summed in double.
 */
public final class PostHocEma {

  private final List<Snapshot> snapshots;

  private PostHocEma(List<Snapshot> snapshots) {
    this.snapshots = List.copyOf(snapshots);
  }

  /**
   * Finds the snapshots in a directory. Other files there are left alone.
   *
   * @param directory as given to what wrote them
   * @return what can be reconstructed from them
   * @throws IOException if there is no snapshot, one is damaged, or they are of different networks
   *     or training runs
   */
  public static PostHocEma read(Path directory) throws IOException {
    List<Snapshot> snapshots = listOfOneRun(directory);
    if (snapshots.get(0).isOfPlainMean()) {
      throw new IOException(
          "The snapshots in %s are of plain means, for windows: read them by Windows.read"
              .formatted(directory));
    }
    return new PostHocEma(snapshots);
  }

  /**
   * Lists the snapshots of the one training run in a directory.
   *
   * @param directory as given to what wrote them
   * @return by update, then width; one or more
   * @throws IOException if there is no snapshot, one is damaged, or they are of different networks
   *     or training runs
   */
  public static List<Snapshot> listOfOneRun(Path directory) throws IOException {
    List<Snapshot> snapshots = list(directory);
    if (snapshots.isEmpty()) {
      throw new NoSuchFileException(
          directory.toString(), null, "there are no snapshots in this directory");
    }
    Snapshot first = snapshots.get(0);
    for (Snapshot snapshot : snapshots) {
      if (snapshot.length() != first.length() || snapshot.type() != first.type()) {
        throw new IOException(
            "The snapshots are of different networks: %s holds %d %s values, %s holds %d %s"
                .formatted(
                    first.file(),
                    first.length(),
                    first.type(),
                    snapshot.file(),
                    snapshot.length(),
                    snapshot.type()));
      }
      if (!snapshot.variances().equals(first.variances())) {
        throw new IOException(
            "The snapshots hold variances in different forms: %s and %s. Give each run a directory of its own"
                .formatted(first.file(), snapshot.file()));
      }
      if (!snapshot.run().equals(first.run())) {
        throw new IOException(
            "The snapshots are of different training runs: %s and %s. Give each run a directory of its own"
                .formatted(first.file(), snapshot.file()));
      }
    }
    return snapshots;
  }

  /**
   * Lists the snapshots in a directory, of whatever run and network.
   *
   * @param directory any directory
   * @return by update, then width; empty if there are none or there is no such directory
   * @throws IOException if a file cannot be read or is damaged
   */
  public static List<Snapshot> list(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return List.of();
    }
    List<Path> files;
    try (Stream<Path> all = Files.list(directory)) {
      files = all.filter(Snapshot::isNamed).toList();
    }
    List<Snapshot> snapshots = new ArrayList<>();
    for (Path file : files) {
      snapshots.add(Snapshot.open(file));
    }
    snapshots.sort(
        Comparator.comparingLong(Snapshot::update).thenComparingDouble(Snapshot::sigmaRel));
    return snapshots;
  }

  /**
   * The snapshots found.
   *
   * @return at least one, by update, then width
   */
  public List<Snapshot> snapshots() {
    return snapshots;
  }

  /**
   * The update of the last snapshots, at which averages are reconstructed by default.
   *
   * @return from 1
   */
  public long lastUpdate() {
    return snapshots.get(snapshots.size() - 1).update();
  }

  /**
   * The average of a given width at the last snapshots: what {@code
   * DecaySchedule.powerFunction(sigmaRel)} would have given there.
   *
   * @param sigmaRel standard deviation of the averaging profile as a share of training, above 0 and
   *     below 0.28867513
   * @return a new vector of the snapshots' type
   * @throws IllegalArgumentException if {@code sigmaRel} is out of range
   * @throws IOException if a snapshot is missing by now, or damaged
   */
  public INDArray reconstruct(double sigmaRel) throws IOException {
    return reconstruct(sigmaRel, lastUpdate());
  }

  /**
   * The average of a given width at a given update. Between the updates of two snapshots the fit is
   * coarse, since the profile ends where no stored one does: see {@link #profileError}.
   *
   * @param sigmaRel standard deviation of the averaging profile as a share of the updates until
   *     then, above 0 and below 0.28867513
   * @param update from that of the first snapshot to that of the last
   * @return a new vector of the snapshots' type
   * @throws IllegalArgumentException if {@code sigmaRel} or {@code update} is out of range
   * @throws IOException if a snapshot is missing by now, or damaged
   */
  public INDArray reconstruct(double sigmaRel, long update) throws IOException {
    double[] coefficients = fit(sigmaRel, update).coefficients();
    Snapshot first = snapshots.get(0);
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        WeightedSum sum = new WeightedSum(first.length(), first.variances())) {
      for (int i = 0; i < coefficients.length; i++) {
        sum.add(snapshots.get(i), coefficients[i]);
      }
      return sum.as(first.type());
    }
  }

  /**
   * How far the profile that {@link #reconstruct(double, long)} achieves is from the wanted one.
   *
   * @param sigmaRel as there
   * @param update as there
   * @return the norm of the difference over the norm of the wanted profile; see {@link
   *     ProfileFit#error}
   * @throws IllegalArgumentException if {@code sigmaRel} or {@code update} is out of range
   */
  public double profileError(double sigmaRel, long update) {
    return fit(sigmaRel, update).error();
  }

  /** Fits with all snapshots that overlap the profile and one more where it ends between two. */
  private ProfileFit fit(double sigmaRel, long update) {
    PowerFunctionProfile target = PowerFunctionProfile.of(sigmaRel, update);
    long first = snapshots.get(0).update();
    if (update < first || update > lastUpdate()) {
      throw new IllegalArgumentException(
          "update must be in [%d, %d], from the first snapshot to the last, but was %d"
              .formatted(first, lastUpdate(), update));
    }
    long end =
        snapshots.stream().mapToLong(Snapshot::update).filter(u -> u >= update).min().getAsLong();
    List<PowerFunctionProfile> stored =
        snapshots.stream()
            .filter(snapshot -> snapshot.update() <= end)
            .map(snapshot -> PowerFunctionProfile.of(snapshot.sigmaRel(), snapshot.update()))
            .toList();
    return ProfileFit.of(stored, target);
  }
}
