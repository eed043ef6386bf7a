// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.testing.EmaOracle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One training run on a cluster of two executors, whose result is compared with a replay in this
 * process or with the result of an undisturbed run. Driven by {@code .ci/spark-cluster} and {@code
 * .ci/hosts}.
 *
 * <p>Arguments: master, directory, {@code round} or {@code step} (when the average is updated), and
 *
 * <ul>
 *   <li>{@code whole}: an undisturbed run, compared with its replay; its result is kept;
 *   <li>{@code disturbed}: whatever is done to it from outside, it ends with the same result;
 *   <li>{@code kill}: an executor halts in the middle of the second round;
 *   <li>{@code halt}: the driver halts in the middle of the second epoch, with exit code 9;
 *   <li>{@code resume}: goes on with the run that {@code halt} left.
 * </ul>
 *
 * <p>Properties: {@code cluster.hosts} is true if the workers of a round have a host each, rather
 * than an executor; {@code cluster.checkpoints} is where they are kept, by default in the
 * directory; {@code cluster.pause} the milliseconds that a worker rests after a minibatch; {@code
 * cluster.middle} those that one rests in the middle of the second round, after it has written its
 * host and process number to the file {@code middle-} and the mode.
 */
final class ClusterRun {

  private static final int WORKERS = 2;
  private static final int K = 4;
  private static final int EPOCHS = 2;
  private static final int ROUNDS = 6;
  private static final int HALT_AFTER = 5;
  private static final DecaySchedule SCHEDULE = DecaySchedule.constant(0.95);

  private ClusterRun() {}

  public static void main(String[] args) throws Exception {
    String master = args[0];
    Path directory = Path.of(args[1], args[2]);
    boolean everyStep = args[2].equals("step");
    String mode = args[3];
    Path recorded = Files.createDirectories(directory.resolve("recorded-" + mode));
    Path executors = Files.createDirectories(directory.resolve("executors-" + mode));
    Path kill = directory.resolve("kill");
    if (mode.equals("kill")) {
      Files.createFile(kill);
    }
    ParameterAveragingTrainingMaster.Builder training =
        new ParameterAveragingTrainingMaster.Builder(WORKERS, 4)
            .batchSizePerWorker(4)
            .averagingFrequency(K)
            .saveUpdater(true)
            .rngSeed(17)
            .rddTrainingApproach(RDDTrainingApproach.Direct)
            .trainingHooks(
                new Recorder(recorded),
                new Watch(executors, kill, directory.resolve("middle-" + mode)));
    EmaTrainingMaster.Builder builder =
        EmaTrainingMaster.builder(training).decay(SCHEDULE.decayAt(1));
    if (everyStep) {
      builder.averageEveryStep();
    }
    if (mode.equals("halt") || mode.equals("resume")) {
      String checkpoints =
          System.getProperty(
              "cluster.checkpoints", directory.resolve("checkpoints").toUri().toString());
      builder.checkpoints(checkpoints);
      System.out.println("checkpoints in " + checkpoints);
    }
    WatchedMaster watched =
        new WatchedMaster(
            builder,
            round -> {
              System.out.println("round " + round + " of " + ROUNDS);
              if (mode.equals("halt") && round == HALT_AFTER) {
                System.out.println("the driver halts after round " + round + " of " + ROUNDS);
                Runtime.getRuntime().halt(9);
              }
            });
    try (JavaSparkContext sc =
        new JavaSparkContext(new SparkConf().setMaster(master).setAppName("ClusterRun"))) {
      Set<String> lost = ConcurrentHashMap.newKeySet();
      sc.sc()
          .addSparkListener(
              new SparkListener() {
                @Override
                public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
                  lost.add(removed.executorId());
                }
              });
      EmaSparkTraining<?> run = Kind.BATCH_NORM.train(sc, Kind.BATCH_NORM.create(), watched);
      if (mode.equals("resume")) {
        require(run.rounds() == HALT_AFTER, "goes on after round " + run.rounds());
      }
      run.fit(sc.parallelize(Minibatches.of(27, 4), 3), EPOCHS);
      require(run.rounds() == ROUNDS, run.rounds() + " rounds");
      if (!mode.equals("disturbed")) {
        require(lost.isEmpty() != mode.equals("kill"), "executors lost: " + lost);
      }
    }
    if (!mode.equals("disturbed")) {
      requireApart(names(executors), mode.equals("resume") ? ROUNDS - HALT_AFTER : ROUNDS);
    }
    if (mode.equals("kill")) {
      require(Files.notExists(kill), "an executor halted in the middle of a round");
    }

