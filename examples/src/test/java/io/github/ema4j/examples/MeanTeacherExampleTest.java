// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class MeanTeacherExampleTest {
  @Test
  void imagesWithoutLabelsHelpStudentAndTeacher() throws IOException {
    List<MeanTeacherExample.Accuracy> runs =
        List.of(MeanTeacherExample.train(1), MeanTeacherExample.train(2));

    // Measured for seeds 1 to 4: the student is 0.5 points better in the mean, the teacher 0.7.
    double labelsOnly = mean(runs, MeanTeacherExample.Accuracy::labelsOnly);
    assertTrue(mean(runs, MeanTeacherExample.Accuracy::student) > labelsOnly, runs.toString());
    double teacher = mean(runs, MeanTeacherExample.Accuracy::teacher);
    assertTrue(teacher > labelsOnly + 0.003, runs.toString());
    assertTrue(teacher > 0.78, runs.toString());
  }

  private static double mean(
      List<MeanTeacherExample.Accuracy> runs,
      ToDoubleFunction<MeanTeacherExample.Accuracy> accuracy) {
    return runs.stream().mapToDouble(accuracy).average().orElseThrow();
  }
}
