// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.samediff;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.core.state.AverageState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.BaseListener;
import org.nd4j.autodiff.listeners.Loss;
import org.nd4j.autodiff.listeners.Operation;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Keeps an exponential moving average of a SameDiff's trainable variables while it trains.
 *
 * <pre>{@code
 * SameDiffEmaListener ema = new SameDiffEmaListener(sd);
 * sd.addListeners(ema);
 * sd.fit(trainingData, epochs);
 *
 * double accuracy = ema.evaluate(s -> evaluate(s, validation));
 * try (AveragedVariables averaged = ema.swap()) {
 *   sd.save(file, false); // the averaged weights
 * }
 * }</pre>
 *
 * <p>Averaged are all variables of the type VARIABLE and a floating data type, as {@link
 * ParameterAverage} averages one vector of them: an update with a value that is not finite in any
 * variable is left out for all. The average starts at the values before the first update. Training
 * is not influenced in any bit. Costs two copies of the variables: the average and the vector.
 *
 * <p>A listener belongs to one SameDiff, given to the constructor, and sees its training only, not
 * its validation or inference. Not thread-safe: use it on the thread that trains, or while no
 * training runs.
 */
public final class SameDiffEmaListener extends BaseListener {

  private final SameDiff sd;
  private final VariableVector variables;
  private final ParameterAverage average;
  // Whether an iteration has started that is not done yet.
  private boolean iterating;

  /**
   * Averages after every optimizer step, over a share of the run so far that fits any length:
   * {@link DecaySchedule#powerFunction}{@code (0.05)}.
   *
   * @param sd the SameDiff to be trained, its variables defined
   * @throws IllegalArgumentException if there are no trainable variables
   */
  public SameDiffEmaListener(SameDiff sd) {
    this(sd, DecaySchedule.powerFunction(0.05));
  }

  /**
   * Averages after every optimizer step with a decay that changes.
   *
   * @param sd the SameDiff to be trained, its variables defined
   * @param schedule the decay of each update
   * @throws IllegalArgumentException if there are no trainable variables
   */
  public SameDiffEmaListener(SameDiff sd, DecaySchedule schedule) {
    this(sd, AveragingConfig.of(schedule));
  }

  /**
   * Averages after every optimizer step with a constant decay.
   *
   * @param sd the SameDiff to be trained, its variables defined
   * @param decay in [0, 1], typically 0.99 to 0.9999
   * @throws IllegalArgumentException if the decay is not in [0, 1], or there are no trainable
   *     variables
   */
  public SameDiffEmaListener(SameDiff sd, double decay) {
    this(sd, AveragingConfig.of(decay));
  }

  /**
   * Averages as configured.
   *
   * @param sd the SameDiff to be trained, its variables defined
   * @param config schedule, cadence, precision
   * @throws IllegalArgumentException if there are no trainable variables, or the policy is {@code
   *     RESTORE}
   */
  public SameDiffEmaListener(SameDiff sd, AveragingConfig config) {
    this.sd = Objects.requireNonNull(sd, "sd");
    if (config.onNonFinite() == NonFinitePolicy.RESTORE) {
      throw new IllegalArgumentException(
          "The variables of a SameDiff cannot be restored, as the state of its updaters is out of"
              + " reach while it trains: use another NonFinitePolicy than RESTORE");
    }
    variables = new VariableVector(sd);
    average = new ParameterAverage(config, variables.values());
  }

  private SameDiffEmaListener(SameDiff sd, VariableVector variables, ParameterAverage average) {
    this.sd = sd;
    this.variables = variables;
    this.average = average;
  }

  // ---------------------------------------------------------------- training

  @Override
  public boolean isActive(Operation operation) {
    return operation == Operation.TRAINING;
  }

  // Later callbacks of a training pass SameDiff's internal function of gradients, not the instance.
  @Override
  @SuppressWarnings("ReferenceEquality") // equal graphs have variables of their own
  public void iterationStart(SameDiff trained, At at, MultiDataSet data, long etlTimeMs) {
    if (trained != sd) {
      throw new IllegalStateException(
          "This SameDiffEmaListener averages another SameDiff than the one that trains now: create"
              + " a new listener per instance");
    }
    if (average.isSwapped()) {
      throw new IllegalStateException(
          "Training while the averaged values are swapped in would train them and lose the raw"
              + " ones: close the AveragedVariables first");
    }
    if (average.stepCount() == 0) {
      average.set(variables.gather());
    }
    iterating = true;
  }

