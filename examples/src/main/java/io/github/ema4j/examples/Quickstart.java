// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.examples.report.AccuracyChart;
import io.github.ema4j.examples.report.EpochMetrics;
import io.github.ema4j.examples.report.MeanLossListener;
import io.github.ema4j.examples.report.MetricsCsv;
import io.github.ema4j.examples.report.MetricsTable;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import io.github.ema4j.train.images.LabelledImages;
import io.github.ema4j.train.record.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/**
 * Trains a DL4J network on images of clothing and shows how much better its averaged weights are.
 *
 * <p>The average takes one added line: {@code net.addListeners(ema)} in {@link #call}. The rest is
 * plain DL4J. With 30 % of the training labels wrong and a constant learning rate, the averaged
 * weights recognise several per cent more of the test images than the weights they are made of.
 */
@Command(
    name = "quickstart",
    description = "Trains a network on Fashion-MNIST and compares its weights with their average.",
    sortOptions = false,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:done", "1:the run failed", "2:wrong options"})
public final class Quickstart implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(Quickstart.class);

  @Mixin private QuickstartOptions options;

  @Override
  public Integer call() throws IOException {
    options.check();
    OpenMp.useOneThreadUnlessSet();

    // One seed for each use: with the same one, wrong labels and batches would be drawn alike.
    Random seeds = new Random(options.seed());

    // First: the images, in mini-batches.
    Recipe recipe = options.recipe();
    LabelledImages images =
        FashionMnist.training().withWrongLabels(options.wrongLabels(), seeds.nextLong());
    DataSetIterator training = ImageIterator.shuffled(images, recipe.batchSize(), seeds.nextLong());
    DataSetIterator test = ImageIterator.inOrder(FashionMnist.test(), 500);

    // Second: the network and the average of its weights.
    MultiLayerNetwork net = recipe.network(seeds.nextLong());
    ModelEmaListener ema = options.average();
    net.addListeners(ema); // the one added line

    log.info(
        "Training {} weights on {} images of clothing, {} % of them with a wrong label",
        net.numParams(), images.size(), Math.round(100 * options.wrongLabels()));
    log.info("");

    // Third: an ordinary training loop, then the averaged network to keep.
    List<EpochMetrics> metrics = train(net, training, new EmaEvaluator(ema, test));
    save(ema.averagedNetwork(net), metrics, test);
    return CommandLine.ExitCode.OK;
  }

  private List<EpochMetrics> train(
      MultiLayerNetwork net, DataSetIterator training, EmaEvaluator evaluator) {
    MeanLossListener loss = new MeanLossListener();
    net.addListeners(loss);
    List<EpochMetrics> metrics = new ArrayList<>();
    for (int epoch = 1; epoch <= options.epochs(); epoch++) {
      net.fit(training);
      Comparison comparison = evaluator.compare(net);
      EpochMetrics row = EpochMetrics.of(epoch, loss.mean(), comparison);
      if (metrics.isEmpty()) {
        log.info(MetricsTable.HEADER);
      }
      log.info(MetricsTable.row(row));
      metrics.add(row);
    }
    return metrics;
  }

  private void save(MultiLayerNetwork averaged, List<EpochMetrics> metrics, DataSetIterator test)
      throws IOException {
    Path zip =
        OutputFile.write(
            options.output().resolve("averaged-network.zip"),
            out -> ModelSerializer.writeModel(averaged, out, false));
    Path csv = MetricsCsv.write(options.output().resolve("metrics.csv"), metrics);
    Path png =
        AccuracyChart.write(options.output().resolve("accuracy.png"), options.title(), metrics);
    EpochMetrics last = metrics.get(metrics.size() - 1);
    requireSameAccuracy(zip, test, last.averagedAccuracy());
    log.info("");
    log.info(MetricsTable.summary(last));
    log.info("{}: the averaged network; loaded with plain DL4J, it gets the same accuracy", zip);
    log.info("{}: the table above", csv);
    log.info("{}: its accuracies as curves", png);
  }

  /**
   * Proves that the file needs no EMA4J: plain DL4J loads the network and gets the same accuracy.
   *
   * @throws IOException if it does not
   */
  static void requireSameAccuracy(Path zip, DataSetIterator test, double expected)
      throws IOException {
    MultiLayerNetwork reloaded = MultiLayerNetwork.load(zip.toFile(), false);
    Evaluation evaluation = reloaded.evaluate(test);
    if (evaluation.accuracy() != expected) {
      throw new IOException(
          String.format(
              "%s was loaded with accuracy %s, but had %s when it was saved: do not use it",
              zip, evaluation.accuracy(), expected));
    }
  }

  static CommandLine commandLine() {
    return new CommandLine(new Quickstart())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Quickstart::wrongOptions)
        .setExecutionExceptionHandler(Quickstart::failed);
  }

  private static int wrongOptions(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    command.getErr().println(e.getMessage());
    command.getErr().println("--help shows the options.");
    return CommandLine.ExitCode.USAGE;
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult result)
      throws Exception {
    if (e instanceof IOException) {
      command.getErr().println("failed: " + e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
    throw e; // picocli prints where it comes from and exits with the same code
  }

  /** Runs with the given options and exits: 0 done, 1 failed, 2 wrong options. */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true"); // the chart is drawn into a file
    System.exit(commandLine().execute(args));
  }
}
