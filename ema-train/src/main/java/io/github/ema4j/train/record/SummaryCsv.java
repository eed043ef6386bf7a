// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One row per epoch as comma-separated values (RFC 4180), with the columns that timm's {@code
 * train.py} writes: {@code epoch, train_loss, eval_loss, eval_top1, eval_loss_ema, eval_top1_ema,
 * lr}. The top-1 accuracy is in percent as there; epochs count from 1. timm writes the averaged
 * scores in the place of the raw ones; here both are kept.
 *
 * <p>After those come {@code iteration, seconds, images_per_second} and, of the average, {@code
 * decay_ema, initial_share_ema, distance_ema}. Of several averages each has its own columns, which
 * end in its name: {@code eval_top1_ema_0.999}. What is not known is empty; a diverged loss is
 * {@code NaN} or {@code Infinity}.
 *
 * <p>The file is replaced as a whole after each epoch, so it is never seen half written, and on a
 * full disk stays as it was.
 */
public final class SummaryCsv implements RunRecorder {
  private final Path file;
  private final List<EpochResult> rows;

  /**
   * Writes the rows known so far.
   *
   * @param rows the epochs before this session, in their order
   * @throws UserError if the file cannot be written
   */
  SummaryCsv(Path file, List<EpochResult> rows) {
    this.file = file;
    this.rows = new ArrayList<>(rows);
    write();
  }

  @Override
  public void iteration(
      int epoch, long iteration, double loss, double learningRate, double imagesPerSecond) {}

  @Override
  public void epoch(EpochResult result) {
    rows.add(result);
    write();
  }

  @Override
  public void close() {}

  private void write() {
    try {
      OutputFile.write(file, out -> out.write(text().getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw WriteFailure.of(file, e);
    }
  }

  /** A column: its name, and its cell in the row of an epoch. */
  private record Column(String name, Function<EpochResult, String> cell) {}

  private String text() {
    List<Column> columns = columns();
    StringBuilder text = new StringBuilder();
    text.append(line(columns.stream().map(Column::name).toList()));
    for (EpochResult row : rows) {
      text.append(line(columns.stream().map(column -> column.cell().apply(row)).toList()));
    }
    return text.toString();
  }

  private List<Column> columns() {
    List<String> averages = EpochResult.averageNames(rows);
    List<Column> columns = new ArrayList<>();
    columns.add(new Column("epoch", row -> Integer.toString(row.epoch())));
    columns.add(new Column("train_loss", row -> number(row.trainLoss())));
    columns.add(new Column("eval_loss", row -> number(row.raw().loss())));
    columns.add(new Column("eval_top1", row -> percent(row.raw().accuracy())));
    for (String name : averages) {
      String suffix = averages.size() == 1 ? "_ema" : "_ema_" + name;
      columns.add(scored("eval_loss" + suffix, name, score -> number(score.loss())));
      columns.add(scored("eval_top1" + suffix, name, score -> percent(score.accuracy())));
    }
    columns.add(new Column("lr", row -> number(row.learningRate())));
    columns.add(new Column("iteration", row -> Long.toString(row.iteration())));
    columns.add(new Column("seconds", row -> number(row.seconds())));
    columns.add(new Column("images_per_second", row -> number(row.imagesPerSecond())));
    for (String name : averages) {
      String suffix = averages.size() == 1 ? "_ema" : "_ema_" + name;
      columns.add(averaged("decay" + suffix, name, a -> number(a.decay())));
      columns.add(averaged("initial_share" + suffix, name, a -> number(a.initialShare())));
      columns.add(
          averaged(
              "distance" + suffix,
              name,
              a -> a.distance().isPresent() ? number(a.distance().getAsDouble()) : ""));
    }
    return columns;
  }

  private static Column scored(String column, String average, Function<Score, String> cell) {
    return averaged(column, average, a -> a.score().map(cell).orElse(""));
  }

  private static Column averaged(
      String column, String average, Function<AveragedResult, String> cell) {
    return new Column(column, row -> row.average(average).map(cell).orElse(""));
  }

  private static String number(double value) {
    return Double.toString(value);
  }

  /** Moves the decimal point rather than multiply: 0.8455 gives 84.55, not 84.55000000000001. */
  private static String percent(double share) {
    return Double.isFinite(share)
        ? number(BigDecimal.valueOf(share).movePointRight(2).doubleValue())
        : number(share);
  }

  private static String line(List<String> cells) {
    return cells.stream().map(SummaryCsv::quoted).collect(Collectors.joining(",", "", "\r\n"));
  }

  private static String quoted(String cell) {
    boolean plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n');
    return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
  }
}
