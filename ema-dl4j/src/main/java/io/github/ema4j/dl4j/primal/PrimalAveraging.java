// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.primal;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Experimental. Stochastic gradient descent with primal averaging, as an updater of Deeplearning4j:
 * schedule-free SGD (Defazio et al. 2024, arXiv 2405.15682) and generalized primal averaging (GPA,
 * arXiv 2512.17131). The learning rate stays constant, and the average does what annealing does
 * elsewhere.
 *
 * <pre>{@code
 * new NeuralNetConfiguration.Builder().updater(PrimalAveraging.scheduleFree(0.3)) ...
 *
 * net.fit(trainingData, epochs);
 * AveragedPoint.evaluate(net, validationData); // the network itself stays where it trains
 * }</pre>
 *
 * <p>There are three points: {@code z} makes the steps of plain SGD, {@code x} is an average of
 * {@code z}, and the gradient {@code g} is taken at {@code y}, between the two:
 *
 * <pre>
 * z = z - learningRate * g(y)
 * x = decay * x + (1 - decay) * z
 * y = interpolation * x + (1 - interpolation) * z
 * </pre>
 *
 * <p>The parameters of the network are {@code y} at all times, and {@code x}, the better point, is
 * had from {@link AveragedPoint}. Other implementations have one network that is either at {@code
 * x} or at {@code y}, and must be told before each evaluation and each training step; forgetting it
 * trains or evaluates at the wrong point.
 *
 * <p>The decay of {@code x} is that of any {@link DecaySchedule}: {@code uniform()} makes
 * schedule-free SGD, a constant one GPA. An updater of Deeplearning4j never sees the parameters,
 * and need not: its state is the one vector {@code y - z}, from which {@code x} follows. So it
 * takes as much memory as momentum does. Steps are counted by the iteration count of the network,
 * as Adam counts them, and all of its state is in files that Deeplearning4j writes with the
 * updater.
 *
 * <p>L2 regularization is a part of the gradient, and acts at {@code y}. Weight decay and
 * constraints move all three points alike. Batch-norm statistics are those of {@code y}:
 * recalibrate the network that {@link AveragedPoint#network} gives.
 *
 * <p>As every updater of Deeplearning4j it can be given another learning rate while it trains, and
 * is otherwise immutable.
 */
public final class PrimalAveraging implements IUpdater {

  private static final long serialVersionUID = 1L;

  // Deeplearning4j writes the fields into a network's JSON, under these names.
  private double learningRate;
  private ISchedule learningRateSchedule; // null for a constant rate
  private final double interpolation;
  private final String averaging;
  private final int warmUpSteps;

  /**
   * Averages with any schedule.
   *
   * @param learningRate of the steps of {@code z}, above 0
   * @param interpolation how near to {@code x} the gradient is taken, above 0 and at most 1
   * @param averaging the decay of {@code x} at each step: one of the schedules of {@link
   *     DecaySchedule}, as it has to be read from a file again
   * @throws IllegalArgumentException if a value is out of its range
   */
  public PrimalAveraging(double learningRate, double interpolation, DecaySchedule averaging) {
    this(learningRate, null, interpolation, averaging.spec(), 0);
  }

  @JsonCreator
  private PrimalAveraging(
      @JsonProperty("learningRate") double learningRate,
      @JsonProperty("learningRateSchedule") ISchedule learningRateSchedule,
      @JsonProperty("interpolation") double interpolation,
      @JsonProperty("averaging") String averaging,
      @JsonProperty("warmUpSteps") int warmUpSteps) {
    if (!(interpolation > 0 && interpolation <= 1)) {
      throw new IllegalArgumentException(
          "The interpolation must be above 0 and at most 1, but was %s: at 0 the averaged point would not follow from the updater's state"
              .formatted(interpolation));
    }
    if (warmUpSteps < 0) {
      throw new IllegalArgumentException("A warm-up takes 0 steps or more, but was " + warmUpSteps);
    }
    this.interpolation = interpolation;
    this.averaging = DecaySchedule.parse(averaging).spec();
    this.warmUpSteps = warmUpSteps;
    setLrAndSchedule(learningRate, learningRateSchedule);
  }

  /**
   * Schedule-free SGD: {@code x} is the plain mean of all {@code z}, and the interpolation 0.9.
   * Larger learning rates than for SGD pay: with the same one it moves more slowly.
   *
   * @param learningRate above 0
   * @return the updater
   * @throws IllegalArgumentException if the learning rate is not above 0 and finite
   */
  public static PrimalAveraging scheduleFree(double learningRate) {
    return new PrimalAveraging(learningRate, 0.9, DecaySchedule.uniform());
  }

  /**
   * Generalized primal averaging: {@code x} is an exponential average of {@code z} with decay
   * 0.998, and the interpolation 0.7.
   *
   * @param learningRate above 0
   * @return the updater
   * @throws IllegalArgumentException if the learning rate is not above 0 and finite
   */
  public static PrimalAveraging generalized(double learningRate) {
    return new PrimalAveraging(learningRate, 0.7, DecaySchedule.constant(0.998));
  }

  /**
   * The same with a learning rate that rises in a straight line during the first steps: {@code
   * step/steps} of it, from step 1. Under a uniform average the points of these steps then count by
   * the square of their learning rate, as in schedule-free SGD.
   *
   * @param steps length of the warm-up, 0 for none
   * @return a new updater
   * @throws IllegalArgumentException if below 0
   */
  public PrimalAveraging warmUp(int steps) {
    return new PrimalAveraging(learningRate, learningRateSchedule, interpolation, averaging, steps);
  }

  /**
   * How near to the average the gradient is taken.
   *
   * @return above 0, at most 1
   */
  public double interpolation() {
    return interpolation;
  }

  /**
   * The decay of the average at each step.
   *
   * @return the schedule; see {@link #warmUp} for a warm-up under {@code uniform()}
   */
  public DecaySchedule averaging() {
    return DecaySchedule.parse(averaging);
  }

  /** The share of {@code z} in the new {@code x}. */
  double share(DecaySchedule schedule, int iteration) {
    double step = iteration + 1.0;
    if (warmUpSteps == 0 || !isUniform()) {
      return 1 - schedule.decayAt(iteration + 1L);
    }
    // The sum of (i/w)^2 for i = 1..w, and 1 for each step after it.
    double w = warmUpSteps;
    return step <= w
        ? 6 * step / ((step + 1) * (2 * step + 1))
        : 1 / ((w + 1) * (2 * w + 1) / (6 * w) + step - w);
  }

  private boolean isUniform() {
    return averaging.equals(DecaySchedule.uniform().spec());
  }

  // ---------------------------------------------------------------- as Deeplearning4j has it

  @Override
  public long stateSize(long numParams) {
    return numParams;
  }

  @Override
  public GradientUpdater<PrimalAveraging> instantiate(
      INDArray viewArray, boolean initializeViewArray) {
    PrimalAveragingUpdater updater = new PrimalAveragingUpdater(this);
    updater.setStateViewArray(
        viewArray, new long[] {viewArray.length()}, viewArray.ordering(), initializeViewArray);
    return updater;
  }

  @Override
  public GradientUpdater<PrimalAveraging> instantiate(
      Map<String, INDArray> updaterState, boolean initializeStateArrays) {
    PrimalAveragingUpdater updater = new PrimalAveragingUpdater(this);
    updater.setState(updaterState, initializeStateArrays);
    return updater;
  }

  @Override
  public double getLearningRate(int iteration, int epoch) {
    double rate =
        learningRateSchedule == null
            ? learningRate
            : learningRateSchedule.valueAt(iteration, epoch);
    return iteration + 1 < warmUpSteps ? rate * (iteration + 1) / warmUpSteps : rate;
  }

  @Override
  public boolean hasLearningRate() {
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the rate is not above 0 and finite, and there is no
   *     schedule; if there is one and the average is uniform, which takes the place of a schedule
   */
  @Override
  public void setLrAndSchedule(double lr, ISchedule lrSchedule) {
    if (lrSchedule != null && isUniform()) {
      throw new IllegalArgumentException(
          "Schedule-free SGD takes a constant learning rate, as its average does what a schedule does: use warmUp(steps) for its beginning, or another average");
    }
    if (lrSchedule == null && !(lr > 0 && lr < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "The learning rate must be above 0 and finite, but was " + lr);
    }
    learningRate = lr;
    learningRateSchedule = lrSchedule;
  }

  // No super.clone(): IUpdater's own classes do the same, and the fields are values.
  @Override
  @SuppressWarnings("MissingSuperCall")
  public PrimalAveraging clone() {
    return new PrimalAveraging(
        learningRate,
        learningRateSchedule == null ? null : learningRateSchedule.clone(),
        interpolation,
        averaging,
        warmUpSteps);
  }

  /** Deeplearning4j updates parameters of equal updaters in one go. */
  @Override
  public boolean equals(Object other) {
    return other instanceof PrimalAveraging that
        && Double.compare(learningRate, that.learningRate) == 0
        && Objects.equals(learningRateSchedule, that.learningRateSchedule)
        && interpolation == that.interpolation
        && averaging.equals(that.averaging)
        && warmUpSteps == that.warmUpSteps;
  }

  @Override
  public int hashCode() {
    return Objects.hash(learningRate, learningRateSchedule, interpolation, averaging, warmUpSteps);
  }

  @Override
  public String toString() {
    return "PrimalAveraging(learningRate=%s, interpolation=%s, averaging=%s, warmUpSteps=%d)"
        .formatted(
            learningRateSchedule == null ? learningRate : learningRateSchedule,
            interpolation,
            averaging,
            warmUpSteps);
  }
}
