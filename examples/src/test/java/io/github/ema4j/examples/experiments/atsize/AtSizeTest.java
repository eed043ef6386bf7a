// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.learning.config.IUpdater;
import picocli.CommandLine;

/** With a few random images in the place of Fashion-MNIST. */
class AtSizeTest {
  private static final int TRAINING = 40;
  private static final int TEST = 20;

  @TempDir Path directory;
  private Path data;
  private Path results;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void writeImages() throws IOException {
    data = Files.createDirectory(directory.resolve("data"));
    results = directory.resolve("results");
    Random random = new Random(1);
    write("train", TRAINING, random);
    write("t10k", TEST, random);
  }

  private void write(String prefix, int images, Random random) throws IOException {
    byte[] pixels = new byte[images * 28 * 28];
    random.nextBytes(pixels);
    byte[] labels = new byte[images];
    for (int i = 0; i < images; i++) {
      labels[i] = (byte) (i % 10);
    }
    write(prefix + "-images-idx3-ubyte.gz", pixels, images, 28, 28);
    write(prefix + "-labels-idx1-ubyte.gz", labels, images);
  }

  private void write(String name, byte[] values, int... shape) throws IOException {
    try (DataOutputStream file =
        new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(data.resolve(name))))) {
      file.writeInt(0x0800 | shape.length);
      for (int size : shape) {
        file.writeInt(size);
      }
      file.write(values);
    }
  }

  private int run(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--data=" + data,
                "--results=" + results,
                "--width=1",
                "--batch=16",
                "--seeds=2",
                "--labels=noisy",
                "--methods=cosine"));
    args.addAll(List.of(more));
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return new CommandLine(new AtSize())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(args.toArray(String[]::new));
  }

  private Outcomes outcomes() {
    return new Outcomes(results, new Settings(1, 16, 1));
  }

  private static Cell cell(long seed) {
    return new Cell(Labels.NOISY, Method.COSINE, seed);
  }

  @Test
  void whatHasEndedIsNotTrainedAgain() throws IOException {
    assertEquals(0, run("--epochs=1"), err.toString());
    assertEquals(2, err.toString().lines().count(), err.toString());
    String table = out.toString();
    assertTrue(table.contains("| `noisy` labels | `cosine` |"), table);
    for (String weights : Training.weights()) {
      assertTrue(table.contains("| " + weights + " | "), table);
    }
    Outcome second = outcomes().read(Outcomes.EMA4J, cell(2)).orElseThrow();
    assertEquals(3, second.updates(), "of 16, 16 and 8 images");

    Files.delete(results.resolve("ema4j-noisy-cosine-2.json"));
    assertEquals(0, run("--epochs=1"), err.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
    Outcome again = outcomes().read(Outcomes.EMA4J, cell(2)).orElseThrow();
    assertEquals(second.scores(), again.scores(), "bit for bit");
    assertEquals(second.batches(), again.batches());

    Files.delete(data.resolve("train-images-idx3-ubyte.gz"));
    assertEquals(0, run("--epochs=1"), err.toString());
    assertEquals("", err.toString());
    try (Stream<Path> files = Files.list(results)) {
      assertEquals(2, files.count(), "nothing unfinished is left");
    }
  }

  @Test
  void resultsOfOtherSettingsAreNotMixed() throws IOException {
    writeOurs();
    assertEquals(1, run("--epochs=2"));
    assertTrue(err.toString().contains("choose another directory by --results"), err.toString());
  }

  @Test
  void imagesThatAreMissingAreSaidToBeInstalled() throws IOException {
    Files.delete(data.resolve("t10k-labels-idx1-ubyte.gz"));
    assertEquals(1, run("--epochs=1"));
    String said = err.toString();
    assertTrue(said.contains("apt-get install dataset-fashion-mnist"), said);
    assertTrue(said.contains("t10k-labels-idx1-ubyte.gz"), said);
  }

  /** That is what the checksum is compared with that PyTorch's batches have. */
  @Test
  void batchesAreToldByTheLabelsInTheirOrder() throws IOException {
    Images images = Images.read(data);
    CRC32 trained = new CRC32();
    var batches = images.trainingBatches(0.3, 5, 6, 16, trained);
    CRC32 expected = new CRC32();
    int count = 0;
    while (batches.hasNext()) {
      for (int label : batches.next().getLabels().argMax(1).toIntVector()) {
        expected.update(label);
        count++;
      }
    }
    assertEquals(TRAINING, count);
    assertEquals(expected.getValue(), trained.getValue());
    CRC32 clean = new CRC32();
    images.trainingBatches(0, 5, 6, TRAINING, clean).next();
    assertFalse(clean.getValue() == trained.getValue(), "other labels");
  }

  private void write(String system, long seed, long batches, double... accuracies)
      throws IOException {
    List<Outcome.Score> scores = outcome(accuracies).scores();
    outcomes()
        .write(new Outcome(system, cell(seed), new Settings(1, 16, 1), 3, batches, 1, scores));
  }

  /** Both runs, so that none is trained. */
  private void writeOurs() throws IOException {
    write(Outcomes.EMA4J, 1, 7, 0.6, 0.7, 0.7, 0.7, 0.7, 0.5, 0.5);
    write(Outcomes.EMA4J, 2, 8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.5, 0.5);
  }

  @Test
  void bothSystemsStandSideBySideIfTheyHadTheSameBatches() throws IOException {
    writeOurs();
    write(Outcomes.PYTORCH, 1, 7, 0.70, 0.80);
    write(Outcomes.PYTORCH, 2, 8, 0.80, 0.84);
    assertEquals(0, run("--epochs=1"), err.toString());
    assertEquals(
        """
        | `noisy` labels, `cosine` | EMA4J | PyTorch |
        | --- | --- | --- |
        | raw | 70.00 ± 14.14 | 75.00 ± 7.07 |
        | default average | 75.00 ± 7.07 (+5.00 ± 7.07) | 82.00 ± 2.83 (+7.00 ± 4.24) |
        """,
        out.toString().substring(out.toString().lastIndexOf("| `noisy`")).strip() + "\n");

    write(Outcomes.PYTORCH, 2, 9, 0.80, 0.84);
    assertEquals(1, run("--epochs=1"));
    assertTrue(err.toString().contains("trained on other batches"), err.toString());
  }

  private static Outcome outcome(double... accuracies) {
    List<Outcome.Score> scores = new ArrayList<>();
    for (int i = 0; i < accuracies.length; i++) {
      scores.add(new Outcome.Score(Training.weights().get(i), accuracies[i], 0.5, 0.1));
    }
    return new Outcome(Outcomes.EMA4J, cell(1), AtSize.DOCUMENTED, 3, 7, 1, scores);
  }

  @Test
  void claimsHoldForSomeOutcomesAndNotForOthers() {
    Outcome better = outcome(0.70, 0.72, 0.72, 0.72, 0.72, 0.718, 0.6);
    Outcome worse = outcome(0.70, 0.69, 0.72, 0.72, 0.72, 0.675, 0.5);
    Outcome same = outcome(0.70, 0.704, 0.72, 0.72, 0.72, 0.701, 0.6);
    assertTrue(Claim.ALL.get(0).test().test(List.of(better, same)));
    assertFalse(Claim.ALL.get(0).test().test(List.of(better, worse)));
    assertTrue(Claim.ALL.get(1).test().test(List.of(better, same)));
    assertFalse(Claim.ALL.get(1).test().test(List.of(better, worse)));
    assertTrue(Claim.ALL.get(2).test().test(List.of(same, same)));
    assertFalse(Claim.ALL.get(2).test().test(List.of(better, same)));
    assertFalse(Claim.ALL.get(2).test().test(List.of(worse, worse)));
  }

  /** All of the table, written by hand, at the settings of the documentation. */
  @Test
  void theWholeTableIsHeldAgainstTheClaims() throws IOException {
    Outcomes documented = new Outcomes(results, AtSize.DOCUMENTED);
    for (Labels labels : Labels.values()) {
      for (Method method : Method.values()) {
        for (long seed = 1; seed <= 2; seed++) {
          Outcome same = outcome(0.70, 0.704, 0.72, 0.72, 0.72, 0.701, 0.6);
          documented.write(
              new Outcome(
                  Outcomes.EMA4J,
                  new Cell(labels, method, seed),
                  AtSize.DOCUMENTED,
                  3,
                  7,
                  1,
                  same.scores()));
        }
      }
    }
    String[] settings = {"--epochs=5", "--width=16", "--batch=64"};
    assertEquals(0, run(settings), err.toString());
    for (Claim claim : Claim.ALL) {
      assertTrue(out.toString().contains("So it is: " + claim.sentence()), out.toString());
    }
    Outcome better = outcome(0.70, 0.80, 0.72, 0.72, 0.72, 0.799, 0.6);
    documented.write(
        new Outcome(Outcomes.EMA4J, cell(1), AtSize.DOCUMENTED, 3, 7, 1, better.scores()));
    assertEquals(1, run(settings), err.toString());
    assertTrue(out.toString().contains("NOT SO: " + Claim.ALL.get(2).sentence()), out.toString());
    Files.delete(results.resolve("ema4j-clean-rmsprop-2.json"));
    assertEquals(0, run(settings), "the table is not whole");
  }

  @Test
  void thePageMakesTheseClaims() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "experiments.md"));
    String section = page.substring(page.indexOf("-Dargs=\"at-size\""));
    section = section.substring(0, section.indexOf("\n## "));
    assertEquals(
        Claim.ALL.stream().map(claim -> "- " + claim.sentence()).toList(),
        section.lines().filter(line -> line.startsWith("- ")).toList());
  }

  @Test
  void theRateFallsAlongHalfACosine() {
    IUpdater updater = Method.COSINE.updater(1000);
    assertEquals(0.05, updater.getLearningRate(0, 0));
    assertEquals(0.05 * (1 + Math.sqrt(0.5)) / 2, updater.getLearningRate(250, 0), 1e-17);
    assertEquals(0.025, updater.getLearningRate(500, 0), 1e-17);
    assertEquals(0, updater.getLearningRate(1000, 3), 1e-17);
    assertEquals(0, updater.getLearningRate(5000, 3), 1e-17);
    assertThrows(IllegalArgumentException.class, () -> new CosineToZero(0.05, 0));
    assertEquals(0.05, Method.CONSTANT.updater(1000).getLearningRate(900, 2));
  }

  @Test
  void wrongArgumentsAreNamed() {
    assertEquals(2, run("--seeds=1"));
    assertTrue(err.toString().contains("--seeds: has to be >= 2, not 1"), err.toString());
    assertEquals(2, run("--methods=adam"));
    assertTrue(err.toString().contains("adam"), err.toString());
    assertEquals(0, run("--help"));
    assertTrue(out.toString().contains("rmsprop"), out.toString());
  }
}
