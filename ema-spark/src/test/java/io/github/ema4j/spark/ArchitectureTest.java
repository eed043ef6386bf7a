// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import io.github.ema4j.testing.LibraryRules;
import org.junit.jupiter.api.Test;

/**
 * Training on Spark stands on the plugin, on DL4J and on Spark with its Hadoop, on nothing else.
 */
class ArchitectureTest extends LibraryRules {

  ArchitectureTest() {
    super("io.github.ema4j.spark");
  }

  @Test
  void sparkUsesPluginDl4jAndSparkAlone() {
    classes()
        .should(
            dependOnlyOn(
                "io.github.ema4j.spark..",
                "io.github.ema4j.core..",
                "io.github.ema4j.dl4j..",
                "org.deeplearning4j..",
                "org.nd4j..",
                "org.slf4j..",
                "org.apache.spark..",
                "org.apache.hadoop..",
                "scala..",
                "org.agrona.."))
        .check(module());
  }
}
