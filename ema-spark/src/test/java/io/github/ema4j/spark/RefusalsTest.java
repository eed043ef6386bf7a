// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.Swap;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.NetworkParameter;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.testing.EmaOracle;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingMaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Whatever would average nothing, or the wrong thing, is refused before a task has run. */
@SparkTest
class RefusalsTest {

  private static ParameterAveragingTrainingMaster.Builder training() {
    return new ParameterAveragingTrainingMaster.Builder(2, 4)
        .batchSizePerWorker(4)
        .averagingFrequency(2)
        .rddTrainingApproach(RDDTrainingApproach.Direct);
  }

  private static EmaTrainingMaster.Builder averaging() {
    return EmaTrainingMaster.builder(training()).decay(0.9);
  }

  private static EmaSharedTrainingMaster.Builder sharing() {
    return EmaSharedTrainingMaster.experimental(RecordedMaster.training()).executors(1).decay(0.9);
  }

  private static MultiLayerNetwork network() {
    return (MultiLayerNetwork) Kind.LAYERS.create();
  }

  private static JavaRDD<DataSet> data(JavaSparkContext sc) {
    return sc.parallelize(Minibatches.of(4, 4), 2);
  }

  private static void assertRefused(
      Class<? extends Throwable> type, String message, Executable executable) {
    Throwable e = assertThrows(type, executable);
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  // ---------------------------------------------------------------- listeners

  @Test
  void averagingListenersOfTheDriversNetwork(JavaSparkContext sc) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    for (TrainingListener listener :
        List.of(
            ema,
            ModelEmaGroup.of(0.9, 0.99),
            new EmaEvaluator(ema, new ListDataSetIterator<>(Minibatches.of(1, 4))).everyEpochs(1),
            ema.during(new ModelEmaListener(0.9)))) {
      for (TrainingMaster<?, ?> master : List.of(averaging().build(), sharing().build())) {
        MultiLayerNetwork network = network();
        SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network, master);
        network.addListeners(listener);
        float[] before = EmaOracle.floats(network.params());
        assertRefused(
            IllegalArgumentException.class,
            "Remove it: the training master keeps the average, in master.ema()",
            () -> spark.fit(data(sc)));
        assertArrayEquals(before, EmaOracle.floats(network.params()), "nothing was trained");
      }
    }
  }

  @Test
  void averagingListenersOfTheWorkers(JavaSparkContext sc) {
    for (TrainingMaster<?, ?> master : List.of(averaging().build(), sharing().build())) {
      SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network(), master);
      assertRefused(
          IllegalArgumentException.class,
          "A ModelEmaListener at a worker would average nothing on Spark",
          () -> spark.setListeners(new ModelEmaListener(0.9)));
      assertRefused(
          IllegalArgumentException.class,
          "A ModelEmaListener at a worker would average nothing on Spark",
          () -> spark.setListeners((StatsStorageRouter) null, new ModelEmaListener(0.9)));
    }
  }

  /** Where Spark is on the class path, the message about an average without training names it. */
  @Test
  void anAverageThatHasSeenNoTraining() {
    assertRefused(
        IllegalStateException.class,
        "train with EmaTrainingMaster of ema-spark",
        () -> new ModelEmaListener(0.9).shadow());
  }

  // ---------------------------------------------------------------- other masters

  @Test
  void sharedTrainingMaster(JavaSparkContext sc) {
    for (SharedTrainingMaster master :
        List.of(RecordedMaster.training().build(), new SharedTrainingMaster() {})) {
      assertRefused(
          IllegalArgumentException.class,
          "updates that arrive between two fits are dropped",
          () -> EmaSparkTraining.of(sc, network(), master));
      assertRefused(
          IllegalArgumentException.class,
          "as an experiment, with EmaSharedTrainingMaster.experimental(...)",
          () -> EmaSparkTraining.of(sc, network(), master));
    }
  }

  @Test
  void theExperimentWhereRunsAreResumed(JavaSparkContext sc) {
    assertRefused(
        IllegalArgumentException.class,
        "give it to SparkDl4jMultiLayer or SparkComputationGraph",
        () -> EmaSparkTraining.of(sc, network(), sharing().build()));
  }

  @Test
  void aMasterThatWasBuiltWithoutAnAverage(JavaSparkContext sc) {
    assertRefused(
        IllegalArgumentException.class,
        "give its builder to EmaTrainingMaster.builder(...)",
        () -> EmaSparkTraining.of(sc, network(), training().build()));
  }

  // ---------------------------------------------------------------- data

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"LAYERS", "GRAPH"})
  void exportOfObjectsThatAreLargerThanABatch(Kind kind, JavaSparkContext sc) throws Exception {
    EmaTrainingMaster master =
        EmaTrainingMaster.builder(
                new ParameterAveragingTrainingMaster.Builder(2, 8)
                    .batchSizePerWorker(4)
                    .averagingFrequency(2)
                    .rddTrainingApproach(RDDTrainingApproach.Export))
            .decay(0.9)
            .build();
    EmaSparkTraining<?> run = kind.train(sc, kind.create(), master);
    assertRefused(
        IllegalStateException.class,
        "objects of at most batchSizePerWorker examples",
        () -> run.fit(sc.parallelize(Minibatches.of(4, 8), 2), 1));
  }

  // ---------------------------------------------------------------- networks

  @Test
  void aMasterOfAnotherNetwork(JavaSparkContext sc) {
    EmaTrainingMaster master = averaging().build();
    new SparkDl4jMultiLayer(sc, network(), master).fit(data(sc));
    SparkDl4jMultiLayer other = new SparkDl4jMultiLayer(sc, network(), master);
    assertRefused(
        IllegalStateException.class, "build a new one for each network", () -> other.fit(data(sc)));
  }

  @Test
  void trainingWhileSwapped(JavaSparkContext sc) throws Exception {
    MultiLayerNetwork network = network();
    EmaSparkTraining<MultiLayerNetwork> run = EmaSparkTraining.of(sc, network, averaging().build());
    run.fit(data(sc), 1);
    try (Swap ignored = run.ema().swap(network)) {
      assertRefused(
          IllegalStateException.class, "close the Swap first", () -> run.fit(data(sc), 2));
    }
    run.fit(data(sc), 2);
  }

  @Test
  void everyStepOfTruncatedBackpropagation(JavaSparkContext sc) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new LSTM.Builder().nIn(6).nOut(3).build())
                .layer(
                    new RnnOutputLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .nIn(3)
                        .nOut(3)
                        .build())
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTLength(2)
                .build());
    network.init();
    assertRefused(
        IllegalStateException.class,
        "a minibatch is several steps",
        () -> EmaSparkTraining.of(sc, network, averaging().averageEveryStep().build()));
  }

  @Test
  void aGraphWhoseParametersTheWorkersWouldMixUp(JavaSparkContext sc) {
    ComputationGraph graph = reordered();
    assertNotEquals(
        NetworkParameter.of(Kind.GRAPH.create()), NetworkParameter.of(graph), "a test of nothing");
    assertRefused(
        IllegalArgumentException.class,
        "mix up its parameters",
        () -> EmaSparkTraining.of(sc, graph, averaging().build()));
  }

  /** As good an order of its vertices, as a file may have it. */
  static ComputationGraph reordered() {
    ComputationGraphConfiguration conf =
        ((ComputationGraph) Kind.GRAPH.create()).getConfiguration();
    List<String> order = new ArrayList<>(conf.getTopologicalOrderStr());
    order.remove("narrow");
    order.add(order.indexOf("wide"), "narrow");
    List<String> vertices = new ArrayList<>(conf.getNetworkInputs());
    vertices.addAll(conf.getVertices().keySet());
    ComputationGraphConfiguration reordered = conf.clone();
    reordered.setTopologicalOrderStr(order);
    reordered.setTopologicalOrder(order.stream().mapToInt(vertices::indexOf).toArray());
    ComputationGraph graph = new ComputationGraph(reordered);
    graph.init();
    return graph;
  }

  // ---------------------------------------------------------------- settings

  @Test
  void settings() {
    EmaTrainingMaster.Builder builder = EmaTrainingMaster.builder(training());
    assertRefused(
        IllegalArgumentException.class,
        "leave updateEvery at 1, not 5",
        () -> builder.averaging(AveragingConfig.builder().decay(0.9).updateEvery(5).build()));
    assertRefused(
        IllegalArgumentException.class,
        "correctDecayForInterval",
        () ->
            builder.averaging(
                AveragingConfig.builder().decay(0.9).correctDecayForInterval(false).build()));
    assertRefused(
        IllegalArgumentException.class,
        "horizon(Horizon.EXAMPLES)",
        () ->
            builder.averaging(
                AveragingConfig.builder().decay(0.9).unit(AveragingUnit.EXAMPLES).build()));
    assertRefused(
        IllegalArgumentException.class,
        "startAfterEpochs(2)",
        () -> builder.averaging(AveragingConfig.builder().decay(0.9).startAfterEpochs(2).build()));
    assertRefused(
        IllegalArgumentException.class,
        "RESTORE does not reach",
        () ->
            builder.averaging(
                AveragingConfig.builder().decay(0.9).onNonFinite(NonFinitePolicy.RESTORE).build()));
    assertRefused(IllegalArgumentException.class, "1.5", () -> builder.decay(1.5));
    assertRefused(
        IllegalArgumentException.class,
        "everyRounds must be at least 1, but was 0",
        () -> builder.checkpoints("runs", 0, 1));
    assertRefused(
        IllegalArgumentException.class,
        "keepLast must be at least 1, but was -1",
        () -> builder.checkpoints("runs", 1, -1));
    assertRefused(IllegalStateException.class, "needs a decay", builder::build);
  }

  @Test
  void settingsOfGradientSharing() {
    SharedTrainingMaster.Builder training = RecordedMaster.training();
    EmaSharedTrainingMaster.Builder builder = EmaSharedTrainingMaster.experimental(training);
    assertRefused(IllegalStateException.class, "call executors(...)", builder::build);
    assertRefused(
        IllegalArgumentException.class,
        "executors must be at least 1, but was 0",
        () -> builder.executors(0));
    builder.executors(3);
    assertRefused(IllegalStateException.class, "needs a decay", builder::build);
    assertRefused(IllegalArgumentException.class, "1.5", () -> builder.decay(1.5));
    assertRefused(IllegalArgumentException.class, "NaN", () -> builder.decay(Double.NaN));
    builder.decay(0.9);
    assertRefused(
        IllegalStateException.class,
        "There is no average yet: call fit first",
        builder.build()::ema);
    training.workersPerNode(2);
    assertRefused(IllegalStateException.class, "must be 1, but was 2", builder::build);
    training.workersPerNode(-1);
    assertRefused(
        IllegalStateException.class, "must be 1, but was left to Deeplearning4j", builder::build);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "local[2] | spark.task.cpus=1 | has 2 cores | use the master local[1]",
        "local[4,3] | spark.task.cpus=2 | has 4 cores | use the master local[1]",
        "spark://host:7077 | spark.task.cpus=1 | all its worker's cores | set"
            + " spark.executor.cores=1",
        "spark://host:7077 | spark.executor.cores=2 | has 2 cores | set spark.executor.cores=1",
        "yarn | spark.executor.cores=3 | has 3 cores | or spark.task.cpus to the cores"
      })
  void executorsThatRunSeveralTasksAtOnce(
      String master, String setting, String has, String advice) {
    SparkConf conf = conf(master, setting);
    assertRefused(IllegalStateException.class, has, () -> SingleTasks.require(conf));
    assertRefused(IllegalStateException.class, advice, () -> SingleTasks.require(conf));
  }

  @ParameterizedTest
  @CsvSource({
    "local, spark.task.cpus=1",
    "local[1], spark.task.cpus=1",
    "'local[1,4]', spark.executor.cores=8",
    "local[2], spark.task.cpus=2",
    "local[3], spark.task.cpus=2",
    "spark://host:7077, spark.executor.cores=1",
    "yarn, spark.task.cpus=1",
    "k8s://https://host, spark.task.cpus=1"
  })
  void executorsThatRunOneTaskAtATimeAreNotRefused(String master, String setting) {
    SingleTasks.require(conf(master, setting));
  }

  private static SparkConf conf(String master, String setting) {
    int equals = setting.indexOf('=');
    return new SparkConf(false)
        .setMaster(master)
        .set(setting.substring(0, equals), setting.substring(equals + 1));
  }

  @Test
  void gradientSharingWithTwoTasksAtOnce(JavaSparkContext sc) {
    SparkDl4jMultiLayer spark = new SparkDl4jMultiLayer(sc, network(), sharing().build());
    assertRefused(
        IllegalStateException.class,
        "With the master local[2], an executor has 2 cores",
        () -> spark.fit(data(sc)));
  }

  @Test
  void everyStepWithWhatTheWorkersCannotDo() {
    assertRefused(
        IllegalStateException.class,
        "leave the horizon at ITERATIONS",
        () -> averaging().averageEveryStep().horizon(Horizon.EXAMPLES).build());
    DecaySchedule custom =
        new DecaySchedule() {
          @Override
          public double decayAt(long update) {
            return 0.5;
          }

          @Override
          public String spec() {
            return "mine()";
          }
        };
    assertRefused(
        IllegalStateException.class,
        "'mine()' is not one that can be read back",
        () ->
            averaging()
                .averaging(AveragingConfig.builder().schedule(custom).build())
                .averageEveryStep()
                .build());
  }

  @Test
  void calls(JavaSparkContext sc) throws Exception {
    EmaTrainingMaster master = averaging().build();
    assertRefused(IllegalStateException.class, "no average yet", master::ema);
    EmaSparkTraining<MultiLayerNetwork> run = EmaSparkTraining.of(sc, network(), master);
    assertRefused(IllegalStateException.class, "begun already", () -> master.open(sc, network()));
    assertRefused(
        IllegalArgumentException.class,
        "epochs must be at least 1, but was 0",
        () -> run.fit(data(sc), 0));
    assertRefused(
        IllegalArgumentException.class,
        "'nowhere://host/run'",
        () ->
            EmaSparkTraining.of(
                sc, network(), averaging().checkpoints("nowhere://host/run").build()));
  }
}
