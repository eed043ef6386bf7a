// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.ui;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.ui.EmaUiListener;
import java.io.File;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.ui.api.UIServer;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.storage.FileStatsStorage;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * Trains a small network on noisy labels with three averages, to be watched at {@code /ema}. With a
 * file as its argument it stores the run there, and shows the runs that are in it already.
 */
public final class UiExample {

  private UiExample() {}

  /**
   * Trains, and goes on serving the page.
   *
   * @param args a file, or none
   * @throws Exception if training fails
   */
  public static void main(String[] args) throws Exception {
    StatsStorage storage =
        args.length == 0 ? new InMemoryStatsStorage() : new FileStatsStorage(new File(args[0]));
    UIServer server = UIServer.getInstance();
    server.attach(storage);
    System.out.printf("Watch %s/ema%n", server.getAddress());
    train(storage, 50, 30);
    System.out.println("Training is over. The page stays until Ctrl-C");
    Thread.currentThread().join();
  }

  /**
   * Trains with three averages.
   *
   * @param storage what is posted to
   * @param epochs number of epochs
   * @param pause milliseconds after each iteration, so that there is something to watch
   * @return the session
   */
  public static String train(StatsStorage storage, int epochs, long pause) {
    MultiLayerNetwork net = Spirals.network();
    DataSetIterator validationData = Spirals.points(600, 0, 300, 2);
    ModelEmaListener brief = new ModelEmaListener(0.9);
    ModelEmaListener lengthy = new ModelEmaListener(0.995);
    ModelEmaListener warmed = new ModelEmaListener(DecaySchedule.inversePower(0.995));
    Map<String, ModelEmaListener> averages = new LinkedHashMap<>();
    averages.put("0.9", brief);
    averages.put("0.995", lengthy);
    averages.put("0.995 with warm-up", warmed);

    StatsListener stats = new StatsListener(storage, 10);
    EmaUiListener.Builder ui = EmaUiListener.builder(stats);
    net.setListeners(ModelEmaGroup.of(brief, lengthy, warmed));
    averages.forEach(
        (name, ema) -> {
          EmaHistory history = new EmaEvaluator(ema, validationData).everyIterations(20);
          ui.average(name, ema, history);
        });
    ui.build(); // follows the averages, as the histories do
    net.addListeners(stats, pausing(pause));
    net.fit(Spirals.points(640, 0.4, 16, 1), epochs);
    return stats.getSessionID();
  }

  private static BaseTrainingListener pausing(long milliseconds) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model model, int iteration, int epoch) {
        try {
          Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
          throw new IllegalStateException("Interrupted while pausing", e);
        }
      }
    };
  }
}
