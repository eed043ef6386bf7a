// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.Variances;
import io.github.ema4j.dl4j.NetworkParameter.Form;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;

/**
 * Which parameters of a network are averaged, which are copied and which left out. Immutable; each
 * method returns a new selection. Later rules win over earlier ones.
 *
 * <pre>{@code
 * ModelEmaListener ema =
 *     new ModelEmaListener(
 *         0.999, ParameterSelection.averageAll().excludeFrozen().copyLayers("head"));
 * }</pre>
 */
public final class ParameterSelection {

  private static final Set<String> BATCH_NORM_STATISTICS = Set.of("mean", "var", "log10stdev");

  private record Rule(
      String description, Predicate<NetworkParameter> matches, Treatment treatment) {}

  private static final ParameterSelection ALL = new ParameterSelection(List.of(), false);

  private final List<Rule> rules;
  private final boolean logarithms;

  private ParameterSelection(List<Rule> rules, boolean logarithms) {
    this.rules = rules;
    this.logarithms = logarithms;
  }

  /**
   * All parameters are averaged.
   *
   * @return the selection to begin with
   */
  public static ParameterSelection averageAll() {
    return ALL;
  }

  /**
   * Treats the parameters of some layers alike.
   *
   * @param treatment what to do with them
   * @param layers names of layers or graph vertices; layers without a name are layer0, layer1, ...
   * @return a new selection
   */
  public ParameterSelection layers(Treatment treatment, String... layers) {
    ParameterSelection selection = this;
    for (String layer : layers) {
      selection =
          selection.with("layer " + layer, treatment, parameter -> parameter.layer().equals(layer));
    }
    return selection;
  }

  /**
   * Copies the parameters of some layers.
   *
   * @param layers names of layers or graph vertices
   * @return a new selection
   */
  public ParameterSelection copyLayers(String... layers) {
    return layers(Treatment.COPY, layers);
  }

  /**
   * Leaves out the parameters of some layers.
   *
   * @param layers names of layers or graph vertices
   * @return a new selection
   */
  public ParameterSelection excludeLayers(String... layers) {
    return layers(Treatment.EXCLUDE, layers);
  }

  /**
   * Treats parameters of some keys alike, in all layers.
   *
   * @param treatment what to do with them
   * @param keys such as W, b or gamma
   * @return a new selection
   */
  public ParameterSelection keys(Treatment treatment, String... keys) {
    ParameterSelection selection = this;
    for (String key : keys) {
      selection = selection.with("key " + key, treatment, parameter -> parameter.key().equals(key));
    }
    return selection;
  }

  /**
   * Copies the running mean and variance of batch-norm layers instead of averaging them, as
   * PyTorch's {@code AveragedModel} does unless told otherwise and timm with {@code
   * exclude_buffers}. Averaging them is better in most measurements; recalibration is better still
   * for long averages.
   *
   * @return a new selection
   */
  public ParameterSelection copyBatchNormStatistics() {
    return with(
        "batch-norm statistics",
        Treatment.COPY,
        parameter -> BATCH_NORM_STATISTICS.contains(parameter.key()));
  }

  /**
   * Leaves out the parameters of frozen layers, which do not change.
   *
   * @return a new selection
   */
  public ParameterSelection excludeFrozen() {
    return with("frozen layers", Treatment.EXCLUDE, NetworkParameter::frozen);
  }

  /**
   * Treats parameters that a predicate names.
   *
   * @param description names the rule in messages
   * @param treatment what to do with them
   * @param matches true for the parameters meant
   * @return a new selection
   */
  public ParameterSelection with(
      String description, Treatment treatment, Predicate<NetworkParameter> matches) {
    List<Rule> more = new ArrayList<>(rules);
    more.add(
        new Rule(
            Objects.requireNonNull(description, "description"),
            Objects.requireNonNull(matches, "matches"),
            Objects.requireNonNull(treatment, "treatment")));
    return new ParameterSelection(List.copyOf(more), logarithms);
  }

  /**
   * Averages the log10 of the standard deviation where batch norm holds that, as EMA4J once did.
   * This is a geometric mean of the variances, which a unit that is silent for a while pulls
   * towards zero, and the averaged network then divides by it. By default the variances are
   * averaged, as timm and PyTorch do.
   *
   * @return a new selection
   */
  public ParameterSelection batchNormDeviationsAsLogarithms() {
    return new ParameterSelection(rules, true);
  }

  /**
   * What this selection means for a network.
   *
   * @param network an initialised network
   * @return the elements of its parameter vector to average and to copy
   * @throws IllegalArgumentException if a rule matches no parameter, or nothing is left to average
   */
  public Coverage coverageOf(Model network) {
    long length = Networks.params(network).length();
    List<NetworkParameter> parameters = NetworkParameter.of(network);
    Treatment[] treatments = new Treatment[parameters.size()];
    Arrays.fill(treatments, Treatment.AVERAGE);
    for (Rule rule : rules) {
      boolean matched = false;
      for (int i = 0; i < treatments.length; i++) {
        if (rule.matches().test(parameters.get(i))) {
          treatments[i] = rule.treatment();
          matched = true;
        }
      }
      if (!matched) {
        throw new IllegalArgumentException(
            "No parameter of the network matches the rule '%s'; there are: %s"
                .formatted(rule.description(), names(parameters)));
      }
    }
    IntPredicate averaged = i -> treatments[i] == Treatment.AVERAGE;
    return new Coverage(
        // Of all elements, should there be some that no parameter names.
        rules.isEmpty() ? Ranges.all(length) : ranges(length, parameters, averaged),
        ranges(length, parameters, i -> treatments[i] == Treatment.COPY),
        new Variances(
            ranges(length, parameters, averaged.and(i -> form(parameters, i) == Form.VARIANCE)),
            logarithms
                ? Ranges.none(length)
                : ranges(
                    length,
                    parameters,
                    averaged.and(i -> form(parameters, i) == Form.LOG10_DEVIATION))));
  }

  private static Form form(List<NetworkParameter> parameters, int index) {
    return parameters.get(index).form();
  }

  private static Ranges ranges(
      long length, List<NetworkParameter> parameters, IntPredicate wanted) {
    List<NetworkParameter> chosen =
        IntStream.range(0, parameters.size()).filter(wanted).mapToObj(parameters::get).toList();
    return Ranges.of(
        length,
        chosen.stream().mapToLong(NetworkParameter::from).toArray(),
        chosen.stream().mapToLong(NetworkParameter::to).toArray());
  }

  private static List<String> names(List<NetworkParameter> parameters) {
    return parameters.stream().map(p -> p.layer() + "/" + p.key()).toList();
  }
}
