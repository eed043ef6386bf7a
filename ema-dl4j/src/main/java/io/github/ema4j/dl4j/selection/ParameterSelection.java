// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.selection;

import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.kernel.Ranges;
import io.github.ema4j.dl4j.network.NetworkParameter;
import io.github.ema4j.dl4j.network.Networks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.deeplearning4j.nn.api.Model;

/**
 * Which parameters of a network are averaged, which are copied and which left out. Immutable; each
 * method returns a new selection. Later rules win over earlier ones.
 *
 * <pre>{@code
 * ModelEmaListener ema = ModelEmaListener.builder()
 *     .decay(0.999)
 *     .parameters(ParameterSelection.averageAll().excludeFrozen().copyLayers("head"))
 *     .build();
 * }</pre>
 */
public final class ParameterSelection {

  private static final Set<String> BATCH_NORM_STATISTICS = Set.of("mean", "var", "log10stdev");

  private record Rule(
      String description, Predicate<NetworkParameter> matches, Treatment treatment) {}

  private static final ParameterSelection ALL = new ParameterSelection(List.of());

  private final List<Rule> rules;

  private ParameterSelection(List<Rule> rules) {
    this.rules = rules;
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
    return new ParameterSelection(List.copyOf(more));
  }

  /**
   * What this selection means for a network.
   *
   * @param network an initialised network
   * @return the elements of its parameter vector to average and to copy
   * @throws IllegalArgumentException if a rule matches no parameter, or nothing is left to average
   */
  public Coverage of(Model network) {
    long length = Networks.params(network).length();
    if (rules.isEmpty()) {
      return Coverage.all(length);
    }
    List<NetworkParameter> parameters = Networks.parameters(network);
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
    return new Coverage(
        ranges(length, parameters, treatments, Treatment.AVERAGE),
        ranges(length, parameters, treatments, Treatment.COPY));
  }

  private static Ranges ranges(
      long length, List<NetworkParameter> parameters, Treatment[] treatments, Treatment wanted) {
    List<NetworkParameter> chosen = new ArrayList<>();
    for (int i = 0; i < treatments.length; i++) {
      if (treatments[i] == wanted) {
        chosen.add(parameters.get(i));
      }
    }
    return Ranges.of(
        length,
        chosen.stream().mapToLong(NetworkParameter::from).toArray(),
        chosen.stream().mapToLong(NetworkParameter::to).toArray());
  }

  private static List<String> names(List<NetworkParameter> parameters) {
    return parameters.stream().map(p -> p.layer() + "/" + p.key()).toList();
  }
}
