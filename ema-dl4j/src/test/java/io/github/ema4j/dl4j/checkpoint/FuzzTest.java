// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.posthoc.PostHocEma;
import io.github.ema4j.core.samediff.SameDiffEmaListener;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.dl4j.internal.file.NetworkFile;
import io.github.ema4j.dl4j.posthoc.PostHocEmaListener;
import io.github.ema4j.testing.Damage;
import io.github.ema4j.testing.dl4j.Kind;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A damaged file is an error that names it, or gives back what was saved to the last bit: more than
 * 2,000 damages, others in each run.
 */
class FuzzTest {

  private static final long SEED = Damage.seed();

  @TempDir Path directory;

  /** Restores from a file, and says in bytes what it has restored. */
  @FunctionalInterface
  private interface Restoring {
    byte[] from(Path file) throws IOException;
  }

  private static void assertErrorOrIdentical(
      Path file, byte[] other, int damages, Restoring restoring) throws IOException {
    Damage damage = new Damage(SEED);
    byte[] whole = Files.readAllBytes(file);
    byte[] expected = restoring.from(file);
    int errors = 0;
    for (int i = 0; i < damages; i++) {
      Files.write(file, damage.of(whole, other));
      String which = "damage " + i + " of the seed " + SEED;
      try {
        assertArrayEquals(expected, restoring.from(file), which);
      } catch (IOException e) {
        assertTrue(e.getMessage().contains(file.toString()), which + ": " + e);
        errors++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError(which + ": " + e, e);
      }
    }
    assertTrue(errors > damages / 2, errors + " errors of " + damages);
  }

  // ---------------------------------------------------------------- checkpoints

  private static byte[] again(RestoredCheckpoint<Model> run, Path directory) throws IOException {
    ModelEmaGroup group = run.group();
    EmaCheckpoint.Builder builder = EmaCheckpoint.builder(run.network(), group);
    run.normalizer().ifPresent(builder::normalizer);
    run.bestScore().ifPresent(builder::bestScore);
    run.info().metadata().forEach(builder::metadata);
    Path file = directory.resolve("again.zip");
    builder.save(file);
    return Files.readAllBytes(file);
  }

  private Path saved(String name, Kind kind, int iterations) throws IOException {
    Model network = kind.initialised();
    ModelEmaGroup group =
        ModelEmaGroup.of(
            new ModelEmaListener(Run.CONFIG), new ModelEmaListener(AveragingConfig.of(0.9)));
    network.setListeners(group);
    for (int i = 0; i < iterations; i++) {
      Models.fit(network, kind.batch(i));
    }
    NormalizerStandardize normalizer = new NormalizerStandardize();
    normalizer.fit(Kind.MLP.batch(iterations));
    Path file = directory.resolve(name);
    EmaCheckpoint.builder(network, group)
        .normalizer(normalizer)
        .bestScore(0.25 * iterations)
        .metadata("iterations", "" + iterations)
        .save(file);
    return file;
  }

  @Test
  void checkpoints() throws IOException {
    byte[] other = Files.readAllBytes(saved("other.zip", Kind.MLP, 2));
    assertErrorOrIdentical(
        saved("mlp.zip", Kind.MLP, 3),
        other,
        900,
        file -> again(EmaCheckpoint.restore(file), directory));
  }

  @Test
  void checkpointsOfGraphsWithBatchNorm() throws IOException {
    byte[] other = Files.readAllBytes(saved("other.zip", Kind.GRAPH, 2));
    assertErrorOrIdentical(
        saved("graph.zip", Kind.GRAPH, 3),
        other,
        200,
        file -> again(EmaCheckpoint.restore(file), directory));
  }

  private static final Map<String, String> METADATA = Map.of("inputSize", "3x64x64");

  @Test
  void networksWithoutAnAverage() throws IOException {
    Model network = Kind.MLP.initialised();
    Models.fit(network, Kind.MLP.batch(0));
    Path earlier = directory.resolve("earlier.zip");
    NetworkFile.write(earlier, network, Map.of());
    Models.fit(network, Kind.MLP.batch(1));
    Path alone = directory.resolve("alone.zip");
    NetworkFile.write(alone, network, METADATA);

    assertErrorOrIdentical(
        alone,
        Files.readAllBytes(earlier),
        300,
        file -> {
          Path again = directory.resolve("again.zip");
          NetworkFile.Content restored = NetworkFile.restore(file);
          NetworkFile.write(again, restored.network(), restored.metadata());
          return Files.readAllBytes(again);
        });
  }

