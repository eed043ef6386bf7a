// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.diagnostics;

import io.github.ema4j.core.AverageCounters;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.DecayAdvice;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.NetworkParameter;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.slf4j.Logger;

/**
 * How far an average has come, how far it is from the network, and what to change. Immutable; it
 * tells of the moment at which it was made.
 *
 * <pre>{@code
 * System.out.println(EmaReport.of(ema, net));
 * }</pre>
 *
 * @param unit what steps below are: optimizer steps, or examples
 * @param steps optimizer steps seen
 * @param updates updates of the average, at most {@code steps}
 * @param averagedSteps optimizer steps that these updates stand for, at most {@code steps}
 * @param skipped updates left out because parameters were not finite
 * @param restores times that the averaged weights were put into the network, since its own were not
 *     finite
 * @param decay per optimizer step, at the last update; NaN before the first
 * @param initialShare share of the initial weights still in the average, from 0 to 1
 * @param window optimizer steps that the average reaches back at that decay, {@code 1 / (1 -
 *     decay)}; NaN before the first update, infinite at decay 1
 * @param distance {@code ||raw - averaged|| / ||raw||} over all parameters; NaN where the raw ones
 *     are not finite
 * @param distanceByLayer the same for each layer or vertex with parameters, in the order of the
 *     parameters
 * @param advice what to change, a sentence each; empty if all is well
 */