    Round last = watched.watched().get(watched.watched().size() - 1);
    Path result = directory.resolve("result.bin");
    if (mode.equals("whole")) {
      Replay replay = new Replay(Kind.BATCH_NORM.create(), SCHEDULE, K);
      List<Round> expected =
          (everyStep ? replay.averagingEveryStep() : replay).of(new Recorder(recorded).rounds());
      Round.assertSame(expected, watched.watched());
      System.out.println(
          "PASSED: equal to the replay in one process after every round, bit for bit");
      Nd4j.writeAsNumpy(
          Nd4j.vstack(Nd4j.createFromArray(last.params()), Nd4j.createFromArray(last.average())),
          result.toFile());
    } else {
      INDArray expected = Nd4j.createFromNpyFile(result.toFile());
      Round.assertSame(
          List.of(
              new Round(
                  EmaOracle.floats(expected.getRow(0)), EmaOracle.floats(expected.getRow(1)))),
          List.of(last));
      System.out.println("PASSED: equal to the undisturbed run, bit for bit");
    }
  }

  /** Every worker of a round in a place of its own, so that they work at the same time. */
  private static void requireApart(Set<String> names, int rounds) {
    Map<String, Set<String>> places = new TreeMap<>();
    for (String name : names) {
      String[] stageExecutorHost = name.split("@");
      places
          .computeIfAbsent(stageExecutorHost[0], stage -> new TreeSet<>())
          .add(stageExecutorHost[Boolean.getBoolean("cluster.hosts") ? 2 : 1]);
    }
    require(
        places.size() == rounds
            && places.values().stream()
                .allMatch(of -> of.size() >= WORKERS && !of.contains("driver")),
        "each round trained in %d places: %s".formatted(WORKERS, places.values()));
  }

  private static void require(boolean condition, String what) {
    if (!condition) {
      throw new IllegalStateException("Not as it should be: " + what);
    }
    System.out.println("PASSED: " + what);
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return new TreeSet<>(files.map(file -> file.getFileName().toString()).toList());
    }
  }

  /**
   * Notes where rounds are trained, rests, and ends an executor if there is a file that says so.
   */
  private static final class Watch implements TrainingHook {

    private final String executors;
    private final String kill;
    private final String middle;
    private final int pause = Integer.getInteger("cluster.pause", 0);
    private final int rest = Integer.getInteger("cluster.middle", 0);
    private transient int fitted;

    Watch(Path executors, Path kill, Path middle) {
      this.executors = executors.toString();
      this.kill = kill.toString();
      this.middle = middle.toString();
    }

    @Override
    public void preUpdate(DataSet minibatch, Model model) {
      try {
        String place =
            "%06d@%s@%s"
                .formatted(
                    TaskContext.get().stageId(),
                    SparkEnv.get().executorId(),
                    InetAddress.getLocalHost().getHostName());
        Files.write(Path.of(executors, place), new byte[0]);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void postUpdate(DataSet minibatch, Model model) {
      fitted++;
      sleep(pause);
      int iterations = Networks.iterationCount(model);
      boolean here = TaskContext.getPartitionId() == 1 && iterations == K + 2 && fitted == 2;
      if (here && Path.of(kill).toFile().delete()) {
        Runtime.getRuntime().halt(137);
      }
      if (here && rest > 0 && Files.notExists(Path.of(middle))) {
        tellMiddle();
        sleep(rest);
      }
    }

    private void tellMiddle() {
      try {
        Path temporary = Path.of(middle + ".tmp");
        Files.writeString(
            temporary,
            "%s %d%n"
                .formatted(
                    InetAddress.getLocalHost().getHostName(), ProcessHandle.current().pid()));
        Files.move(temporary, Path.of(middle));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void sleep(int milliseconds) {
      try {
        Thread.sleep(milliseconds);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void preUpdate(MultiDataSet minibatch, Model model) {}

    @Override
    public void postUpdate(MultiDataSet minibatch, Model model) {}
  }
}
