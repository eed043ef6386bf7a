// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalityWaitTest {

  private static SparkConf conf(String master, String... settings) {
    SparkConf conf = new SparkConf(false).setMaster(master);
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      conf.set(setting.substring(0, equals), setting.substring(equals + 1));
    }
    return conf;
  }

  private static Optional<String> cost(String... settings) {
    return LocalityWait.cost(conf("spark://host:7077", settings), 2);
  }

  @Test
  void theDefaultOfSparkCosts() {
    String said = cost().orElseThrow();
    assertTrue(said.startsWith("spark.locality.wait is 3s, Spark's default: "), said);
    assertTrue(said.contains("Set spark.locality.wait=0, "), said);
  }

  @ParameterizedTest
  @CsvSource({
    "spark.locality.wait=500ms, spark.locality.wait is 500ms:",
    "spark.locality.wait.node=2s, spark.locality.wait is 3s",
    "spark.locality.wait.process=0, spark.locality.wait is 3s",
  })
  void whatIsSetCosts(String setting, String beginning) {
    String said = cost(setting).orElseThrow();
    assertTrue(said.startsWith(beginning), said);
  }

  @Test
  void aLevelThatIsSetApartIsNamed() {
    String said = cost("spark.locality.wait=0", "spark.locality.wait.node=1s").orElseThrow();
    assertTrue(said.startsWith("spark.locality.wait.node is 1s: "), said);
    assertTrue(said.contains("Set spark.locality.wait.node=0, "), said);
  }

  @Test
  void noWaitCostsNothing() {
    assertEquals(Optional.empty(), cost("spark.locality.wait=0"));
    assertEquals(Optional.empty(), cost("spark.locality.wait=0s"));
    assertEquals(
        Optional.empty(),
        cost(
            "spark.locality.wait.process=0",
            "spark.locality.wait.node=0",
            "spark.locality.wait.rack=0"));
  }

  @Test
  void whatHasOneHostOrOneWorkerWaitsForNothing() {
    assertEquals(Optional.empty(), LocalityWait.cost(conf("local[2]"), 2));
    assertEquals(Optional.empty(), LocalityWait.cost(conf("spark://host:7077"), 1));
  }
}
