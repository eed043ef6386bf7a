// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryCsvTest {
  @TempDir Path dir;

  private String written(List<EpochResult> earlier, EpochResult... epochs) throws IOException {
    Path file = dir.resolve("summary.csv");
    try (SummaryCsv csv = new SummaryCsv(file, earlier)) {
      for (EpochResult epoch : epochs) {
        csv.epoch(epoch);
      }
    }
    return Files.readString(file);
  }

  @Test
  void oneAverageHasTheColumnsOfTimm() throws IOException {
    assertEquals(
        "epoch,train_loss,eval_loss,eval_top1,eval_loss_ema,eval_top1_ema,lr,"
            + "iteration,seconds,images_per_second,decay_ema,initial_share_ema,distance_ema\r\n"
            + "1,1.0,0.625,80.0,0.5,84.55,0.1,10,2.5,4000.0,0.99,0.25,0.125\r\n"
            + "2,0.5,0.625,80.0,0.375,90.0,0.1,20,2.5,4000.0,0.99,0.25,0.125\r\n",
        written(
            List.of(),
            Runs.epoch(1, Runs.average("0.99", 0.8455, 0.5)),
            Runs.epoch(2, Runs.average("0.99", 0.9, 0.375))));
  }

  @Test
  void severalAveragesHaveColumnsOfTheirOwn() throws IOException {
    assertEquals(
        "epoch,train_loss,eval_loss,eval_top1,eval_loss_ema_0.9,eval_top1_ema_0.9,"
            + "eval_loss_ema_0.99,eval_top1_ema_0.99,lr,iteration,seconds,images_per_second,"
            + "decay_ema_0.9,initial_share_ema_0.9,distance_ema_0.9,"
            + "decay_ema_0.99,initial_share_ema_0.99,distance_ema_0.99\r\n"
            + "1,1.0,0.625,80.0,0.5,82.0,0.25,83.0,0.1,10,2.5,4000.0,"
            + "0.99,0.25,0.125,0.99,0.25,0.125\r\n",
        written(
            List.of(),
            Runs.epoch(1, Runs.average("0.9", 0.82, 0.5), Runs.average("0.99", 0.83, 0.25))));
  }

  @Test
  void anAverageThatComesLaterLeavesEarlierRowsAsTheyWere() throws IOException {
    assertEquals(
        "epoch,train_loss,eval_loss,eval_top1,eval_loss_ema,eval_top1_ema,lr,"
            + "iteration,seconds,images_per_second,decay_ema,initial_share_ema,distance_ema\r\n"
            + "1,1.0,0.625,80.0,,,0.1,10,2.5,4000.0,,,\r\n"
            + "2,0.5,0.625,80.0,0.5,82.0,0.1,20,2.5,4000.0,0.99,0.25,0.125\r\n",
        written(List.of(Runs.epoch(1)), Runs.epoch(2, Runs.average("0.99", 0.82, 0.5))));
  }

  @Test
  void whatIsNotKnownIsEmpty() throws IOException {
    AveragedResult unscored =
        new AveragedResult("0.99", "constant", 0.99, 1, OptionalDouble.empty(), Optional.empty());
    assertEquals(
        "1,1.0,0.625,80.0,,,0.1,10,2.5,4000.0,0.99,1.0,",
        written(List.of(), Runs.epoch(1, unscored)).split("\r\n")[1]);
  }

  @Test
  void aDivergedRunStaysReadable() throws IOException {
    EpochResult diverged =
        new EpochResult(
            1,
            10,
            0.1,
            Double.POSITIVE_INFINITY,
            new Score(Double.NaN, Double.NaN),
            List.of(),
            1,
            Double.NaN);
    String[] cells = written(List.of(), diverged).split("\r\n")[1].split(",");
    assertEquals(Double.POSITIVE_INFINITY, Double.parseDouble(cells[1]));
    assertEquals(Double.NaN, Double.parseDouble(cells[2]));
    assertEquals(Double.NaN, Double.parseDouble(cells[3]));
  }

  @Test
  void namesAreQuotedWhereRfc4180DemandsIt() throws IOException {
    String header =
        written(
                List.of(),
                Runs.epoch(1, Runs.average("a,b", 0.5, 1), Runs.average("say \"hi\"\n", 0.5, 1)))
            .split("\r\n")[0];
    assertTrue(header.contains(",\"eval_loss_ema_a,b\","), header);
    assertTrue(header.contains(",\"eval_loss_ema_say \"\"hi\"\"\n\","), header);
  }

  @Test
  void numbersHavePointsInEveryCountry() throws IOException {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertTrue(
          written(List.of(), Runs.epoch(2)).endsWith("\r\n2,0.5,0.625,80.0,0.1,20,2.5,4000.0\r\n"));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void whereItCannotBeWrittenTheOldFileStays() throws IOException {
    Path run = Files.createDirectory(dir.resolve("run"));
    Path file = run.resolve("summary.csv");
    try (SummaryCsv csv = new SummaryCsv(file, List.of(Runs.epoch(1)))) {
      String before = Files.readString(file);
      Path moved = Files.move(run, dir.resolve("moved"));
      UserError error = assertThrows(UserError.class, () -> csv.epoch(Runs.epoch(2)));
      assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
      assertEquals(before, Files.readString(moved.resolve("summary.csv")));
    }
  }
}
