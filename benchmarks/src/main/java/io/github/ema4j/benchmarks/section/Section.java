// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import java.util.List;

/** A part of the report. */
public interface Section {

  /**
   * What the option {@code --only} calls it.
   *
   * @return a lower-case word
   */
  String name();

  /**
   * Measures and reports.
   *
   * @param bench with what, how long, and where the tables go
   */
  void run(Bench bench);

  /**
   * All parts in the order of the report.
   *
   * @return a new list
   */
  static List<Section> all() {
    return List.of(
        new ChecksSection(),
        new UpdateSection(),
        new TensorsSection(),
        new SwapSection(),
        new FiniteSection(),
        new MemorySection(),
        new TypesSection(),
        new ThreadsSection(),
        new LayersSection(),
        new SchedulesSection(),
        new GroupSection(),
        new TrainingSection(),
        new AccelerationSection(),
        new EvaluationSection());
  }
}