  /** They are plain model files, but the loss of what they say about the network is noticed. */
  @Test
  void exportsWithMetadata() throws IOException {
    Model network = Kind.MLP.initialised();
    Path earlier = directory.resolve("earlier.zip");
    EmaExport.save(earlier, network, Map.of("inputSize", "1x28x28"));
    Models.fit(network, Kind.MLP.batch(0));
    Path export = directory.resolve("export.zip");
    EmaExport.save(export, network, METADATA);

    assertErrorOrIdentical(
        export,
        Files.readAllBytes(earlier),
        300,
        file -> {
          Path again = directory.resolve("again.zip");
          NetworkFile.Content loaded = NetworkFile.load(file);
          EmaExport.save(again, loaded.network(), loaded.metadata());
          return Files.readAllBytes(again);
        });
  }

  /** The index, or one of the checkpoints: what is found is the last one that is intact. */
  @Test
  void directoriesOfCheckpoints() throws IOException {
    Path checkpoints = directory.resolve("checkpoints");
    Run run = Run.start(Kind.MLP);
    run.with(EmaCheckpointListener.builder(checkpoints, run.ema()).saveEveryNIterations(1).build());
    run.fitIterations(0, 3);
    byte[] second = Files.readAllBytes(checkpoints.resolve("checkpoint_1_MultiLayerNetwork.zip"));
    for (String name : new String[] {"checkpointInfo.txt", "checkpoint_2_MultiLayerNetwork.zip"}) {
      Path damaged = checkpoints.resolve(name);
      byte[] whole = Files.readAllBytes(damaged);
      byte[] last = Files.readAllBytes(checkpoints.resolve("checkpoint_2_MultiLayerNetwork.zip"));
      Damage damage = new Damage(SEED);
      for (int i = 0; i < 150; i++) {
        Files.write(damaged, damage.of(whole, second));
        String which = name + ", damage " + i + " of the seed " + SEED;
        try {
          Optional<Path> found = EmaCheckpointListener.lastIntactFile(checkpoints);
          byte[] bytes = Files.readAllBytes(found.orElseThrow(() -> new AssertionError(which)));
          boolean isLast = EmaCheckpoint.info(found.get()).iteration() == 3;
          if (!isLast || name.endsWith(".txt")) {
            assertArrayEquals(isLast ? last : second, bytes, which);
          }
        } catch (IOException e) {
          assertTrue(e.getMessage().contains(checkpoints.toString()), which + ": " + e);
        } catch (RuntimeException e) {
          throw new AssertionError(which + ": " + e, e);
        }
      }
      Files.write(damaged, whole);
    }
  }

  // ---------------------------------------------------------------- snapshots

  @Test
  void snapshots() throws IOException {
    Path snapshots = directory.resolve("snapshots");
    Model network = Kind.GRAPH.initialised();
    PostHocEmaListener averages = new PostHocEmaListener(snapshots, 4);
    network.setListeners(averages);
    for (int i = 0; i < 12; i++) {
      Models.fit(network, Kind.GRAPH.batch(i));
    }
    for (int i = 0; i < 2; i++) {
      Path damaged = PostHocEma.read(snapshots).snapshots().get(2 * i).file();
      byte[] other =
          Files.readAllBytes(PostHocEma.read(snapshots).snapshots().get(2 * i + 2).file());
      byte[] whole = Files.readAllBytes(damaged);
      assertErrorOrIdentical(
          damaged,
          other,
          150,
          file -> {
            INDArray average = PostHocEma.read(snapshots).reconstruct(0.1);
            double[] values = average.reshape(average.length()).dup().data().asDouble();
            ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * values.length);
            bytes.asDoubleBuffer().put(values);
            return bytes.array();
          });
      Files.write(damaged, whole);
    }
  }

  // ---------------------------------------------------------------- SameDiff

  private static SameDiff sameDiff() {
    SameDiff sd = SameDiff.create();
    sd.var("w", Nd4j.createFromArray(1f, 2f, 3f));
    sd.var("v", Nd4j.createFromArray(new float[][] {{1, 2}, {3, 4}}));
    return sd;
  }

  @BeforeAll
  static void quiet() {
    Nd4j.getRandom().setSeed(1);
  }

  @Test
  void statesOfSameDiff() throws IOException {
    SameDiff sd = sameDiff();
    SameDiffEmaListener ema = new SameDiffEmaListener(sd, 0.9);
    Path earlier = directory.resolve("earlier.zip");
    ema.save(earlier);
    sd.getVariable("w").getArr().addi(1);
    ema.average().update(Nd4j.createFromArray(1f, 2f, 3f, 4f, 5f, 6f, 7f));
    Path state = directory.resolve("samediff.zip");
    ema.save(state);

    assertErrorOrIdentical(
        state,
        Files.readAllBytes(earlier),
        300,
        file -> {
          SameDiffEmaListener resumed = SameDiffEmaListener.resume(sameDiff(), file);
          Path again = directory.resolve("again.zip");
          resumed.save(again);
          return Files.readAllBytes(again);
        });
  }
}
