// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.internal.kernel.AveragingKernel;
import io.github.ema4j.core.internal.kernel.Chunks;
import io.github.ema4j.core.internal.kernel.Kernels;
import io.github.ema4j.core.internal.kernel.Nd4jKernel;
import io.github.ema4j.core.internal.kernel.UncheckedLerp;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.Axpy;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An average of a vector, and the ways to update it with plain ND4J operations that a user would
 * think of. Several averages of the same parameters are made when a task needs them.
 */
final class ArraysScene implements Scene {

  private static final double DECAY = 0.9999;

  private final INDArray params;
  private final ParameterAverage average;
  private final INDArray shadow;
  private final AveragingKernel kernel;
  private final Chunks all;
  private INDArray scratch;
  private UncheckedLerp unchecked;

  ArraysScene(long size, DataType paramsType, DataType shadowType) {
    params = Nd4j.valueArrayOf(new long[] {1, size}, 0.5, paramsType);
    average =
        new ParameterAverage(
            AveragingConfig.builder().decay(DECAY).shadowType(shadowType).build(), params);
    shadow = average.shadow();
    shadow.assign(1);
    kernel = Kernels.forArrays(shadow, params);
    all = Chunks.all(size);
  }

  /** Bytes from the beginning of a page to the shadow and to the parameters; 0 on a GPU. */
  @Override
  public String describe() {
    return placeInPage(shadow) + " " + placeInPage(params);
  }

  private static long placeInPage(INDArray array) {
    if (Nd4j.getExecutioner().type() != ExecutionerType.NATIVE_CPU) {
      return 0;
    }
    return array.data().pointer().address() % 4096;
  }

  @Override
  public Task task(String operation) {
    return switch (operation) {
      case "update" -> Task.timed(() -> average.update(params));
      case "swap" -> {
        // There and back: an open swap would refuse everything else.
        Task both = Task.timed(() -> average.swap(params).close());
        yield () -> both.run() / 2;
      }
      case "finite" -> Task.timed(() -> kernel.isFinite(params, all));
      case "unchecked" -> Task.timed(() -> unchecked().lerp(DECAY));
      case "nd4j-naive" -> Task.timed(() -> shadow.muli(DECAY).addi(params.mul(1 - DECAY)));
      case "nd4j-sub-axpy" ->
          Task.timed(
              () -> {
                params.sub(shadow, scratch());
                Nd4j.getExecutioner().exec(new Axpy(scratch(), shadow, shadow, 1 - DECAY));
              });
      case "nd4j-mul-axpy" ->
          Task.timed(
              () -> {
                shadow.muli(DECAY);
                Nd4j.getExecutioner().exec(new Axpy(params, shadow, shadow, 1 - DECAY));
              });
      case "nd4j-in-place" -> Task.timed(() -> shadow.subi(params).muli(DECAY).addi(params));
      case "nd4j-swap" ->
          Task.timed(
              () -> {
                scratch().assign(shadow);
                shadow.assign(params);
                params.assign(scratch());
              });
      case "nd4j-finite" -> Task.timed(() -> new Nd4jKernel().isFinite(params));
      default -> throw Scene.unknown(operation);
    };
  }

  private INDArray scratch() {
    if (scratch == null) {
      scratch = Nd4j.createUninitialized(shadow.dataType(), shadow.shape());
    }
    return scratch;
  }

  private UncheckedLerp unchecked() {
    if (unchecked == null) {
      unchecked = new UncheckedLerp(shadow, params);
    }
    return unchecked;
  }

  @Override
  public String verify(String operation) {
    shadow.assign(1);
    params.assign(0.5);
    task(operation).run();
    return LongStream.of(0, shadow.length() / 2, shadow.length() - 1)
        .mapToObj(i -> Double.toString(shadow.getDouble(i)))
        .collect(Collectors.joining(" "));
  }
}
