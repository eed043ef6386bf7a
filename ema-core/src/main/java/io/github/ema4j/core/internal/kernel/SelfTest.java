// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.environment.Nd4jEnvironment;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Whether a device computes at all. A GPU for which ND4J's CUDA library holds no machine code runs
 * none of its operations, and ND4J does not look whether one was started: results would be whatever
 * the memory held. So a few known numbers go through the very operations that an average uses,
 * once.
 */
final class SelfTest {

  private static final SelfTest OF_THE_DEVICE =
      new SelfTest(Nd4jKernel::new, () -> new HostMemoryKernel(new Loop(0)));

  /** Enough copies of the few numbers for more than one block of a GPU's threads. */
  private static final int COPIES = 1000;

  private final Supplier<AveragingKernel> kernel;
  private final Supplier<HostMemoryKernel> hostMemory;
  private boolean hasRun;
  private RuntimeException failure; // null: none

  SelfTest(Supplier<AveragingKernel> kernel, Supplier<HostMemoryKernel> hostMemory) {
    this.kernel = kernel;
    this.hostMemory = hostMemory;
  }

  /** Does nothing on the CPU backend; on any other tests its operations once in this JVM. */
  static void requireWorkingDevice() {
    if (Nd4j.getExecutioner().type() != ExecutionerType.NATIVE_CPU) {
      OF_THE_DEVICE.requirePassed(Nd4j.getExecutioner()::getEnvironmentInformation);
    }
  }

  /**
   * Runs the test, unless it has run.
   *
   * @param environment names the devices
   * @throws IllegalStateException if the test fails, or has failed
   */
  synchronized void requirePassed(Supplier<Properties> environment) {
    if (!hasRun) {
      failure = run();
      hasRun = true;
    }
    if (failure != null) {
      throw new IllegalStateException(
          """
          ND4J computes wrong numbers on this device, so that nothing can be averaged or trained: %s. \
          Devices: %s. The CUDA library of ND4J 1.0.0-M2.1 holds machine code for the compute \
          capabilities 3.7, 5.0, 5.2, 6.0, 6.1, 7.0, 7.5, 8.0 and 8.6 and no PTX: on a GPU of 9.0 or \
          more it runs nothing, and reports no error. Use a GPU of compute capability 3.7 to 8.x, or \
          the CPU: nd4j-native-platform in place of nd4j-cuda-11.6-platform"""
              .formatted(failure.getMessage(), devices(environment.get())),
          failure);
    }
  }

  private RuntimeException run() {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
        run(type);
      }
      return null;
    } catch (RuntimeException e) {
      return e;
    }
  }

  // All numbers, and all results on the way, are exact in every type, however they are rounded.
  private void run(DataType type) {
    AveragingKernel kernel = this.kernel.get();
    INDArray a = vector(type, 4, -8, 0, 1024);
    INDArray b = vector(type, 8, 8, -2, 0);
    INDArray shadow = vector(type, 0, 0, 0, 0);

    require(kernel.isFinite(a), "the check for finite values is wrong");
    INDArray bad = vector(type, Double.NaN, 8, Double.POSITIVE_INFINITY, 0);
    require(!kernel.isFinite(bad), "the check for finite values overlooks NaN");

    Chunks all = Chunks.all(a.length());
    kernel.copy(a, shadow, all);
    expect("a copy", shadow, 4, -8, 0, 1024);
    lerp(kernel, b, shadow, 0.75);
    expect("an average with decay 0.75", shadow, 5, -4, -0.5, 768);
    kernel.copy(a, shadow, all);
    lerp(kernel, b, shadow, 0.25);
    expect("an average with decay 0.25", shadow, 7, 4, -1.5, 256);
    kernel.copy(a, shadow, all);
    lerp(kernel, b.castTo(DataType.HALF), shadow, 0.75);
    expect("an average of HALF values", shadow, 5, -4, -0.5, 768);
    kernel.copy(a, shadow, all);
    lerp(kernel, bad, shadow, 0.75);
    expect("an average without the values that are not finite", shadow, 4, -4, 0, 768);
    kernel.swap(a, b, all);
    expect("the first of two swapped arrays", a, 8, 8, -2, 0);
    expect("the second of two swapped arrays", b, 4, -8, 0, 1024);

    Chunks first = Chunks.of(a.length(), new long[] {0}, new long[] {4});
    double[] values = new double[4];
    kernel.read(b, first, values);
    require(
        Arrays.equals(values, new double[] {4, -8, 0, 1024}),
        "elements were read as " + Arrays.toString(values));
    kernel.copy(a, shadow, all);
    kernel.write(values, shadow, first);
    kernel.read(shadow, first, values);
    require(
        Arrays.equals(values, new double[] {4, -8, 0, 1024}),
        "elements were written as " + Arrays.toString(values));
    kernel.write(new double[] {8, 8, -2, 0}, shadow, first);
    expect("elements written back", shadow, 8, 8, -2, 0);

    kernel.copy(b, shadow, all);
    lerp(kernel, bad, shadow, 0.75);
    HostMemory memory = new HostMemory(type, a.length());
    hostMemory.get().fetch(shadow, memory, all);
    hostMemory.get().put(memory, a, all);
    kernel.copy(a, b, all);
    expect("a copy by way of the host", b, 4, -4, 0, 768);
  }

  private static INDArray vector(DataType type, double... numbers) {
    double[] values = new double[numbers.length * COPIES];
    Arrays.setAll(values, i -> numbers[i % numbers.length]);
    if (type == DataType.DOUBLE) {
      return Nd4j.createFromArray(values);
    }
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return Nd4j.createFromArray(floats);
  }

  private static void lerp(AveragingKernel kernel, INDArray params, INDArray shadow, double decay) {
    kernel.lerp(params, new INDArray[] {shadow}, new double[] {decay}, Chunks.all(params.length()));
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new IllegalStateException(otherwise);
    }
  }

  private static void expect(String what, INDArray actual, double... numbers) {
    double[] values = actual.data().asDouble();
    for (int i = 0; i < values.length; i++) {
      double expected = numbers[i % numbers.length];
      require(
          values[i] == expected, "%s gave %s instead of %s".formatted(what, values[i], expected));
    }
  }

  private static String devices(Properties environment) {
    Object devices = environment.get(Nd4jEnvironment.CUDA_DEVICE_INFORMATION_KEY);
    if (!(devices instanceof List<?> list)) {
      return "not known";
    }
    return list.stream()
        .map(device -> device instanceof Map<?, ?> map ? name(map) : "not known")
        .collect(Collectors.joining(", "));
  }

  private static String name(Map<?, ?> device) {
    return "%s of compute capability %s.%s"
        .formatted(
            device.get(Nd4jEnvironment.CUDA_DEVICE_NAME_KEY),
            device.get(Nd4jEnvironment.CUDA_DEVICE_MAJOR_VERSION_KEY),
            device.get(Nd4jEnvironment.CUDA_DEVICE_MINOR_VERSION_KEY));
  }
}
