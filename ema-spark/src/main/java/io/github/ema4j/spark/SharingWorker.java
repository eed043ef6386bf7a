// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.lang.reflect.Field;
import java.util.concurrent.atomic.AtomicBoolean;
import org.deeplearning4j.spark.parameterserver.pw.SharedTrainingWrapper;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingWorker;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;

/**
 * Deeplearning4j's worker, which settles what Aeron needs on every executor that it comes to, and
 * fails where Deeplearning4j would wait for ever. It comes to an executor with every task.
 */
final class SharingWorker extends SharedTrainingWorker {

  private static final long serialVersionUID = 2;

  private final String networkMask; // null if none is given
  private final String driver;

  SharingWorker(SharedTrainingWorker worker, VoidConfiguration configuration) {
    super(
        worker.getInstanceId(),
        worker.getBroadcastModel(),
        worker.getBroadcastConfiguration(),
        worker.getListeners(),
        worker.getRouter(),
        worker.getWorkerTogglePeriodicGC(),
        worker.getWorkerPeriodicGCFrequency());
    networkMask = configuration.getNetworkMask();
    driver = configuration.getControllerAddress();
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    AeronSettings.settle();
    SharingAddress.requireOwn(networkMask, driver);
    requireIdle();
  }

  /**
   * A task that ends before it trains leaves the executor to itself: the next takes it for one that
   * is training, and waits for its end.
   */
  private void requireIdle() {
    if (isBusy(SharedTrainingWrapper.getInstance(getInstanceId()))) {
      throw new IllegalStateException(
          "An earlier task of this executor failed before it could train, and Deeplearning4j would now wait for it for ever. The executor's log says why; after that is mended, start the application again");
    }
  }

  private static boolean isBusy(SharedTrainingWrapper executor) {
    try {
      Field field = SharedTrainingWrapper.class.getDeclaredField("isFirst");
      field.setAccessible(true);
      return ((AtomicBoolean) field.get(executor)).get();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("SharedTrainingWrapper is not that of Deeplearning4j 1.0.0-M2", e);
    }
  }
}