public record EmaReport(
    AveragingUnit unit,
    long steps,
    long updates,
    long averagedSteps,
    long skipped,
    long restores,
    double decay,
    double initialShare,
    double window,
    double distance,
    Map<String, Double> distanceByLayer,
    List<String> advice) {

  private static final String NONE_YET = "none yet";

  /** Copies the collections. */
  public EmaReport {
    distanceByLayer = Collections.unmodifiableMap(new LinkedHashMap<>(distanceByLayer));
    advice = List.copyOf(advice);
  }

  /** Squared norms of raw weights and of their difference from the averaged ones. */
  private record Squares(double raw, double difference) {

    static final Squares NONE = new Squares(0, 0);

    Squares plus(Squares more) {
      return new Squares(raw + more.raw, difference + more.difference);
    }

    double distance() {
      return difference == 0 ? 0 : Math.sqrt(difference / raw);
    }
  }

  /**
   * Reports on each of several averages; see {@link #of}.
   *
   * @param ema keeps the averages
   * @param network the network that is averaged
   * @return the reports, in the order of the averages
   * @throws IllegalStateException if there is no average yet, of another network, or while swapped
   */
  public static List<EmaReport> ofEach(EmaListener ema, Model network) {
    return ema.members().stream().map(member -> of(member, network)).toList();
  }

  /**
   * Reports on an average. Takes one pass over the parameters and leaves no trace.
   *
   * @param ema keeps the average
   * @param network the network that is averaged
   * @return the report
   * @throws IllegalStateException if there is no average yet, of another network, one of several,
   *     or while swapped
   */
  public static EmaReport of(EmaListener ema, Model network) {
    return of(ema.only(), network);
  }

  private static EmaReport of(ModelEmaListener ema, Model network) {
    ema.requireAverageOf(network);
    Map<String, Squares> byLayer = new LinkedHashMap<>();
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray raw = flat(Networks.params(network));
      INDArray averaged = flat(ema.shadow());
      for (NetworkParameter parameter : NetworkParameter.of(network)) {
        byLayer.merge(parameter.layer(), squares(parameter, raw, averaged), Squares::plus);
      }
    }
    Map<String, Double> distances = new LinkedHashMap<>();
    byLayer.forEach((layer, squares) -> distances.put(layer, squares.distance()));
    AverageCounters counters = ema.average().counters();
    double decay = DecayAdvice.stepDecay(ema.config(), counters);
    return new EmaReport(
        ema.config().unit(),
        counters.steps(),
        counters.updates(),
        counters.averagedSteps(),
        counters.skipped(),
        counters.restores(),
        decay,
        counters.initialShare(),
        1 / (1 - decay),
        byLayer.values().stream().reduce(Squares.NONE, Squares::plus).distance(),
        distances,
        advice(ema, counters));
  }

  private static INDArray flat(INDArray array) {
    return array.reshape(array.length());
  }

  /** Parameter by parameter, as the copies in double precision are small then. */
  private static Squares squares(NetworkParameter parameter, INDArray raw, INDArray averaged) {
    INDArray own = part(parameter, raw);
    return new Squares(square(own), square(own.sub(part(parameter, averaged))));
  }

  private static INDArray part(NetworkParameter parameter, INDArray flat) {
    return flat.get(NDArrayIndex.interval(parameter.from(), parameter.to()))
        .castTo(DataType.DOUBLE);
  }

  private static double square(INDArray array) {
    double norm = array.norm2Number().doubleValue();
    return norm * norm;
  }

  private static List<String> advice(ModelEmaListener ema, AverageCounters counters) {
    List<String> advice = new ArrayList<>();
    int epochs = ema.config().startAfterEpochs();
    if (counters.updates() == 0 && counters.awaitedSteps() > 0) {
      advice.add(
          String.format(
              Locale.ROOT,
              "Averaging begins when the network has completed %,d epochs: until then the average is"
                  + " its weights. Only a fit of an iterator counts epochs",
              epochs));
    } else if (counters.updates() == 0) {
      advice.add(
          "There has been no update yet: the average is the initial weights. Register the listener"
              + " with addListeners(ema) and fit");
    }
    DecayAdvice.about(ema.config(), counters).ifPresent(advice::add);
    if (counters.skipped() > 0) {
      boolean countsSteps = ema.config().unit() == AveragingUnit.STEPS;
      advice.add(
          String.format(
              Locale.ROOT,
              "The weights were not finite after %,d of %,d %s: lower the learning rate or clip"
                  + " gradients",
              counters.skipped(),
              countsSteps ? counters.steps() : counters.updates() + counters.skipped(),
              countsSteps ? "steps" : "updates"));
    }
    return advice;
  }

  /**
   * A constant decay that suits a run; see {@link DecayAdvice#recommendedDecay}.
   *
   * @param plannedSteps optimizer steps in the whole run, at least 1
   * @return in [0, 0.9999]; 0.99 for 2,000 steps
   * @throws IllegalArgumentException if below 1
   */
  public static double recommendedDecay(long plannedSteps) {
    return DecayAdvice.recommendedDecay(plannedSteps);
  }

  /**
   * Whether the average reaches back further than the steps averaged over.
   *
   * @return false before the first update
   */
  public boolean windowExceedsRun() {
    return updates > 0 && Math.round(window) > averagedSteps;
  }

  /**
   * Logs the report: each line as information, each advice as a warning.
   *
   * @param log where to
   */
  public void log(Logger log) {
    facts().forEach(log::info);
    advice.forEach(log::warn);
  }

  private List<String> facts() {
    List<String> lines = new ArrayList<>();
    lines.add(line(unit.toString(), "%,d", steps));
    lines.add(
        line(
            "updates",
            "%,d (%,d skipped%s)",
            updates,
            skipped,
            restores == 0 ? "" : String.format(Locale.ROOT, ", %,d restored", restores)));
    lines.add(
        line(
            "decay",
            "%s",
            updates == 0 ? NONE_YET : DecayAdvice.text(decay) + " per " + unit.singular()));
    lines.add(line("initial share", "%.1f %%", 100 * initialShare));
    lines.add(line("window", "%s%s", reach(), windowExceedsRun() ? ", longer than the run" : ""));
    lines.add(line("distance from raw", "%s", text(distance)));
    distanceByLayer.forEach((layer, value) -> lines.add(line("  " + layer, "%s", text(value))));
    return lines;
  }

  private String reach() {
    if (updates == 0) {
      return NONE_YET;
    }
    return Double.isInfinite(window)
        ? "without end"
        : String.format(Locale.ROOT, "%.0f %s", window, unit);
  }

  private static String text(double distance) {
    return Double.isFinite(distance) ? String.format(Locale.ROOT, "%.3g", distance) : "not finite";
  }

  private static String line(String name, String format, Object... values) {
    return String.format(Locale.ROOT, "%-20s", name)
        + " "
        + String.format(Locale.ROOT, format, values);
  }

  /** Several lines, advice last. */
  @Override
  public String toString() {
    List<String> lines = facts();
    lines.addAll(advice);
    return String.join(System.lineSeparator(), lines);
  }
}
