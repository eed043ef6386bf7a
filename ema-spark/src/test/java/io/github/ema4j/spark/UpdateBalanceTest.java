// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.residual.ResidualClippingPostProcessor;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingResult;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What is sent, what has come, and how much may be missing. */
@SparkTest(master = "local[1]")
class UpdateBalanceTest {

  private final INDArray residual = Nd4j.createFromArray(1f, -100f);

  @BeforeEach
  void begin() {
    SentUpdates.take();
  }

  /** A task that has fitted minibatches and sent updates. */
  private void task(JavaSparkContext sc, UpdateBalance balance, int fitted, int sent) {
    SentUpdates counting = new SentUpdates(null);
    for (int i = 0; i < sent; i++) {
      counting.clone().processResidual(0, 0, 1e-3, residual);
    }
    SharedTrainingResult result =
        SharedTrainingResult.builder().minibatchesPerExecutor(Map.of("0", fitted)).build();
    assertEquals(1, balance.watched(sc.parallelize(List.of(result), 1)).count());
  }

  private static String refusal(UpdateBalance balance, long received) {
    return assertThrows(IllegalStateException.class, () -> balance.require(received)).getMessage();
  }

  @Test
  void allThatWereSentHaveCome(JavaSparkContext sc) {
    UpdateBalance balance = new UpdateBalance(sc, 2);
    task(sc, balance, 20, 15);
    task(sc, balance, 20, 16);
    assertEquals(31, balance.expected());
    balance.require(31);
    task(sc, balance, 20, 1);
    balance.require(32);
  }

  @Test
  void halfTheShareOfAnExecutorMayBeLate(JavaSparkContext sc) {
    UpdateBalance balance = new UpdateBalance(sc, 2);
    task(sc, balance, 50, 40);
    try (LoggedWarnings warnings = new LoggedWarnings(EmaSharedTrainingMaster.class)) {
      balance.require(30);
      assertEquals(
          1, warnings.with("Of 40 updates that the workers sent, 10 have not reached").size());
    }
    task(sc, balance, 50, 40);
    assertEquals(70, balance.expected(), "those are not waited for again");
    balance.require(70);
    task(sc, balance, 50, 40);
    String message = refusal(balance, 99);
    assertTrue(
        message.startsWith(
            "Of 40 updates that the workers sent for 50 minibatches, 11 did not reach the driver"),
        message);
  }

  @Test
  void whatComesLateMakesUpForNothing(JavaSparkContext sc) {
    UpdateBalance balance = new UpdateBalance(sc, 1);
    task(sc, balance, 10, 10);
    balance.require(6);
    task(sc, balance, 10, 10);
    balance.require(20); // with the four
    task(sc, balance, 10, 10);
    assertTrue(refusal(balance, 20).contains("10 did not reach"));
  }

  @Test
  void aDeafDriverIsSaid(JavaSparkContext sc) {
    UpdateBalance balance = new UpdateBalance(sc, 4);
    task(sc, balance, 1, 1);
    assertTrue(refusal(balance, 0).contains("Of 1 updates"));
  }

  @Test
  void minibatchesThatGiveNoUpdateAreSaid(JavaSparkContext sc) {
    UpdateBalance balance = new UpdateBalance(sc, 2);
    task(sc, balance, 12, 0);
    assertTrue(refusal(balance, 0).startsWith("None of 12 minibatches gave an update"));
  }

  @Test
  void aFitWithoutDataIsNoFailure(JavaSparkContext sc) {
    new UpdateBalance(sc, 2).require(0);
  }

  @Test
  void whatIsGivenToProcessResidualsDoesIt() {
    INDArray clipped = residual.dup();
    new ResidualClippingPostProcessor(5, 1).processResidual(3, 0, 1, clipped);
    new SentUpdates(new ResidualClippingPostProcessor(5, 1))
        .clone()
        .processResidual(3, 0, 1, residual);
    assertEquals(clipped, residual);
    assertEquals(-5, residual.getFloat(1), "a test of nothing");
    assertEquals(1, SentUpdates.take());
    assertEquals(0, SentUpdates.take());
  }

  @Test
  void theMasterKeepsItsSettings() {
    EmaSharedTrainingMaster master =
        EmaSharedTrainingMaster.experimental(RecordedMaster.training())
            .executors(1)
            .decay(0.9)
            .build();
    assertSame(ResidualClippingPostProcessor.class, master.getResidualPostProcessor().getClass());
  }
}
