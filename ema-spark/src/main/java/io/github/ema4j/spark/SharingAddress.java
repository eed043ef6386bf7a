// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
import org.nd4j.parameterserver.distributed.util.NetworkInformation;
import org.nd4j.parameterserver.distributed.util.NetworkOrganizer;

/**
 * Addresses under which driver and executors are known to each other. Deeplearning4j finds out late
 * that one is wrong, on the executors, and then their next tasks wait for ever. So they are looked
 * at before: by the driver before anything starts, and by each executor before each task.
 */
final class SharingAddress {

  private static final String OF_DRIVER = "SPARK_PUBLIC_DNS";
  private static final String OF_EXECUTOR = "DL4J_VOID_IP";
  private static final String LOOPBACK = "127.0.0.1";

  private SharingAddress() {}

  /**
   * On the driver: chooses its address if none is given, as Deeplearning4j would but for taking the
   * loopback on a cluster.
   *
   * @param isLocal whether the driver is its own executor
   * @throws IllegalStateException if executors could not reach the address, or would not be of its
   *     network
   */
  static void settle(VoidConfiguration configuration, boolean isLocal) {
    String mask = configuration.getNetworkMask();
    String address = configuration.getControllerAddress();
    if (address == null) {
      address = choose(mask, isLocal);
    }
    if (mask != null && !isIn(mask, resolve(address))) {
      throw new IllegalStateException(
          "networkMask %s does not contain the driver's address %s, and must be of the network in which driver and executors reach each other, such as 10.0.0.0/16: correct networkMask(...) or controllerAddress(...) of VoidConfiguration"
              .formatted(mask, address));
    }
    configuration.setControllerAddress(address);
  }

  private static String choose(String mask, boolean isLocal) {
    String ofDriver = System.getenv(OF_DRIVER);
    if (ofDriver != null) {
      return resolve(ofDriver).getHostAddress();
    }
    if (mask != null) {
      return ownIn(mask);
    }
    if (isLocal) {
      return LOOPBACK;
    }
    throw new IllegalStateException(
        "Executors need the driver's address: call controllerAddress(...) of VoidConfiguration, one of "
            + own());
  }

  /**
   * On an executor.
   *
   * @param mask null if none is given
   * @param ofDriver the driver's address
   * @throws IllegalStateException if the executor has no address that others could reach
   */
  static void requireOwn(String mask, String ofDriver) {
    if (mask != null) {
      ownIn(mask);
      return;
    }
    String address = System.getenv(OF_EXECUTOR) == null ? LOOPBACK : System.getenv(OF_EXECUTOR);
    if (resolve(address).isLoopbackAddress() && !resolve(ofDriver).isLoopbackAddress()) {
      throw new IllegalStateException(
          "This executor would be known as %s, which the driver at %s cannot reach: call networkMask(...) of VoidConfiguration, for one of %s"
              .formatted(address, ofDriver, own()));
    }
  }

  private static String ownIn(String mask) {
    for (String address : own()) {
      if (isIn(mask, resolve(address))) {
        return address;
      }
    }
    throw new IllegalStateException(
        "networkMask %s contains no address of this host, which has %s: correct networkMask(...) of VoidConfiguration"
            .formatted(mask, own()));
  }

  /** As Deeplearning4j sees it, for which a network's first and last address are not in it. */
  private static boolean isIn(String mask, InetAddress address) {
    NetworkInformation one = new NetworkInformation();
    one.getIpAddresses().add(address.getHostAddress());
    try {
      return !new NetworkOrganizer(List.of(one), mask).getSubset(1).isEmpty();
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(
          "networkMask %s is not of the form 10.0.0.0/16: correct networkMask(...) of VoidConfiguration"
              .formatted(mask),
          e);
    }
  }

  private static InetAddress resolve(String address) {
    try {
      return InetAddress.getByName(address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("The address '%s' is not known here".formatted(address), e);
    }
  }

  private static List<String> own() {
    try {
      return NetworkInterface.networkInterfaces()
          .filter(SharingAddress::isUp)
          .flatMap(NetworkInterface::inetAddresses)
          .filter(Inet4Address.class::isInstance)
          .map(InetAddress::getHostAddress)
          .toList();
    } catch (SocketException e) {
      throw new IllegalStateException("The addresses of this host cannot be found out", e);
    }
  }

  private static boolean isUp(NetworkInterface one) {
    try {
      return one.isUp();
    } catch (SocketException e) {
      return false;
    }
  }
}
