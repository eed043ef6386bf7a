// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import ch.qos.logback.classic.Level;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.core.storage.Persistable;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.Checkpoint;
import org.deeplearning4j.optimize.listeners.CheckpointListener;
import org.deeplearning4j.optimize.listeners.CollectScoresIterationListener;
import org.deeplearning4j.optimize.listeners.EvaluativeListener;
import org.deeplearning4j.optimize.listeners.PerformanceListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.stats.api.StatsReport;
import org.deeplearning4j.ui.model.stats.api.StatsType;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** The listeners that come with Deeplearning4j, as a pipeline has them, and what they noted. */
final class StockListeners implements AutoCloseable {

  /** Everything that they noted, in a form that can be compared. */
  record Notes(
      List<Double> scores,
      List<Double> accuracies,
      List<String> logged,
      List<Bits> checkpoints,
      List<String> statistics) {}

  private final CollectScoresIterationListener scores = new CollectScoresIterationListener();
  private final EvaluativeListener evaluative;
  private final List<Double> accuracies = new ArrayList<>();
  private final PerformanceListener performance =
      new PerformanceListener.Builder()
          .reportScore(true)
          .reportTime(false)
          .reportSample(false)
          .reportBatch(false)
          .reportETL(false)
          .build();
  private final ScoreIterationListener score = new ScoreIterationListener(1);
  private final CheckpointListener checkpoints;
  private final InMemoryStatsStorage storage = new InMemoryStatsStorage();
  private final StatsListener stats = new StatsListener(storage, 1, "session");
  private final LogCapture performanceLog = new LogCapture(PerformanceListener.class);
  private final LogCapture scoreLog = new LogCapture(ScoreIterationListener.class);

  StockListeners(DataSetIterator validation, Path folder) {
    evaluative = new EvaluativeListener(validation, 1);
    evaluative.setCallback(
        (listener, network, count, evaluations) ->
            accuracies.add(((Evaluation) evaluations[0]).accuracy()));
    checkpoints =
        new CheckpointListener.Builder(folder.toFile()).saveEveryNIterations(2).keepAll().build();
  }

  List<TrainingListener> all() {
    return List.of(scores, evaluative, performance, score, checkpoints, stats);
  }

  Notes notes() {
    List<String> logged = new ArrayList<>(performanceLog.messages(Level.INFO));
    logged.addAll(scoreLog.messages(Level.INFO));
    List<Double> scoreValues = new ArrayList<>();
    for (double value : scores.getScoreVsIter().getEffectiveScores()) {
      scoreValues.add(value);
    }
    List<Bits> saved = new ArrayList<>();
    for (Checkpoint checkpoint : checkpoints.availableCheckpoints()) {
      saved.add(Bits.of(load(checkpoint).params()));
    }
    return new Notes(scoreValues, List.copyOf(accuracies), logged, saved, statistics());
  }

  private Model load(Checkpoint checkpoint) {
    return checkpoint.getModelType().equals(MultiLayerNetwork.class.getSimpleName())
        ? checkpoints.loadCheckpointMLN(checkpoint)
        : CheckpointListener.loadCheckpointCG(
            checkpoints.getFileForCheckpoint(checkpoint).getParentFile(), checkpoint);
  }

  /** The reports to the training UI, without times and memory. */
  private List<String> statistics() {
    List<String> statistics = new ArrayList<>();
    for (String type : storage.listTypeIDsForSession("session")) {
      for (Persistable update : storage.getAllUpdatesAfter("session", type, 0)) {
        StatsReport report = (StatsReport) update;
        statistics.add(
            "%d %s %s %s %s"
                .formatted(
                    report.getIterationCount(),
                    report.getScore(),
                    report.getMeanMagnitudes(StatsType.Parameters),
                    report.getMeanMagnitudes(StatsType.Gradients),
                    report.getMeanMagnitudes(StatsType.Updates)));
      }
    }
    statistics.sort(null);
    return statistics;
  }

  static Model restored(Path folder, int checkpoint, Model like) {
    return like instanceof ComputationGraph
        ? CheckpointListener.loadCheckpointCG(folder.toFile(), checkpoint)
        : CheckpointListener.loadCheckpointMLN(folder.toFile(), checkpoint);
  }

  @Override
  public void close() {
    performanceLog.close();
    scoreLog.close();
  }
}
