// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/**
 * What is demanded of an average, with the arithmetic that a GPU would do: golden trajectories,
 * reference cases, groups, parts, non-finite parameters and taken over states.
 */
@Tag("slow")
class OnNd4jKernelTest {

  @Nested
  class Conformance extends ConformanceTest {
    @Override
    Kernel kernel() {
      return Kernel.ND4J;
    }
  }

  @Nested
  class ReferenceCases extends ReferenceCasesTest {
    @Override
    Kernel kernel() {
      return Kernel.ND4J;
    }
  }

  @Nested
  class NonFiniteParameters extends NonFiniteParametersTest {
    @Override
    Kernel kernel() {
      return Kernel.ND4J;
    }
  }

  @Nested
  class Groups extends AverageGroupTest {
    @Override
    Kernel kernel() {
      return Kernel.ND4J;
    }
  }

  @Nested
  class Coverages extends CoverageTest {
    @Override
    Kernel kernel() {
      return Kernel.ND4J;
    }
  }

  @Nested
  class SeveralSteps extends SeveralStepsTest {
    @Override
    Kernel kernel() {
      return Kernel.ND4J;
    }
  }

  @Nested
  class TakenOverStates extends TakenOverStateTest {
    @Override
    Kernel kernel() {
      return Kernel.ND4J;
    }
  }

  @Nested
  class LogDeviations extends LogDeviationsTest {
    @Override
    Kernel kernel() {
      return Kernel.ND4J;
    }
  }
}
