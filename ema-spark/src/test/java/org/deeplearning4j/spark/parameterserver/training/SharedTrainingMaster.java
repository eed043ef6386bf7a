// SPDX-License-Identifier: Apache-2.0
package org.deeplearning4j.spark.parameterserver.training;

import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;

/**
 * Stands in for Deeplearning4j's class of this name, whose module brings another build of the Spark
 * classes and cannot be on the class path beside them.
 */
public class SharedTrainingMaster extends ParameterAveragingTrainingMaster {

  /** A master that is never run. */
  public SharedTrainingMaster() {
    super(false, 1, 1, 1, 1, 0);
  }
}
