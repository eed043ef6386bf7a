// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

/** The properties of every average, with the arithmetic that a GPU would do. */
class OnNd4jKernelPropertiesTest extends ParameterAveragePropertiesTest {
  @Override
  Kernel kernel() {
    return Kernel.ND4J;
  }
}
