// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.earlystopping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingResult;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmaEarlyStoppingTest {

  private static DataSetLossCalculator loss() {
    return new DataSetLossCalculator(Batches.of(Data.points(2, 40), 16), true);
  }

  private static EarlyStoppingConfiguration.Builder<MultiLayerNetwork> builder() {
    return new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
        .modelSaver(new InMemoryModelSaver<>())
        .saveLastModel(true)
        .evaluateEveryNEpochs(2)
        .epochTerminationConditions(new MaxEpochsTerminationCondition(6));
  }

  /** What is scored, what is stored, and what training went through. */
  private record Outcome(Object scores, Bits best, Bits latest) {}

  private static Outcome train(
      EarlyStoppingConfiguration<MultiLayerNetwork> configuration, ModelEmaListener ema)
      throws Exception {
    MultiLayerNetwork network = Nets.listening(Nets.mlp(), ema);
    EarlyStoppingResult<MultiLayerNetwork> result =
        new EarlyStoppingTrainer(configuration, network, Batches.of(Data.points(1, 24), 8)).fit();
    return new Outcome(
        result.getScoreVsEpoch(),
        Bits.of(result.getBestModel().params()),
        Bits.of(configuration.getModelSaver().getLatestModel().params()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void isThatOfBothSidesWrappedByHand(boolean supplied) throws Exception {
    ModelEmaListener byHand = new ModelEmaListener(0.8);
    Outcome expected =
        train(
            builder()
                .modelSaver(new EmaModelSaver<>(byHand, new InMemoryModelSaver<>()))
                .scoreCalculator(new EmaScoreCalculator<>(byHand, loss()))
                .build(),
            byHand);

    ModelEmaListener ema = new ModelEmaListener(0.8);
    EarlyStoppingConfiguration<MultiLayerNetwork> plain =
        supplied
            ? builder().scoreCalculator(() -> loss()).build()
            : builder().scoreCalculator(loss()).build();
    Outcome wrapped = train(EmaEarlyStopping.wrap(plain, ema), ema);

    assertEquals(expected, wrapped);
    assertTrue(plain.getModelSaver() instanceof InMemoryModelSaver, "it is left as it was");
  }

  @Test
  void groupOfSeveralIsRefused() {
    assertThrows(
        IllegalStateException.class,
        () ->
            EmaEarlyStopping.wrap(
                builder().scoreCalculator(loss()).build(), ModelEmaGroup.of(0.5, 0.9)));
  }
}
