// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The trajectory and the reference results in {@code conformance/}; its README says what they are.
 */
final class GoldenData {
  /** A parameter of the network: a range of the flat vector. */
  record Parameter(String key, long offset, long length) {}

  private final JsonNode golden = json("golden.json");
  private final List<String> order = strings(golden.get("order"));
  private final INDArray trajectory = npy("traj_f32.npy");
  private final INDArray expectedDouble = npy("expected_f64.npy");
  private final INDArray expectedFloat = npy("expected_f32.npy");
  private final double[] magnitudes = largestMagnitudes();

  /** The configurations, in the order of the expected arrays. */
  List<String> configurations() {
    return order;
  }

  /** The updates after which the results are known, ascending. */
  int[] updates() {
    JsonNode at = golden.get("at");
    int[] updates = new int[at.size()];
    for (int i = 0; i < updates.length; i++) {
      updates[i] = at.get(i).asInt();
    }
    return updates;
  }

  /** The parameters at the start (0) and after each step, as views. */
  INDArray params(int step) {
    return trajectory.getRow(step);
  }

  /** The largest magnitude that each parameter has on the trajectory. */
  double[] magnitudes() {
    return magnitudes;
  }

  private double[] largestMagnitudes() {
    double[] largest = new double[trajectory.columns()];
    for (int step = 0; step < trajectory.rows(); step++) {
      double[] params = params(step).toDoubleVector();
      for (int i = 0; i < params.length; i++) {
        largest[i] = Math.max(largest[i], Math.abs(params[i]));
      }
    }
    return largest;
  }

  /** The float64 result after the update at the given index of {@link #updates()}. */
  double[] expected(String configuration, int index) {
    return expectedDouble.slice(order.indexOf(configuration)).getRow(index).toDoubleVector();
  }

  /** The result of the reference's own float32 run. */
  double[] expectedInFloat(String configuration, int index) {
    return expectedFloat.slice(order.indexOf(configuration)).getRow(index).toDoubleVector();
  }

  /** The decay at the update at the given index of {@link #updates()}. */
  double decay(String configuration, int index) {
    return golden.get("configs").get(configuration).get("decays_at").get(index).asDouble();
  }

  List<Parameter> layout() {
    List<Parameter> layout = new ArrayList<>();
    for (JsonNode entry : json("layout.json")) {
      layout.add(
          new Parameter(
              entry.get("key").asText(),
              entry.get("offset").asLong(),
              entry.get("length").asLong()));
    }
    return layout;
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(node -> strings.add(node.asText()));
    return strings;
  }

  private static JsonNode json(String name) {
    try {
      return new ObjectMapper().readTree(file(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static INDArray npy(String name) {
    return Nd4j.createFromNpyFile(file(name));
  }

  private static File file(String name) {
    try {
      return new File(GoldenData.class.getResource("/conformance/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
