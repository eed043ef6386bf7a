// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What was run, where and when: enough to run it again. Immutable; the maps keep their order.
 *
 * @param command the command line, as it could be typed again
 * @param settings every setting by name, defaults included
 * @param environment what the numbers may depend on: versions, processor, threads
 * @param model name of the network
 * @param parameters how many weights it has
 * @param data what it was trained on
 * @param started when this session began
 */
public record RunDescription(
    String command,
    Map<String, String> settings,
    Map<String, String> environment,
    String model,
    long parameters,
    String data,
    Instant started) {

  /**
   * Copies the maps.
   *
   * @throws NullPointerException if anything is null
   */
  public RunDescription {
    Objects.requireNonNull(command, "command");
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(data, "data");
    Objects.requireNonNull(started, "started");
    settings = copy(settings);
    environment = copy(environment);
  }

  private static Map<String, String> copy(Map<String, String> values) {
    values.forEach((name, value) -> Objects.requireNonNull(value, name));
    return Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }
}
