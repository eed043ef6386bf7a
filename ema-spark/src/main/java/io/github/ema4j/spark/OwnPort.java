// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
import org.nd4j.parameterserver.distributed.v2.transport.PortSupplier;

/**
 * A UDP port for each JVM: the first from Deeplearning4j's own, 49876, on that no other uses. So
 * driver and executors can be on one host, which they cannot with {@code StaticPortSupplier}: that
 * one gives 49876 to all, whatever port it was made with.
 */
final class OwnPort implements PortSupplier {

  private static final int FIRST = VoidConfiguration.DEFAULT_AERON_UDP_PORT;
  private static final int PORTS = 1000;

  /** This JVM's, found when it is first asked for. */
  private static final class Found {

    // Holds the TCP port of the same number for the life of the JVM. Between the look at a UDP port
    // and its use by Aeron there is time, in which other JVMs that start now would take it too.
    private static final ServerSocket CLAIM = claim();
  }

  @Override
  public int getPort() {
    return Found.CLAIM.getLocalPort();
  }

  static ServerSocket claim() {
    for (int port = FIRST; port < FIRST + PORTS; port++) {
      try (DatagramSocket free = new DatagramSocket(port)) {
        return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
      } catch (IOException e) {
        // Somebody else's.
      }
    }
    throw new IllegalStateException(
        "None of the UDP ports %d to %d is free: give VoidConfiguration a portSupplier(...) of your own"
            .formatted(FIRST, FIRST + PORTS - 1));
  }
}
