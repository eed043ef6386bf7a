// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** A Spark context in this process, for one class of tests. */
final class LocalSpark implements BeforeAllCallback, AfterAllCallback, ParameterResolver {

  private JavaSparkContext spark;

  @Override
  public void beforeAll(ExtensionContext context) {
    SparkTest test = context.getRequiredTestClass().getAnnotation(SparkTest.class);
    SparkConf conf =
        new SparkConf()
            .setMaster(test.master())
            .setAppName(context.getDisplayName())
            .set("spark.ui.enabled", "false")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.driver.bindAddress", "127.0.0.1");
    if (test.kryo()) {
      conf.set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
          .set("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator");
    }
    spark = new JavaSparkContext(conf);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (spark != null) {
      spark.stop();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == JavaSparkContext.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return spark;
  }
}
