// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Field;
import java.util.concurrent.atomic.AtomicBoolean;
import org.deeplearning4j.spark.parameterserver.pw.SharedTrainingWrapper;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingWorker;
import org.junit.jupiter.api.Test;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;

/** What happens when a worker comes to an executor, with a task. */
class SharingWorkerTest {

  private static final long ID = 7;

  private static byte[] task(String driver, String mask) throws Exception {
    SharedTrainingWorker worker = new SharedTrainingWorker(ID, null, null, null, null, true, 100);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(
          new SharingWorker(
              worker,
              VoidConfiguration.builder().controllerAddress(driver).networkMask(mask).build()));
    }
    return bytes.toByteArray();
  }

  private static long arrive(byte[] task) throws Exception {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(task))) {
      return ((SharingWorker) in.readObject()).getInstanceId();
    }
  }

  private static void assertRefused(String message, byte[] task) {
    Throwable e = assertThrows(IllegalStateException.class, () -> arrive(task));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void everyTaskLooksWhetherItsHostIsInTheNetwork() throws Exception {
    assertEquals(ID, arrive(task("127.0.0.1", "127.0.0.0/8")));
    byte[] elsewhere = task("203.0.113.1", "203.0.113.0/24");
    assertRefused("contains no address of this host", elsewhere);
    assertRefused("contains no address of this host", elsewhere);
  }

  @Test
  void aTaskAfterOneThatFailedBeforeItTrainedDoesNotWaitForIt() throws Exception {
    byte[] task = task("127.0.0.1", null);
    assertEquals(ID, arrive(task));
    Field busy = SharedTrainingWrapper.class.getDeclaredField("isFirst");
    busy.setAccessible(true);
    AtomicBoolean isBusy = (AtomicBoolean) busy.get(SharedTrainingWrapper.getInstance(ID));
    isBusy.set(true);
    try {
      assertRefused("failed before it could train", task);
    } finally {
      isBusy.set(false);
    }
    assertEquals(ID, arrive(task));
  }
}
