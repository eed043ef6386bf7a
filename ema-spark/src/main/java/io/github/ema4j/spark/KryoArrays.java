// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.Arrays;
import org.apache.spark.SparkEnv;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Kryo knows nothing of arrays outside the heap, unless it is told. Deeplearning4j notices as well,
 * but names artifacts for versions of Scala that do not fit, so this comes first.
 */
final class KryoArrays {

  private static final String REGISTRATOR = "org.nd4j.kryo.Nd4jRegistrator";

  private KryoArrays() {}

  /**
   * Tries whether an array comes through, if Spark runs in this process and serializes by Kryo.
   *
   * @throws IllegalStateException if it does not
   */
  static void require() {
    SparkEnv spark = SparkEnv.get();
    if (spark == null
        || !(spark.serializer() instanceof KryoSerializer)
        || Arrays.asList(spark.conf().get("spark.kryo.registrator", "").split(","))
            .contains(REGISTRATOR)) {
      return;
    }
    INDArray array = Nd4j.createFromArray(1f, 2f);
    RuntimeException cause = null;
    try {
      ClassTag<INDArray> type = ClassTag$.MODULE$.apply(INDArray.class);
      SerializerInstance kryo = spark.serializer().newInstance();
      INDArray copy = kryo.deserialize(kryo.serialize(array, type), type);
      if (Arrays.equals(array.toFloatVector(), copy.toFloatVector())) {
        return;
      }
    } catch (RuntimeException e) { // of many kinds, as it reads memory that is not there
      cause = e;
    }
    throw new IllegalStateException(
        "spark.serializer is KryoSerializer, which loses the content of arrays: set spark.kryo.registrator="
            + REGISTRATOR
            + ", from the artifact org.nd4j:nd4j-kryo_2.12:1.0.0-M2",
        cause);
  }
}
