// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.AverageGroup;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Several averages of one network, so that the right decay need not be known before training: train
 * once, then keep the average that validates best.
 *
 * <pre>{@code
 * ModelEmaGroup group = ModelEmaGroup.of(0.99, 0.999, 0.9999);
 * net.addListeners(group);
 * net.fit(trainingData, epochs);
 *
 * Scores scores =
 *     new EmaEvaluator(group, validationData)
 *         .compare(net)
 *         .maximizing(result -> result.get(Evaluation.class).accuracy());
 * MultiLayerNetwork best = group.get(scores.best().index()).averagedNetwork(net);
 * }</pre>
 *
 * <p>Register the group, not its members: it updates them all. Otherwise each member is a {@link
 * ModelEmaListener} as any, to be evaluated, swapped in, exported or saved; one can be swapped in
 * at a time. Each has the bits that it would have if it were registered alone.
 *
 * <p><b>Memory:</b> one vector of parameters per member. <b>Time:</b> the parameters are read and
 * checked once per step however many members there are, and each shadow is read and written; four
 * averages take about 0.8 times as long as four listeners where memory is the limit.
 *
 * <p>Where several members have the policy {@link io.github.ema4j.core.NonFinitePolicy#RESTORE},
 * the network is restored from the first whose update was due.
 *
 * <p>Thread-safety is that of {@link ModelEmaListener}.
 */
public final class ModelEmaGroup extends AveragingListener {

  private final List<ModelEmaListener> members;

  private volatile AverageGroup averages; // null until all members are started

  private ModelEmaGroup(List<ModelEmaListener> members) {
    if (members.isEmpty()) {
      throw new IllegalArgumentException("A group needs at least one average");
    }
    this.members = List.copyOf(members);
    this.members.forEach(ModelEmaListener::requireDriven);
    if (this.members.stream().distinct().count() < members.size()) {
      throw new IllegalArgumentException("A listener can be in a group only once");
    }
    List<AveragingUnit> units =
        this.members.stream().map(member -> member.config().unit()).distinct().toList();
    if (units.size() > 1) {
      throw new IllegalArgumentException(
          "The averages of a group must count the same, but count " + units);
    }
    this.members.stream()
        .filter(ModelEmaListener::isStarted)
        .forEach(member -> member.followed().requireCurrent());
    // Members that go on with an average have a network already: it has to be the same.
    this.members.stream()
        .flatMap(member -> member.followed().network().stream())
        .findFirst()
        .ifPresent(this::start);
    this.members.forEach(member -> member.join(this));
  }

  /**
   * Averages with constant decays.
   *
   * @param decays one or more in [0, 1]
   * @return the group
   * @throws IllegalArgumentException if there is none, or one is not in [0, 1]
   */
  public static ModelEmaGroup of(double... decays) {
    return new ModelEmaGroup(Arrays.stream(decays).mapToObj(ModelEmaListener::new).toList());
  }

  /**
   * Averages with decay schedules.
   *
   * @param schedules one or more
   * @return the group
   * @throws IllegalArgumentException if there is none
   */
  public static ModelEmaGroup of(DecaySchedule... schedules) {
    return new ModelEmaGroup(Arrays.stream(schedules).map(ModelEmaListener::new).toList());
  }

  /**
   * Averages as configured.
   *
   * @param configs one or more
   * @return the group
   * @throws IllegalArgumentException if there is none, or they count in different units
   */
  public static ModelEmaGroup of(AveragingConfig... configs) {
    return new ModelEmaGroup(Arrays.stream(configs).map(ModelEmaListener::new).toList());
  }

  /**
   * Makes a group of listeners: of those that select parameters, or that go on with averages of
   * checkpoints. They must average the same parameters of the same network, and may not be
   * registered by themselves.
   *
   * @param members one or more
   * @return the group
   * @throws IllegalArgumentException if there is none, one is given twice, or they count in
   *     different units
   * @throws IllegalStateException if one is in a group already, or they have different networks
   */
  public static ModelEmaGroup of(ModelEmaListener... members) {
    return new ModelEmaGroup(Arrays.asList(members));
  }

  @Override
  public List<ModelEmaListener> members() {
    return members;
  }

  /**
   * One of the averages.
   *
   * @param index from 0, in the order given
   * @return the listener that keeps it
   * @throws IndexOutOfBoundsException if there is none of that index
   */
  public ModelEmaListener get(int index) {
    return members.get(index);
  }

  // ---------------------------------------------------------------- training

  @Override
  void requireDriven() {} // nobody else drives a group

  @Override
  void startFromPresentWeights() {
    members.forEach(ModelEmaListener::startFromPresentWeights);
  }

  @Override
  boolean move(INDArray params, long steps, long epochs) {
    return averages.update(params, steps, epochs);
  }

  @Override
  void beginMove(INDArray params, long steps, long epochs) {
    averages.beginUpdate(params, steps, epochs);
  }

  @Override
  void settle() {
    averages.awaitUpdate();
  }

  // ---------------------------------------------------------------- by hand

  @Override
  public ModelEmaGroup start(Model network) {
    if (averages == null) {
      ParameterAverage[] all =
          members.stream()
              .map(member -> member.averageOf(network))
              .toArray(ParameterAverage[]::new);
      AverageGroup together = AverageGroup.of(all); // refuses before anything is kept
      followed().bind(network, Arrays.stream(all).anyMatch(average -> average.stepCount() > 0));
      for (int i = 0; i < all.length; i++) {
        members.get(i).begin(network, all[i]);
      }
      averages = together;
    }
    followed().require(network);
    return this;
  }

  @Override
  public void restart(Model network) {
    start(network);
    followed().requireNotSwapped("Averaged weights are swapped into the network");
    members.forEach(member -> member.restart(network));
  }

  // ---------------------------------------------------------------- its state and its followers

  @Override
  public boolean isStarted() {
    return averages != null;
  }

  @Override
  public boolean isSwapped() {
    return followed().isSwapped() || holdsRaw();
  }

  @Override
  boolean holdsRaw() {
    return members.stream().anyMatch(ModelEmaListener::holdsRaw);
  }

  @Override
  public ModelEmaGroup andThen(TrainingListener... followers) {
    followed().add(List.of(followers));
    return this;
  }

  @Override
  public TrainingListener during(TrainingListener listener) {
    if (members.size() > 1) {
      throw new IllegalStateException(
          "A listener sees one set of weights per call, but this group keeps %d averages: wrap one listener for each, group.get(0).during(...), group.get(1).during(...)"
              .formatted(members.size()));
    }
    return members.get(0).during(listener);
  }

  @Override
  public String toString() {
    return "ModelEmaGroup" + members;
  }
}
