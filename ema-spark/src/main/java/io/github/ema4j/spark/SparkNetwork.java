// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import org.apache.spark.api.java.JavaRDD;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** What {@link SparkDl4jMultiLayer} and {@link SparkComputationGraph} have in common. */
interface SparkNetwork {

  void fit(JavaRDD<DataSet> data);

  void fitMultiDataSet(JavaRDD<MultiDataSet> data);

  void fitPaths(JavaRDD<String> paths);

  IEvaluation<?>[] evaluate(JavaRDD<DataSet> data, int batchSize, IEvaluation<?>... empty);

  IEvaluation<?>[] evaluateMultiDataSet(
      JavaRDD<MultiDataSet> data, int batchSize, IEvaluation<?>... empty);

  /** A network of layers in a row. */
  record OfLayers(SparkDl4jMultiLayer spark) implements SparkNetwork {

    @Override
    public void fit(JavaRDD<DataSet> data) {
      spark.fit(data);
    }

    @Override
    public void fitMultiDataSet(JavaRDD<MultiDataSet> data) {
      throw oneInput();
    }

    @Override
    public void fitPaths(JavaRDD<String> paths) {
      spark.fitPaths(paths);
    }

    @Override
    public IEvaluation<?>[] evaluate(
        JavaRDD<DataSet> data, int batchSize, IEvaluation<?>... empty) {
      return spark.doEvaluation(data, batchSize, empty);
    }

    @Override
    public IEvaluation<?>[] evaluateMultiDataSet(
        JavaRDD<MultiDataSet> data, int batchSize, IEvaluation<?>... empty) {
      throw oneInput();
    }

    private static UnsupportedOperationException oneInput() {
      return new UnsupportedOperationException(
          "On Spark a MultiLayerNetwork takes data of one input and one output: pass an RDD of"
              + " DataSet");
    }
  }

  /** A graph of layers. */
  record OfGraph(SparkComputationGraph spark) implements SparkNetwork {

    @Override
    public void fit(JavaRDD<DataSet> data) {
      spark.fit(data);
    }

    @Override
    public void fitMultiDataSet(JavaRDD<MultiDataSet> data) {
      spark.fitMultiDataSet(data);
    }

    @Override
    public void fitPaths(JavaRDD<String> paths) {
      spark.fitPaths(paths);
    }

    @Override
    public IEvaluation<?>[] evaluate(
        JavaRDD<DataSet> data, int batchSize, IEvaluation<?>... empty) {
      return spark.doEvaluation(data, batchSize, empty);
    }

    @Override
    public IEvaluation<?>[] evaluateMultiDataSet(
        JavaRDD<MultiDataSet> data, int batchSize, IEvaluation<?>... empty) {
      return spark.doEvaluationMDS(data, batchSize, empty);
    }
  }
}
