// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests that take a {@code JavaSparkContext} as a parameter. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(LocalSpark.class)
@EnabledForJreRange(
    max = JRE.JAVA_23,
    disabledReason = "Spark 3.5 does not run on Java 24 and later: getSubject is not supported")
@interface SparkTest {

  /** The master; with a second number tasks are tried so often. */
  String master() default "local[2]";

  /** Whether data is serialized by Kryo rather than by Java. */
  boolean kryo() default false;
}
