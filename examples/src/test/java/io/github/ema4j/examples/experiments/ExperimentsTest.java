// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import static io.github.ema4j.examples.experiments.Results.mean;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.examples.experiments.statistics.Spread;
import io.github.ema4j.train.record.Score;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.learning.config.IUpdater;
import picocli.CommandLine;

class ExperimentsTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    CommandLine command = Experiments.commandLine();
    return command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(args);
  }

  @Test
  void meanAndDeviationAreThoseOfASample() {
    Spread spread = Spread.of(2, 4, 4, 4, 5, 5, 7, 9);
    assertEquals(5, spread.mean());
    assertEquals(Math.sqrt(32.0 / 7), spread.deviation());
    assertEquals("5.00 ± 2.14", spread.text(2));
    assertEquals("+5.0 ± 2.1", spread.signed(1));
    assertEquals("-1.0 ± 0.0", Spread.of(-1, -1).signed(1));
    assertThrows(IllegalArgumentException.class, () -> Spread.of(1));
  }

  @Test
  void theTableComparesSeedBySeed() {
    List<Trial> trials =
        List.of(
            new Trial(10, new Score(0.70, 1.0), List.of(new Score(0.80, 0.5), new Score(0.6, 2))),
            new Trial(10, new Score(0.74, 1.2), List.of(new Score(0.80, 0.7), new Score(0.8, 2))));
    assertEquals(
        """
        | weights | accuracy (%) | loss | gain (points) | better than raw |
        | --- | --- | --- | --- | --- |
        | raw | 72.00 ± 2.83 | 1.100 ± 0.141 | | |
        | a | 80.00 ± 0.00 | 0.600 ± 0.141 | +8.00 ± 2.83 | 2 of 2 seeds |
        | b | 70.00 ± 14.14 | 2.000 ± 0.000 | -2.00 ± 11.31 | 1 of 2 seeds |
        """,
        ResultTable.of(new Results(List.of("a", "b"), trials)));
  }

  @Tag("numbers")
  @Test
  void theCommandPrintsTheTableOfItsTrials() throws IOException {
    assertEquals(0, run("noisy-labels", "--seeds=2", "--epochs=2"), err.toString());

    Experiment experiment = Experiment.NOISY_LABELS;
    Results results =
        new Results(
            experiment.averageNames(),
            List.of(Trial.run(experiment, 1, 2), Trial.run(experiment, 2, 2)));
    String text = out.toString();
    assertTrue(text.contains(ResultTable.of(results)), text);
    assertTrue(text.contains("50,890 parameters, batches of 16; 2 epochs, 626 updates;"), text);
    assertTrue(text.contains("over 2 seeds."), text);
    assertFalse(text.contains(experiment.claims().get(0).sentence()), "is about ten epochs");
    assertEquals(2, err.toString().lines().count());
    // A short run wants a small decay. Seen over four seeds: 6.1 ± 1.0 points.
    double gain = mean(results.gains("EMA 0.99")) - mean(results.gains("EMA 0.999"));
    assertTrue(gain > 3, text);
  }

  /** Among others, that the network with its learning rate schedule can be copied. */
  @Test
  void anAnnealedNetworkTrains() throws IOException {
    Trial trial = Trial.run(Experiment.ANNEALED, 1, 1);
    assertTrue(trial.raw().accuracy() > 0.5, trial.toString());
    assertEquals(157, trial.updates());
  }

  @ParameterizedTest
  @EnumSource
  void thePageMakesTheClaimsThatAreChecked(Experiment experiment) throws IOException {
    String page = Files.readString(Path.of("..", "docs", "experiments.md"));
    String command = "-Dargs=\"%s\"\n".formatted(experiment);
    String section = page.substring(page.lastIndexOf(command));
    int end = section.indexOf("\n## ");
    List<String> claims =
        section
            .substring(0, end < 0 ? section.length() : end)
            .lines()
            .filter(line -> line.startsWith("- "))
            .map(line -> line.substring(2))
            .toList();
    assertEquals(experiment.claims().stream().map(Claim::sentence).toList(), claims);
  }

  @Test
  void thePageMakesTheClaimOfAnyTime() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "experiments.md"));
    String section = page.substring(page.indexOf("-Dargs=\"any-time\""));
    section = section.substring(0, section.indexOf("\n## "));
    assertEquals(
        List.of("- " + AnyTime.CLAIM),
        section.lines().filter(line -> line.startsWith("- ")).toList());
    for (Experiment experiment : AnyTime.EXPERIMENTS) {
      assertTrue(section.contains("| `%s` | raw | ".formatted(experiment)), section);
    }
  }

  @Test
  void thePageMakesTheClaimsOfTheForecast() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "experiments.md"));
    String section = page.substring(page.indexOf("-Dargs=\"forecast\""));
    section = section.substring(0, section.indexOf("\n## "));
    assertEquals(
        Forecast.CLAIMS.stream().map(claim -> "- " + claim).toList(),
        section.lines().filter(line -> line.startsWith("- ")).toList());
  }

  @Test
  void thePageMakesTheClaimsAboutCalibration() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "experiments.md"));
    String section = page.substring(page.indexOf("-Dargs=\"calibration\""));
    section = section.substring(0, section.indexOf("\n## "));
    assertEquals(
        Calibration.CLAIMS.stream().map(claim -> "- " + claim).toList(),
        section.lines().filter(line -> line.startsWith("- ")).toList());
  }

  @Test
  void calibrationIsComparedInTheMean() {
    Calibration.Pair better = new Calibration.Pair(80, 85, 4, 2);
    Calibration.Pair worse = new Calibration.Pair(76, 82, 19, 27);
    Calibration.Pair lessAccurate = new Calibration.Pair(76, 75, 19, 27);
    assertTrue(Calibration.firstHolds(List.of(better, better)));
    assertFalse(Calibration.firstHolds(List.of(better, worse)));
    assertTrue(Calibration.secondHolds(List.of(worse, worse)));
    assertFalse(Calibration.secondHolds(List.of(better, better)));
    assertFalse(Calibration.secondHolds(List.of(worse, lessAccurate)));
    assertEquals(
        """
        | training labels | weights | accuracy | calibration error | rise |
        | --- | --- | --- | --- | --- |
        | clean | raw | 80.00 ± 0.00 | 4.00 ± 0.00 | |
        | | default average | 85.00 ± 0.00 | 2.00 ± 0.00 | -2.00 ± 0.00 |
        | 30 % wrong | raw | 76.00 ± 0.00 | 19.00 ± 0.00 | |
        | | default average | 78.50 ± 4.95 | 27.00 ± 0.00 | +8.00 ± 0.00 |
        """,
        Calibration.table(List.of(better, better), List.of(worse, lessAccurate)));
    assertEquals(2, run("calibration", "--seeds=1"));
  }

  @Test
  void correlationIsPearsons() {
    double[] a = {1, 2, 3};
    assertEquals(1, Forecast.correlation(a, new double[] {2, 4, 6}), 1e-15);
    assertEquals(-1, Forecast.correlation(a, new double[] {3, 2, 1}), 1e-15);
    assertEquals(Math.sqrt(0.75), Forecast.correlation(a, new double[] {1, 1, 2}), 1e-15);
    Forecast.Moment moment = new Forecast.Moment(70, 75, 76);
    assertEquals(5, moment.gainOfAverage());
    assertEquals(6, moment.gainOfAnnealing());
  }

  private static Course course(double averaged1, double averaged2) {
    return new Course(List.of(70.0, 80.0), List.of(averaged1, averaged2));
  }

  @Test
  void anyTimeComparesMeansAfterEachEpoch() {
    Map<Experiment, List<Course>> good =
        Map.of(Experiment.RMSPROP, List.of(course(69.0, 81), course(70.125, 80)));
    assertTrue(AnyTime.holdsFor(good));
    assertEquals(
        """
        | experiment, after epoch | weights | 1 | 2 |
        | --- | --- | --- | --- |
        | `rmsprop` | raw | 70.0 | 80.0 |
        |  | default average | 69.6 | 80.5 |
        |  | least gain | -1.0 | +0.0 |
        """,
        AnyTime.table(good));
    assertEquals(-1, course(69, 81).leastGain());
    // Worse in the second epoch alone, and in one of two experiments alone.
    Map<Experiment, List<Course>> bad =
        Map.of(Experiment.RMSPROP, List.of(course(80, 79.2), course(80, 79.3)));
    assertFalse(AnyTime.holdsFor(bad));
    assertFalse(
        AnyTime.holdsFor(
            Map.of(
                Experiment.RMSPROP,
                List.of(course(80, 90)),
                Experiment.NOISY_LABELS,
                List.of(course(60, 90)))));
  }

  @Test
  void anyTimeIsACommand() {
    assertEquals(2, run("any-time", "--seeds=0"));
    assertTrue(err.toString().contains("--seeds: has to be >= 1, not 0"), err.toString());
    assertEquals(0, run("any-time", "--help"));
    assertTrue(out.toString().contains("after every epoch"), out.toString());
  }

  /** Results of three seeds: accuracies in per cent of the raw weights and of one average "a". */
  private static Results results(double[] raw, double[] averaged, double lossOfB) {
    List<Trial> trials = new ArrayList<>();
    for (int i = 0; i < raw.length; i++) {
      Score a = new Score(averaged[i] / 100, 0.5);
      Score b = new Score(0.72, lossOfB);
      trials.add(new Trial(10, new Score(raw[i] / 100, 1), List.of(a, b)));
    }
    return new Results(List.of("a", "b"), trials);
  }

  private static final double[] RAW = {70, 72, 74};

  static List<Arguments> claims() {
    double[] better = {75, 76, 77};
    double[] sometimesBetter = {75, 76, 73.9};
    double[] same = {70.1, 72, 74.1};
    double[] worse = {69, 70, 71};
    double[] steady = {74.1, 74.2, 74.3};
    return List.of(
        Arguments.of(Claim.everyAverageIsBetter(List.of("a")), better, sometimesBetter),
        Arguments.of(Claim.isBetter("a"), better, sometimesBetter),
        Arguments.of(Claim.isWorse("a"), worse, same),
        Arguments.of(Claim.isAlwaysAboveRaw("a"), steady, sometimesBetter),
        Arguments.of(Claim.variesLess("a"), steady, same),
        Arguments.of(Claim.gainsNothing("a", 0.5), same, worse),
        Arguments.of(Claim.gainsNothing("a", 0.5), same, better),
        Arguments.of(Claim.givesMostOfTheGain("b", "a"), worse, better),
        Arguments.of(Claim.isAsGoodAs("a", "b", 0.5), same, worse));
  }

  @ParameterizedTest
  @MethodSource("claims")
  void claimsHoldForSomeResultsAndNotForOthers(Claim claim, double[] confirm, double[] refute) {
    assertTrue(claim.holdsFor(results(RAW, confirm, 1)), claim.sentence());
    assertFalse(claim.holdsFor(results(RAW, refute, 1)), claim.sentence());
  }

  @Test
  void lossesAreComparedSeedBySeed() {
    Claim claim = Claim.hasTheLargerLoss("b", "a");
    assertTrue(claim.holdsFor(results(RAW, RAW, 0.51)));
    assertFalse(claim.holdsFor(results(RAW, RAW, 0.5)));
    assertThrows(
        IllegalArgumentException.class, () -> Claim.isBetter("c").holdsFor(results(RAW, RAW, 1)));
  }

  @Test
  void theAnnealedRateFallsToNothing() {
    IUpdater updater = Experiment.ANNEALED.updater(1000);
    assertEquals(0.05, updater.getLearningRate(0, 0));
    assertEquals(0.025, updater.getLearningRate(500, 5), 1e-17);
    assertEquals(0.05 / 1000, updater.getLearningRate(999, 9), 1e-17);
    assertEquals(0, updater.getLearningRate(2000, 20));
    assertThrows(IllegalArgumentException.class, () -> new LinearToZero(0.05, 0));
  }

  @Test
  void theRateOfRmspropFallsByEpochs() {
    IUpdater updater = Experiment.RMSPROP.updater(1000);
    assertEquals(0.01, updater.getLearningRate(0, 2));
    assertEquals(0.01 * 0.97, updater.getLearningRate(0, 3), 1e-17);
    assertEquals(0.01 * 0.97 * 0.97, updater.getLearningRate(0, 5), 1e-17);
  }

  @ParameterizedTest
  @EnumSource
  void everyExperimentHasItsAveragesAndEnoughSeeds(Experiment experiment) {
    assertEquals(experiment.averageNames().size(), experiment.schedules().size());
    assertTrue(experiment.seeds() >= 3);
    assertEquals(experiment.toString(), experiment.toString().toLowerCase(Locale.ROOT));
  }

  @ParameterizedTest
  @CsvSource({
    "'', NAME",
    "noisy, noisy",
    "noisy-labels --seeds=1, '--seeds: has to be >= 2, not 1'",
    "noisy-labels --epochs=0, '--epochs: has to be >= 1, not 0'",
    "noisy-labels --epochs=ten, ten"
  })
  void wrongArgumentsAreNamed(String args, String named) {
    assertEquals(2, args.isEmpty() ? run() : run(args.split(" ")));
    assertTrue(err.toString().contains(named), err.toString());
    assertEquals("", out.toString());
  }

  @Test
  void helpNamesTheExperiments() {
    assertEquals(0, run("--help"));
    for (Experiment experiment : Experiment.values()) {
      assertTrue(out.toString().contains(experiment.toString()), out.toString());
    }
    assertTrue(out.toString().contains("any-time"), out.toString());
    assertTrue(out.toString().contains("forecast"), out.toString());
    assertTrue(out.toString().contains("calibration"), out.toString());
    assertTrue(out.toString().contains("at-size"), out.toString());
  }
}
