// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.AverageCounters;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.Variances;
import io.github.ema4j.core.internal.kernel.Chunks;
import io.github.ema4j.core.internal.kernel.Kernels;
import io.github.ema4j.core.state.AverageInfo;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.Function2;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The results of one round, whose averages are summed in the same pass in which Deeplearning4j sums
 * the parameters. One pass, since in a second one a worker that was lost in between would have to
 * train again.
 */
final class PerStepResults extends JavaRDD<ParameterAveragingTrainingResult> {

  private transient Sum<?> sum;

  PerStepResults(JavaRDD<ParameterAveragingTrainingResult> results) {
    super(results.rdd(), results.classTag());
  }

  @Override
  public <U> U treeAggregate(
      U zero,
      Function2<U, ParameterAveragingTrainingResult, U> add,
      Function2<U, U, U> combine,
      int depth) {
    Sum<U> total =
        super.treeAggregate(
            new Sum<>(zero),
            (partial, result) -> partial.plus(result, add),
            (one, other) -> one.plus(other, combine),
            depth);
    sum = total;
    return total.tuple;
  }

  /** Gives the driver's average the mean of those of the workers, once they have been summed. */
  void putInto(ParameterAverage average) {
    INDArray mean = sum.shadow.divi(sum.workers);
    double[] variances = Arrays.stream(sum.variances).map(v -> v / sum.workers).toArray();
    double[] logs = Arrays.stream(variances).map(Variances::toLog10Deviation).toArray();
    Ranges deviations = average.coverage().log10Deviations();
    Kernels.forArrays(mean)
        .write(logs, mean, Chunks.of(deviations.length(), deviations.starts(), deviations.ends()));
    average.set(sum.counters(), mean, variances);
  }

  /** What Deeplearning4j sums, and the averages. */
  private static final class Sum<U> implements Serializable {

    private final U tuple;
    private INDArray shadow;
    private double[] variances;
    private int workers;
    // An AverageInfo in plain values, which can be serialized.
    private Map<String, Object> info;

    Sum(U tuple) {
      this.tuple = tuple;
    }

    Sum<U> plus(
        ParameterAveragingTrainingResult result,
        Function2<U, ParameterAveragingTrainingResult, U> add)
        throws Exception {
      Sum<U> next = new Sum<>(add.call(tuple, result));
      next.take(this);
      if (result instanceof PerStepResult trained) {
        Sum<U> one = new Sum<>(null);
        one.shadow = trained.average().shadow();
        one.variances = trained.average().variances();
        one.workers = 1;
        one.info = AverageInfo.of(trained.average()).toMap();
        next.take(one);
      }
      return next;
    }

    Sum<U> plus(Sum<U> other, Function2<U, U, U> combine) throws Exception {
      Sum<U> next = new Sum<>(combine.call(tuple, other.tuple));
      next.take(this);
      next.take(other);
      return next;
    }

    private void take(Sum<?> other) {
      if (other.workers == 0) {
        return;
      }
      if (workers == 0) {
        shadow = other.shadow;
        variances = other.variances;
        info = other.info;
      } else {
        shadow.addi(other.shadow);
        Arrays.setAll(variances, i -> variances[i] + other.variances[i]);
        info = furthest(info, other.info);
      }
      workers += other.workers;
    }

    /** The counters of the worker with most steps; of several, with fewest updates. */
    private static Map<String, Object> furthest(
        Map<String, Object> one, Map<String, Object> other) {
      AverageCounters a = AverageInfo.fromMap(one).counters();
      AverageCounters b = AverageInfo.fromMap(other).counters();
      boolean first = a.steps() == b.steps() ? a.updates() <= b.updates() : a.steps() > b.steps();
      return first ? one : other;
    }

    AverageCounters counters() {
      return AverageInfo.fromMap(info).counters();
    }
  }
}
