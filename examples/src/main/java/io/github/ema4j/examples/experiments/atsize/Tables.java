// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import static java.util.stream.Collectors.joining;

import io.github.ema4j.examples.experiments.statistics.Spread;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The outcomes as Markdown: mean and standard deviation over the seeds. */
final class Tables {
  private Tables() {}

  /**
   * A table for each kind of labels, and one beside PyTorch where its outcomes are there. Runs of
   * which fewer than two seeds have ended are left out.
   *
   * @throws IOException if an outcome cannot be read, or PyTorch trained on other batches
   */
  static String of(Outcomes outcomes, List<Labels> labels, List<Method> methods, int seeds)
      throws IOException {
    StringBuilder text = new StringBuilder();
    for (Labels label : labels) {
      List<List<Outcome>> columns = new ArrayList<>();
      List<String> names = new ArrayList<>();
      for (Method method : methods) {
        List<Outcome> column = outcomes.read(Outcomes.EMA4J, label, method, seeds);
        if (column.size() >= 2) {
          columns.add(column);
          names.add(method.toString());
        }
      }
      if (!columns.isEmpty()) {
        text.append(table(label, names, columns));
      }
    }
    for (Labels label : labels) {
      for (Method method : methods) {
        List<Outcome> theirs = outcomes.read(Outcomes.PYTORCH, label, method, seeds);
        List<Outcome> ours = outcomes.read(Outcomes.EMA4J, label, method, seeds);
        if (theirs.size() >= 2 && ours.size() == theirs.size()) {
          text.append(sideBySide(label, method, ours, theirs));
        }
      }
    }
    return text.toString();
  }

  private static String table(Labels label, List<String> names, List<List<Outcome>> columns) {
    StringBuilder table = new StringBuilder();
    table.append(row("`" + label + "` labels", names.stream().map(n -> "`" + n + "`").toList()));
    table.append(row("---", names.stream().map(name -> "---").toList()));
    for (String weights : Training.weights()) {
      table.append(row(weights, cells(columns, column -> accuracy(column, weights))));
    }
    for (String weights : List.of(Outcome.RAW, Training.DEFAULT)) {
      table.append(
          row(
              "calibration error, " + weights,
              cells(
                  columns,
                  column -> spread(column, o -> 100 * o.of(weights).calibrationError()).text(1))));
    }
    Outcome any = columns.get(0).get(0);
    return table
        .append(
            String.format(
                Locale.ROOT,
                "%nAccuracy in per cent (in brackets: points above the raw weights of the same seed), mean ± standard deviation over %d seeds; ResNet-18 of width %d, batches of %d, %d epochs, %,d updates; %.0f s of processor time for a run.%n%n",
                columns.get(0).size(),
                any.settings().width(),
                any.settings().batch(),
                any.settings().epochs(),
                any.updates(),
                columns.stream()
                    .flatMap(List::stream)
                    .mapToDouble(Outcome::seconds)
                    .average()
                    .orElseThrow()))
        .toString();
  }

  private static String sideBySide(
      Labels label, Method method, List<Outcome> ours, List<Outcome> theirs) throws IOException {
    for (int i = 0; i < ours.size(); i++) {
      if (ours.get(i).batches() != theirs.get(i).batches()) {
        throw new IOException(
            "%s: PyTorch trained on other batches (CRC-32 %08x, not %08x)"
                .formatted(ours.get(i).cell(), theirs.get(i).batches(), ours.get(i).batches()));
      }
    }
    StringBuilder table = new StringBuilder();
    table.append(
        row(
            "`%s` labels, `%s`".formatted(label, method),
            List.of(Outcomes.EMA4J, theirs.get(0).system())));
    table.append(row("---", List.of("---", "---")));
    for (Outcome.Score score : theirs.get(0).scores()) {
      String weights = score.weights();
      table.append(row(weights, List.of(accuracy(ours, weights), accuracy(theirs, weights))));
    }
    return table.append("\n").toString();
  }

  private static List<String> cells(
      List<List<Outcome>> columns, Function<List<Outcome>, String> cell) {
    return columns.stream().map(cell).toList();
  }

  private static String accuracy(List<Outcome> outcomes, String weights) {
    String accuracy = spread(outcomes, o -> 100 * o.of(weights).accuracy()).text(2);
    if (weights.equals(Outcome.RAW)) {
      return accuracy;
    }
    return accuracy + " (" + spread(outcomes, o -> gain(o, weights)).signed(2) + ")";
  }

  /** Points above the raw weights. */
  static double gain(Outcome outcome, String weights) {
    return 100 * (outcome.of(weights).accuracy() - outcome.of(Outcome.RAW).accuracy());
  }

  private static Spread spread(List<Outcome> outcomes, ToDoubleFunction<Outcome> value) {
    return Spread.of(outcomes.stream().mapToDouble(value).toArray());
  }

  private static String row(String first, List<String> others) {
    return others.stream().collect(joining(" | ", "| " + first + " | ", " |\n"));
  }
}
