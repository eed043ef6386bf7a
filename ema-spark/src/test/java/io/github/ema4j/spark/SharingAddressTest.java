// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfEnvironmentVariable;
import org.junit.jupiter.api.function.Executable;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;

/** Nobody is at 203.0.113.0/24, a network that is for documentation. */
class SharingAddressTest {

  private static final String NOWHERE = "203.0.113.0/24";

  private static VoidConfiguration configuration(String address, String mask) {
    return VoidConfiguration.builder().controllerAddress(address).networkMask(mask).build();
  }

  private static void assertRefused(String message, Executable call) {
    Throwable e = assertThrows(IllegalStateException.class, call);
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void theDriverIsInTheNetworkOfTheExecutors() {
    SharingAddress.settle(configuration("127.0.0.1", "127.0.0.0/8"), false);
    SharingAddress.settle(configuration("192.0.2.7", "192.0.2.0/24"), false);
    SharingAddress.settle(configuration("127.0.0.1", null), false);
    assertRefused(
        "networkMask 203.0.113.0/24 does not contain the driver's address 127.0.0.1",
        () -> SharingAddress.settle(configuration("127.0.0.1", NOWHERE), false));
    assertRefused(
        "networkMask 10.0.0.0/99 is not of the form 10.0.0.0/16",
        () -> SharingAddress.settle(configuration("10.0.0.1", "10.0.0.0/99"), false));
  }

  @Test
  @DisabledIfEnvironmentVariable(named = "SPARK_PUBLIC_DNS", matches = ".+")
  void anAddressThatIsNotGivenIsThatOfTheMask() {
    VoidConfiguration loopback = configuration(null, "127.0.0.0/8");
    SharingAddress.settle(loopback, false);
    assertEquals("127.0.0.1", loopback.getControllerAddress());
    VoidConfiguration nowhere = configuration(null, NOWHERE);
    assertRefused("contains no address of this host", () -> SharingAddress.settle(nowhere, true));
    assertNull(nowhere.getControllerAddress());
  }

  @Test
  @DisabledIfEnvironmentVariable(named = "SPARK_PUBLIC_DNS", matches = ".+")
  void onAClusterTheLoopbackIsNotTakenByItself() {
    VoidConfiguration local = configuration(null, null);
    SharingAddress.settle(local, true);
    assertEquals("127.0.0.1", local.getControllerAddress());
    assertRefused(
        "call controllerAddress(...)",
        () -> SharingAddress.settle(configuration(null, null), false));
  }

  @Test
  void anExecutorHasAnAddressInTheMask() {
    SharingAddress.requireOwn("127.0.0.0/8", "127.0.0.1");
    assertRefused(
        "networkMask 203.0.113.0/24 contains no address of this host, which has [",
        () -> SharingAddress.requireOwn(NOWHERE, "203.0.113.1"));
  }

  @Test
  @DisabledIfEnvironmentVariable(named = "DL4J_VOID_IP", matches = ".+")
  void anExecutorOnAnotherHostIsNotAtTheLoopback() {
    SharingAddress.requireOwn(null, "127.0.0.1");
    assertRefused(
        "known as 127.0.0.1, which the driver at 192.0.2.7 cannot reach",
        () -> SharingAddress.requireOwn(null, "192.0.2.7"));
  }
}
