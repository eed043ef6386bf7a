// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.onednn.AccelerationReport;
import io.github.ema4j.onednn.OneDnn;
import io.github.ema4j.onednn.backend.NativeLibrary;
import io.github.ema4j.train.error.UserError;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import picocli.CommandLine.Option;

/** Whether networks are accelerated, and the native library that computes. */
final class Acceleration {

  /** The option that trains as before there was any. */
  static final String OFF = "--no-accelerate";

  @Option(
      names = OFF,
      defaultValue = "false",
      description =
          "Train with Deeplearning4j's own layers and ND4J's plain native library: slower, and"
              + " other last digits (default: ${DEFAULT-VALUE}).")
  private boolean off;

  /**
   * Has ND4J load its native library with oneDNN if there is one for the platform, unless the user
   * has chosen one. Has no effect once ND4J is loaded.
   */
  void chooseLibrary() {
    if (!off) {
      NativeLibrary.preferOneDnn();
    }
  }

  /** The native library, as the settings of a run have it: results of others differ. */
  static String library() {
    return NativeLibrary.loaded().usesOneDnn() ? "with oneDNN" : RunSettings.WITHOUT_ONEDNN;
  }

  /**
   * Accelerates a network; once more after the learning rate was set, which undoes a part of it.
   *
   * @return what was done, for the user to read
   * @throws UserError if the native library computes the network wrongly
   */
  String apply(Model network) {
    if (off) {
      return "Not accelerated, as " + OFF + " says";
    }
    try {
      AccelerationReport report =
          network instanceof ComputationGraph graph
              ? OneDnn.accelerate(graph)
              : OneDnn.accelerate((MultiLayerNetwork) network);
      return line(report);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage(), e);
    }
  }

  /** As {@link #apply}, for a network that is not trained. */
  void applyForInference(Model network) {
    if (off) {
      return;
    }
    try {
      if (network instanceof ComputationGraph graph) {
        OneDnn.accelerateInference(graph);
      } else {
        OneDnn.accelerateInference((MultiLayerNetwork) network);
      }
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage(), e);
    }
  }

  private static String line(AccelerationReport report) {
    return "Accelerated: %d of %d layers; %s"
        .formatted(
            report.accelerated(),
            report.layers().size(),
            report
                .library()
                .obstacle()
                .map(why -> "no convolutions, as " + why)
                .orElse("convolutions on oneDNN"));
  }
}
