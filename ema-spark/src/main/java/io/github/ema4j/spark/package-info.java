// SPDX-License-Identifier: Apache-2.0

/**
 * Averaged weights for networks that Deeplearning4j trains on Apache Spark.
 *
 * <p>Spark trains in rounds: every worker fits some minibatches to its own copy of the network,
 * then the copies are averaged and the driver has the result. Listeners of the network on the
 * driver are never called, and those on the workers see weights that nobody keeps. So the average
 * lives with the driver and is updated once per round, by {@link
 * io.github.ema4j.spark.EmaTrainingMaster}, which takes the place of {@code
 * ParameterAveragingTrainingMaster}. {@link io.github.ema4j.spark.EmaSparkTraining} is the loop
 * around it: start or resume, epochs, distributed evaluation of raw and averaged weights.
 *
 * <p>Gradient sharing has no rounds, and is refused; {@link
 * io.github.ema4j.spark.EmaSharedTrainingMaster} averages over its updates as an experiment, and is
 * the only class that needs the module of gradient sharing, with those that serve it.
 *
 * <p>{@code EmaTrainingMaster} is called by Deeplearning4j and passes on what it is told: to {@code
 * SparkRun}, which has the average, the {@code RunPosition} in the epoch and the checkpoints, and
 * to {@code RoundData}, which divides the data of a round by {@code OrderedSplit}, so that every
 * worker gets the same minibatches whenever a round is run again. {@code RoundAveraging} is how the
 * average takes in a round; the classes named {@code PerStep...} average on the workers after every
 * step. {@code CheckpointStore} keeps checkpoints in any file system of Hadoop. {@code FitWatch}
 * listens to Spark and logs what a round waits for, which {@code RoundClock} knows.
 *
 * <p>{@code EmaSharedTrainingMaster} has its {@code DriverUpdates}, which apply and average; {@code
 * UpdateBalance} and {@code ExecutorLoss} see to it that a driver that no longer hears the workers
 * is no success.
 */
package io.github.ema4j.spark;
