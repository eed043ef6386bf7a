// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The test of a device, with kernels that do what one without machine code does, or worse. */
class SelfTestTest {
  private static final Properties HOPPER = new Properties();

  static {
    HOPPER.put(
        "cuda.devicesInformation",
        List.of(
            Map.of(
                "cuda.deviceName", "NVIDIA H100", "cuda.deviceMajor", 9L, "cuda.deviceMinor", 0L)));
  }

  /** A kernel with one operation that does not work; the others are those of the CPU. */
  private static class Broken implements AveragingKernel {
    private final AveragingKernel works = new Nd4jKernel();

    @Override
    public boolean lerp(INDArray params, INDArray[] shadows, double[] decays, Chunks ranges) {
      return works.lerp(params, shadows, decays, ranges);
    }

    @Override
    public boolean copy(INDArray from, INDArray to, Chunks ranges) {
      return works.copy(from, to, ranges);
    }

    @Override
    public void swap(INDArray a, INDArray b, Chunks ranges) {
      works.swap(a, b, ranges);
    }

    @Override
    public boolean isFinite(INDArray array, Chunks ranges) {
      return works.isFinite(array, ranges);
    }

    @Override
    public void read(INDArray from, Chunks ranges, double[] to) {
      works.read(from, ranges, to);
    }

    @Override
    public void write(double[] from, INDArray to, Chunks ranges) {
      works.write(from, to, ranges);
    }
  }

  private static SelfTest of(AveragingKernel kernel) {
    return new SelfTest(() -> kernel, HostMemoryKernel::new);
  }

  private static String refusal(AveragingKernel kernel) {
    return assertThrows(IllegalStateException.class, () -> of(kernel).requirePassed(() -> HOPPER))
        .getMessage();
  }

  @Test
  void kernelsThatComputePass() {
    of(new Nd4jKernel()).requirePassed(() -> HOPPER);
    of(new HostKernel()).requirePassed(() -> HOPPER);
    of(new Broken()).requirePassed(() -> HOPPER);
  }

  @Test
  void theRefusalNamesTheResultTheDeviceAndTheComputeCapabilities() {
    String refusal =
        refusal(
            new Broken() {
              @Override
              public boolean lerp(
                  INDArray params, INDArray[] shadows, double[] decays, Chunks ranges) {
                return true;
              }
            });
    assertTrue(refusal.contains("an average with decay 0.75 gave 4.0 instead of 5.0"), refusal);
    assertTrue(refusal.contains("NVIDIA H100 of compute capability 9.0"), refusal);
    assertTrue(refusal.contains("3.7, 5.0, 5.2, 6.0, 6.1, 7.0, 7.5, 8.0 and 8.6"), refusal);
    assertTrue(refusal.contains("nd4j-native-platform"), refusal);
  }

  @Test
  void anyOperationThatIsNotRunIsFound() {
    assertFound(
        "elements were read as",
        new Broken() {
          @Override
          public void read(INDArray from, Chunks ranges, double[] to) {}
        });
    assertFound(
        "elements were written as",
        new Broken() {
          @Override
          public void write(double[] from, INDArray to, Chunks ranges) {}
        });
    assertFound(
        "a copy",
        new Broken() {
          @Override
          public boolean copy(INDArray from, INDArray to, Chunks ranges) {
            return true;
          }
        });
    assertFound(
        "the first of two swapped arrays",
        new Broken() {
          @Override
          public void swap(INDArray a, INDArray b, Chunks ranges) {}
        });
    for (boolean always : new boolean[] {true, false}) {
      assertFound(
          "the check for finite values",
          new Broken() {
            @Override
            public boolean isFinite(INDArray array, Chunks ranges) {
              return always;
            }
          });
    }
  }

  private static void assertFound(String what, AveragingKernel kernel) {
    String refusal = refusal(kernel);
    assertTrue(refusal.contains("trained: " + what), refusal);
  }

  /** One that works for every case but one: FLOAT only, one side of decays only, finite only. */
  @Test
  void resultsThatAreWrongInOneCaseOnlyAreFound() {
    record Case(DataType shadow, DataType params, double decay, boolean finite) {}
    for (Case wrong :
        List.of(
            new Case(DataType.FLOAT, DataType.FLOAT, 0.25, true),
            new Case(DataType.FLOAT, DataType.HALF, 0.75, true),
            new Case(DataType.FLOAT, DataType.FLOAT, 0.75, false),
            new Case(DataType.DOUBLE, DataType.DOUBLE, 0.75, true))) {
      refusal(
          new Broken() {
            @Override
            public boolean lerp(
                INDArray params, INDArray[] shadows, double[] decays, Chunks ranges) {
              Case given =
                  new Case(
                      shadows[0].dataType(),
                      params.dataType(),
                      decays[0],
                      isFinite(params, ranges));
              boolean finite = super.lerp(params, shadows, decays, ranges);
              if (given.equals(wrong)) {
                shadows[0].putScalar(shadows[0].length() - 1, 1e-3);
              }
              return finite;
            }
          });
    }
  }

  @Test
  void theWayOverTheHostIsTestedToo() {
    SelfTest test =
        new SelfTest(
            Nd4jKernel::new,
            () -> {
              throw new IllegalStateException("the host cannot be reached");
            });
    String refusal =
        assertThrows(IllegalStateException.class, () -> test.requirePassed(() -> HOPPER))
            .getMessage();
    assertTrue(refusal.contains("the host cannot be reached"), refusal);
  }

  @Test
  void itRunsOnceAndRefusesEveryTime() {
    AtomicInteger runs = new AtomicInteger();
    SelfTest test =
        new SelfTest(
            () -> {
              runs.incrementAndGet();
              throw new IllegalStateException("no kernel image is available");
            },
            HostMemoryKernel::new);
    for (int i = 0; i < 3; i++) {
      IllegalStateException refusal =
          assertThrows(IllegalStateException.class, () -> test.requirePassed(Properties::new));
      assertTrue(refusal.getMessage().contains("no kernel image"), refusal.getMessage());
      assertTrue(refusal.getMessage().contains("Devices: not known"), refusal.getMessage());
      assertEquals("no kernel image is available", refusal.getCause().getMessage());
    }
    assertEquals(1, runs.get());
  }

  @Test
  void onTheCpuBackendNothingIsTested() {
    SelfTest.requireWorkingDevice();
    assertEquals("NATIVE_CPU", Nd4j.getExecutioner().type().name());
  }
}
