// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import static io.github.ema4j.examples.experiments.Results.mean;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.examples.OpenMp;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.learning.config.Sgd;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Whether the gain of the average tells what annealing the learning rate would give: at several
 * moments of noisy-labels a copy of the network is trained for one more epoch, in which the rate
 * falls to 0.
 */
@Command(
    name = "forecast",
    description =
        "Compares what the default average gains with what one more, annealed epoch gains, after"
            + " every second epoch of noisy-labels.",
    sortOptions = false)
final class Forecast implements Callable<Integer> {
  private static final Experiment EXPERIMENT = Experiment.NOISY_LABELS;
  private static final int TEST_BATCH = 500;

  /** Epochs from one moment to the next. */
  private static final int EVERY = 2;

  static final List<String> CLAIMS =
      List.of(
          "The gain of the average and that of annealing have a correlation of 0.8 or more.",
          "In the mean they differ by less than 2 points.");

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Train from the seeds 1 to N, at least 1 (default: ${DEFAULT-VALUE}).")
  private int seeds;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  @SuppressWarnings("unused") // picocli reads it
  private boolean help;

  @Spec private CommandSpec command;

  /**
   * One moment of a training run: accuracies in per cent.
   *
   * @param raw of the raw weights
   * @param averaged of the default average
   * @param annealed of the raw weights after one more epoch in which the learning rate fell to 0
   */
  record Moment(double raw, double averaged, double annealed) {
    double gainOfAverage() {
      return averaged - raw;
    }

    double gainOfAnnealing() {
      return annealed - raw;
    }
  }

  @Override
  public Integer call() throws IOException {
    if (seeds < 1) {
      throw new ParameterException(command.commandLine(), "--seeds: has to be >= 1, not " + seeds);
    }
    OpenMp.useOneThreadUnlessSet();
    PrintWriter out = command.commandLine().getOut();
    List<Moment> all = new ArrayList<>();
    out.println("| seed | after epoch | raw | average | annealed |");
    out.println("| --- | --- | --- | --- | --- |");
    for (int seed = 1; seed <= seeds; seed++) {
      List<Moment> moments = run(seed);
      for (int i = 0; i < moments.size(); i++) {
        Moment moment = moments.get(i);
        out.printf(
            Locale.ROOT,
            "| %d | %d | %.1f | %.1f | %.1f |%n",
            seed,
            EVERY * (i + 1),
            moment.raw(),
            moment.averaged(),
            moment.annealed());
      }
      all.addAll(moments);
    }
    double[] average = all.stream().mapToDouble(Moment::gainOfAverage).toArray();
    double[] annealing = all.stream().mapToDouble(Moment::gainOfAnnealing).toArray();
    double correlation = correlation(average, annealing);
    double difference = mean(annealing) - mean(average);
    out.printf(
        Locale.ROOT,
        "%nAccuracy in per cent. The average gains %.1f points in the mean, annealing %.1f; correlation %.2f over %d moments.%n%n",
        mean(average),
        mean(annealing),
        correlation,
        all.size());
    boolean correlated = correlation >= 0.8;
    boolean close = Math.abs(difference) < 2;
    out.println((correlated ? "So it is: " : "NOT SO: ") + CLAIMS.get(0));
    out.println((close ? "So it is: " : "NOT SO: ") + CLAIMS.get(1));
    out.flush();
    return correlated && close ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private static List<Moment> run(long seed) throws IOException {
    Start start = Start.of(EXPERIMENT, seed, Experiment.EPOCHS);
    Start beside = Start.of(EXPERIMENT, seed, Experiment.EPOCHS); // images in an order of its own
    ImageIterator test = ImageIterator.inOrder(FashionMnist.test(), TEST_BATCH);
    ModelEmaListener ema = new ModelEmaListener();
    MultiLayerNetwork net = start.network();
    net.addListeners(ema);
    double rate = net.getLearningRate(0);
    List<Moment> moments = new ArrayList<>();
    for (int epoch = EVERY; epoch <= Experiment.EPOCHS; epoch += EVERY) {
      net.fit(start.training(), EVERY);
      int perEpoch = net.getIterationCount() / epoch;
      // Not a clone of the network, which would share its learning rate.
      MultiLayerNetwork annealed =
          EXPERIMENT.recipe().network(seed, new Sgd(new LinearToZero(rate, perEpoch)));
      annealed.setParams(net.params());
      annealed.fit(beside.training(), 1);
      moments.add(
          new Moment(
              accuracy(net, test),
              accuracy(ema.averagedNetwork(net), test),
              accuracy(annealed, test)));
    }
    return moments;
  }

  private static double accuracy(MultiLayerNetwork net, ImageIterator test) {
    return 100 * net.evaluate(test).accuracy();
  }

  /** Pearson's. */
  static double correlation(double[] a, double[] b) {
    double meanOfA = mean(a);
    double meanOfB = mean(b);
    double both = 0;
    double ofA = 0;
    double ofB = 0;
    for (int i = 0; i < a.length; i++) {
      both += (a[i] - meanOfA) * (b[i] - meanOfB);
      ofA += (a[i] - meanOfA) * (a[i] - meanOfA);
      ofB += (b[i] - meanOfB) * (b[i] - meanOfB);
    }
    return both / Math.sqrt(ofA * ofB);
  }
}
