// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import io.github.ema4j.onednn.backend.NativeLibrary;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tests that need a native library with oneDNN, which not every platform has. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(WithOneDnn.Condition.class)
@interface WithOneDnn {

  /** Asks the library itself. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      NativeLibrary library = NativeLibrary.loaded();
      return library.usesOneDnn()
          ? ConditionEvaluationResult.enabled("has oneDNN")
          : ConditionEvaluationResult.disabled(library.toString());
    }
  }
}