  @Override
  public void iterationDone(SameDiff gradients, At at, MultiDataSet data, Loss loss) {
    if (!iterating) {
      throw new IllegalStateException(
          "This SameDiffEmaListener is registered more than once with one SameDiff and would"
              + " average as often per step: register it once");
    }
    iterating = false;
    long count =
        average.config().unit() == AveragingUnit.EXAMPLES ? data.getFeatures(0).size(0) : 1;
    long epochs = average.config().startAfterEpochs() > 0 ? at.epoch() : 0;
    average.update(variables.gather(), count, epochs);
  }

  // ---------------------------------------------------------------- the averaged variables

  /**
   * Puts the averaged values into the variables until the returned object is closed. Training
   * meanwhile is refused.
   *
   * @return puts the raw values back when closed, bit for bit
   * @throws IllegalStateException if swapped already
   */
  public AveragedVariables swap() {
    if (average.isSwapped()) { // before gathering, which would write into what is swapped
      throw new IllegalStateException(
          "The averaged values are swapped in already: close the AveragedVariables first");
    }
    Swap swap = average.swap(variables.gather());
    AveragedVariables averaged = new AveragedVariables(swap, variables);
    try {
      variables.scatter();
    } catch (RuntimeException | Error e) {
      averaged.close();
      throw e;
    }
    return averaged;
  }

  /**
   * Evaluates with the averaged values in the variables, also from another listener during
   * training.
   *
   * @param evaluation gets the SameDiff; must not train it
   * @param <T> what it finds out
   * @return its result; the raw values are back, also if it throws
   * @throws IllegalStateException if swapped already
   */
  public <T> T evaluate(Function<? super SameDiff, T> evaluation) {
    try (AveragedVariables ignored = swap()) {
      return evaluation.apply(sd);
    }
  }

  /**
   * The averaged values by name.
   *
   * @return copies, in the shapes of the variables
   * @throws IllegalStateException while swapped
   */
  public Map<String, INDArray> averages() {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return variables.split(average.shadow());
    }
  }

  /**
   * The average of all variables in one vector, with its counters: updates, decay, initial share,
   * skipped updates.
   *
   * @return shared with this listener
   */
  public ParameterAverage average() {
    return average;
  }

  // ---------------------------------------------------------------- saved state

  /**
   * Saves the average with its counters and settings, to go on with later. Save the SameDiff at the
   * same moment: {@code sd.save(file, true)}.
   *
   * @param file to be made or replaced, in one step
   * @throws IOException if the file cannot be written; one of that name is as it was then
   * @throws IllegalStateException while swapped
   */
  public void save(Path file) throws IOException {
    StateFile.write(file, AverageState.of(average), variables.shapes());
  }

  /**
   * Goes on with a saved average as if training had never stopped.
   *
   * @param sd the SameDiff as it was when the average was saved
   * @param file written by {@link #save}
   * @return a listener to be registered with the SameDiff
   * @throws IOException if the file cannot be read or is damaged
   * @throws IllegalArgumentException if it is the average of other variables, or was made with a
   *     custom schedule
   */
  public static SameDiffEmaListener resume(SameDiff sd, Path file) throws IOException {
    VariableVector variables = new VariableVector(sd);
    AverageState state = StateFile.read(file, variables.shapes());
    return new SameDiffEmaListener(sd, variables, state.resume(variables.values()));
  }

  /**
   * Goes on with a saved average whose settings must be those given: for a custom schedule, which a
   * file cannot hold.
   *
   * @param sd the SameDiff as it was when the average was saved
   * @param file written by {@link #save}
   * @param config the configuration that it was made with
   * @return a listener to be registered with the SameDiff
   * @throws IOException if the file cannot be read or is damaged
   * @throws IllegalArgumentException if it is the average of other variables or was made with other
   *     settings
   */
  public static SameDiffEmaListener resume(SameDiff sd, Path file, AveragingConfig config)
      throws IOException {
    VariableVector variables = new VariableVector(sd);
    AverageState state = StateFile.read(file, variables.shapes());
    return new SameDiffEmaListener(sd, variables, state.resume(variables.values(), config));
  }

  @Override
  public String toString() {
    return "SameDiffEmaListener[" + average + "]";
  }
}
