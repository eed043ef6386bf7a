// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.io.IOException;
import java.io.ObjectInputStream;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingWorker;

/** Deeplearning4j's worker, which settles what Aeron needs on every executor that it comes to. */
final class SharingWorker extends SharedTrainingWorker {

  private static final long serialVersionUID = 1;

  SharingWorker(SharedTrainingWorker worker) {
    super(
        worker.getInstanceId(),
        worker.getBroadcastModel(),
        worker.getBroadcastConfiguration(),
        worker.getListeners(),
        worker.getRouter(),
        worker.getWorkerTogglePeriodicGC(),
        worker.getWorkerPeriodicGCFrequency());
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    AeronSettings.settle();
  }
}
