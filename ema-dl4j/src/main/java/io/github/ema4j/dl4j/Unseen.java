// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

/** What to do about an average that has seen no training: the likeliest cause first. */
final class Unseen {

  /** For the end of a message. */
  static final String ADVICE =
      "If it was registered, net.setListeners(...) has dropped it again: call"
          + " net.addListeners(ema) after that, or net.setListeners(others, ema), and then fit."
          + " pretrain(), TransferLearningHelper.fitFeaturized and loops of your own call no"
          + " listener of the network: for each, docs/beyond-fit.md has the lines to add"
          + (isOnClassPath("org.apache.spark.SparkContext")
              ? ". Spark calls no listener either: train with EmaTrainingMaster of ema-spark"
              : "");

  private Unseen() {}

  private static boolean isOnClassPath(String className) {
    try {
      Class.forName(className, false, Unseen.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }
}
