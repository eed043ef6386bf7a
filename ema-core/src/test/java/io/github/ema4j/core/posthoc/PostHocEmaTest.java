// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AverageCounters;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Vectors;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PostHocEmaTest {

  private static final int UPDATES = 1200;
  private static final int PARAMETERS = 40;

  /** A random walk from 0: after 1,200 steps about 35 from its start in each parameter. */
  private static INDArray[] walk(long seed) {
    Random random = new Random(seed);
    INDArray[] walk = new INDArray[UPDATES];
    double[] at = new double[PARAMETERS];
    for (int i = 0; i < UPDATES; i++) {
      for (int j = 0; j < PARAMETERS; j++) {
        at[j] += random.nextGaussian();
      }
      walk[i] = Vectors.doubles(at);
    }
    return walk;
  }

  /** The average computed directly, and snapshots of it every so many updates. */
  private static INDArray follow(INDArray[] walk, double sigmaRel, int every, Path directory)
      throws IOException {
    return follow(walk, UPDATES, sigmaRel, every, directory);
  }

  private static final UUID RUN = new UUID(1, 2);

  private static INDArray follow(
      INDArray[] walk, int until, double sigmaRel, int every, Path directory) throws IOException {
    AveragingConfig config =
        AveragingConfig.builder().schedule(DecaySchedule.powerFunction(sigmaRel)).build();
    ParameterAverage average =
        new ParameterAverage(config, Nd4j.zeros(DataType.DOUBLE, PARAMETERS));
    for (int i = 1; i <= until; i++) {
      average.update(walk[i - 1]);
      if (directory != null && i % every == 0) {
        Snapshot.write(directory, RUN, sigmaRel, AverageState.of(average));
      }
    }
    return average.shadow();
  }

  private static Snapshot write(
      Path directory, UUID run, double sigmaRel, long update, INDArray values) throws IOException {
    AveragingConfig config =
        AveragingConfig.builder().schedule(DecaySchedule.powerFunction(sigmaRel)).build();
    AverageInfo info =
        new AverageInfo(
            values.length(),
            values.dataType(),
            values.dataType(),
            Coverage.all(values.length()),
            AverageInfo.Settings.of(config),
            new AverageCounters(update, update, update, 0, 0.5, 0));
    return Snapshot.write(directory, run, sigmaRel, new AverageState(info, values, new double[0]));
  }

  private static PostHocEma snapshots(INDArray[] walk, int every, Path directory)
      throws IOException {
    Files.createDirectories(directory);
    follow(walk, 0.05, every, directory);
    follow(walk, 0.10, every, directory);
    return PostHocEma.read(directory);
  }

  /** Root of the mean squared difference. */
  private static double distance(INDArray a, INDArray b) {
    return a.distance2(b) / Math.sqrt(a.length());
  }

  @Nested
  class Reconstruction {

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(doubles = {0.03, 0.05, 0.07, 0.10, 0.15, 0.20, 0.25})
    void isCloseToTheAverageKeptDuringTraining(double sigmaRel) throws IOException {
      INDArray[] walk = walk(1);
      PostHocEma postHoc = snapshots(walk, 20, directory);
      INDArray direct = follow(walk, sigmaRel, 1, null);

      // The steps of the walk are of size 1, and the averages are many steps behind its end.
      assertTrue(distance(direct, walk[UPDATES - 1]) > 4);
      assertEquals(0, distance(direct, postHoc.reconstruct(sigmaRel)), 0.05);
    }

    @Test
    void isPossibleAtAnEarlierSnapshot() throws IOException {
      INDArray[] walk = walk(2);
      PostHocEma postHoc = snapshots(walk, 20, directory);
      INDArray direct = follow(walk, 600, 0.15, 1, null);
      assertEquals(0, distance(direct, postHoc.reconstruct(0.15, 600)), 0.05);
    }

    @Test
    void isCoarserBetweenSnapshotsAndSaysSo() throws IOException {
      INDArray[] walk = walk(3);
      PostHocEma postHoc = snapshots(walk, 20, directory);
      INDArray direct = follow(walk, 610, 0.15, 1, null);
      assertEquals(0, distance(direct, postHoc.reconstruct(0.15, 610)), 0.2);
      assertTrue(postHoc.profileError(0.15, 610) > 5 * postHoc.profileError(0.15, 620));
    }

    @Test
    void isTheSnapshotWhereThatIsAskedFor() throws IOException {
      PostHocEma postHoc = snapshots(walk(4), 100, directory);
      for (Snapshot snapshot : postHoc.snapshots()) {
        INDArray values = postHoc.reconstruct(snapshot.sigmaRel(), snapshot.update());
        Vectors.assertValues(snapshot.read().values().toDoubleVector(), values, 1e-10);
      }
    }

    @Test
    void errorFallsWithTheNumberOfSnapshots() throws IOException {
      INDArray[] walk = walk(5);
      INDArray direct = follow(walk, 0.15, 1, null);
      double last = Double.POSITIVE_INFINITY;
      for (int every : new int[] {600, 200, 50, 10}) {
        PostHocEma postHoc = snapshots(walk, every, directory.resolve("every" + every));
        double error = distance(direct, postHoc.reconstruct(0.15));
        assertTrue(error < last / 2, "snapshots every " + every + ": " + error + " after " + last);
        last = error;
      }
    }

    /** Averages are linear in the parameters, so the reconstruction has to be. */
    @Test
    void isExactForConstantParameters() throws IOException {
      INDArray[] constant = new INDArray[UPDATES];
      Arrays.fill(constant, Nd4j.valueArrayOf(new long[] {PARAMETERS}, 3.5, DataType.DOUBLE));
      PostHocEma postHoc = snapshots(constant, 300, directory);
      double[] expected = constant[0].toDoubleVector();
      Vectors.assertValues(expected, postHoc.reconstruct(0.2), 1e-13);
      Vectors.assertValues(expected, postHoc.reconstruct(0.02, 777), 1e-10);
    }

    @Test
    void theTypeIsThatOfTheSnapshots() throws IOException {
      write(directory, RUN, 0.05, 10, Vectors.floats(1, 2, 3));
      INDArray average = PostHocEma.read(directory).reconstruct(0.05);
      assertEquals(DataType.FLOAT, average.dataType());
      Vectors.assertValues(new double[] {1, 2, 3}, average, 0);
    }
  }

  @Nested
  class SnapshotFiles {

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(
        value = DataType.class,
        names = {"FLOAT", "DOUBLE"})
    void keepEveryBit(DataType type) throws IOException {
      INDArray values = Vectors.random(type, 150_001, 7);
      Snapshot snapshot = write(directory, RUN, 0.07, 1234, values);
      assertEquals(List.of(snapshot), PostHocEma.list(directory));
      assertEquals(type, snapshot.read().values().dataType());
      assertArrayEquals(Vectors.bits(values), Vectors.bits(snapshot.read().values()));
    }

    @Test
    void areFoundByUpdateThenWidth() throws IOException {
      INDArray values = Vectors.floats(1);
      for (long update : new long[] {900, 10_000, 20}) {
        for (double sigmaRel : new double[] {0.1, 0.05}) {
          write(directory, RUN, sigmaRel, update, values);
        }
      }
      Files.writeString(directory.resolve("notes.txt"), "not a snapshot");
      List<Snapshot> found = PostHocEma.read(directory).snapshots();
      assertEquals(
          List.of(20L, 20L, 900L, 900L, 10_000L, 10_000L),
          found.stream().map(Snapshot::update).toList());
      assertEquals(0.05, found.get(0).sigmaRel());
      assertEquals(10_000, PostHocEma.read(directory).lastUpdate());
    }

    @Test
    void ofOneUpdateAndWidthReplaceEachOther() throws IOException {
      write(directory, RUN, 0.1, 5, Vectors.floats(1));
      write(directory, RUN, 0.1, 5, Vectors.floats(2));
      Vectors.assertValues(new double[] {2}, PostHocEma.read(directory).reconstruct(0.1), 0);
      try (Stream<Path> files = Files.list(directory)) {
        assertEquals(1, files.count());
      }
    }

    @Test
    void anInterruptedWriteLeavesNone() throws IOException {
      Path missing = directory.resolve("missing");
      assertThrows(IOException.class, () -> write(missing, RUN, 0.1, 5, Vectors.floats(1)));
      // What a crash leaves is not taken for a snapshot.
      Files.write(directory.resolve(".ema4j-dead.tmp"), new byte[20]);
      assertThrows(NoSuchFileException.class, () -> PostHocEma.read(directory));
    }
  }

  @Nested
  class BadInput {

    @TempDir Path directory;

    private Snapshot written() throws IOException {
      return write(directory, RUN, 0.1, 5, Vectors.floats(1, 2, 3));
    }

    private void assertFails(String text) {
      IOException e =
          assertThrows(IOException.class, () -> PostHocEma.read(directory).reconstruct(0.1));
      assertTrue(e.getMessage().contains(text), e.getMessage());
    }

    @Test
    void noDirectory() {
      Path missing = directory.resolve("missing");
      IOException e = assertThrows(NoSuchFileException.class, () -> PostHocEma.read(missing));
      assertTrue(e.getMessage().contains("no snapshots"), e.getMessage());
    }

    @Test
    void snapshotsOfDifferentNetworks() throws IOException {
      written();
      write(directory, RUN, 0.05, 5, Vectors.floats(1, 2));
      assertFails("different networks");
    }

    @Test
    void snapshotsOfDifferentTypes() throws IOException {
      written();
      write(directory, RUN, 0.05, 5, Vectors.doubles(1, 2, 3));
      assertFails("different networks");
    }

    @Test
    void snapshotsOfDifferentRuns() throws IOException {
      written();
      write(directory, new UUID(3, 4), 0.05, 5, Vectors.floats(1, 2, 3));
      assertFails("different training runs");
    }

    @Test
    void aSnapshotDeletedMeanwhile() throws IOException {
      Snapshot snapshot = written();
      PostHocEma postHoc = PostHocEma.read(directory);
      Files.delete(snapshot.file());
      assertThrows(NoSuchFileException.class, () -> postHoc.reconstruct(0.1));
    }

    @Test
    void aSnapshotReplacedMeanwhile() throws IOException {
      Snapshot snapshot = written();
      PostHocEma postHoc = PostHocEma.read(directory);
      Path other = Files.createDirectory(directory.resolve("other"));
      Files.copy(
          write(other, new UUID(3, 4), 0.1, 5, Vectors.floats(4, 5, 6)).file(),
          snapshot.file(),
          StandardCopyOption.REPLACE_EXISTING);
      IOException e = assertThrows(IOException.class, () -> postHoc.reconstruct(0.1));
      assertTrue(e.getMessage().contains("changed"), e.getMessage());
    }

    @Test
    void anyDamagedByteIsNoticed() throws IOException {
      Snapshot snapshot = written();
      byte[] bytes = Files.readAllBytes(snapshot.file());
      assertEquals(72, bytes.length);
      for (int i = 0; i < bytes.length; i++) {
        for (int bit = 0; bit < 8; bit++) {
          byte[] damaged = bytes.clone();
          damaged[i] ^= (byte) (1 << bit);
          Files.write(snapshot.file(), damaged);
          assertThrows(
              IOException.class,
              () -> {
                PostHocEma postHoc = PostHocEma.read(directory);
                postHoc.reconstruct(0.1, postHoc.lastUpdate());
              },
              "bit " + bit + " of byte " + i);
        }
      }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 30, 51, 52, 60, 71})
    void aTruncatedSnapshot(int length) throws IOException {
      Snapshot snapshot = written();
      byte[] bytes = Files.readAllBytes(snapshot.file());
      Files.write(snapshot.file(), Arrays.copyOf(bytes, length));
      assertFails(snapshot.file().getFileName().toString());
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 0, 0.2886752, 1, Double.NaN})
    void widthsOutOfRange(double sigmaRel) throws IOException {
      written();
      PostHocEma postHoc = PostHocEma.read(directory);
      assertThrows(IllegalArgumentException.class, () -> postHoc.reconstruct(sigmaRel));
    }

    @Test
    void updatesOutOfRange() throws IOException {
      written();
      PostHocEma postHoc = PostHocEma.read(directory);
      for (long update : new long[] {-1, 0, 4, 6, Long.MAX_VALUE}) {
        IllegalArgumentException e =
            assertThrows(IllegalArgumentException.class, () -> postHoc.reconstruct(0.1, update));
        assertTrue(e.getMessage().contains("but was " + update), e.getMessage());
      }
    }
  }
}
