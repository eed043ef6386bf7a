// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingWorker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;

/** What gradient sharing needs in order to start is there, without flags and without clashes. */
class AeronSettingsTest {

  private static final String UNBLOCK = "aeron.publication.unblock.timeout";

  private String before;

  @BeforeEach
  void remember() {
    before = System.getProperty(UNBLOCK);
    System.clearProperty(UNBLOCK);
  }

  @AfterEach
  void restore() {
    if (before == null) {
      System.clearProperty(UNBLOCK);
    } else {
      System.setProperty(UNBLOCK, before);
    }
  }

  @Test
  void theTimeoutIsSetWhereItIsNot() {
    AeronSettings.settle();
    assertEquals("60s", System.getProperty(UNBLOCK));
    AeronSettings.settle();
  }

  @Test
  void aTimeoutThatIsLongEnoughStays() {
    System.setProperty(UNBLOCK, "30000000001");
    AeronSettings.settle();
    assertEquals("30000000001", System.getProperty(UNBLOCK));
  }

  @ParameterizedTest
  @ValueSource(strings = {"30s", "15000000000", "soon"})
  void aTimeoutThatAeronWouldNotStartWithIsRefused(String given) {
    System.setProperty(UNBLOCK, given);
    Throwable e = assertThrows(IllegalStateException.class, AeronSettings::settle);
    assertTrue(
        e.getMessage()
            .startsWith("-Daeron.publication.unblock.timeout=" + given + " is not longer"),
        e.getMessage());
  }

  @Test
  void theTimeoutIsSetWhereAWorkerArrives() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(
          new SharingWorker(
              new SharedTrainingWorker(7, null, null, null, null, true, 100),
              VoidConfiguration.builder().controllerAddress("127.0.0.1").build()));
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertEquals(7, ((SharingWorker) in.readObject()).getInstanceId());
    }
    assertEquals("60s", System.getProperty(UNBLOCK));
  }

  @Test
  void everyJvmHasAPortOfItsOwn() throws Exception {
    assertEquals(new OwnPort().getPort(), new OwnPort().getPort(), "of one JVM");
    int port;
    try (ServerSocket one = OwnPort.claim();
        ServerSocket another = OwnPort.claim()) {
      port = one.getLocalPort();
      assertNotEquals(port, another.getLocalPort(), "claimed by one like this");
    }
    try (DatagramSocket other = new DatagramSocket(port);
        ServerSocket claimed = OwnPort.claim()) {
      assertNotEquals(other.getLocalPort(), claimed.getLocalPort(), "used by something else");
    }
  }
}
