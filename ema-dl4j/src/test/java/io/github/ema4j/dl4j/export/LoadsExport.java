// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.export;

import io.github.ema4j.testing.dl4j.Kind;
import java.io.File;
import java.io.IOException;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** A program that knows Deeplearning4j only: loads a model and prints an output of it. */
final class LoadsExport {

  private LoadsExport() {}

  public static void main(String[] arguments) throws IOException {
    try {
      Class.forName("io.github.ema4j.dl4j.ModelEmaListener");
      throw new AssertionError("EMA4J is on the class path");
    } catch (ClassNotFoundException expected) {
      MultiLayerNetwork network = MultiLayerNetwork.load(new File(arguments[0]), false);
      System.out.println(
          "output " + network.output(Kind.MLP.batch(0).getFeatures().getRow(0, true)).getDouble(0));
    }
  }
}
