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
 * <p>The other classes are what the first two are made of: {@code CheckpointStore} keeps
 * checkpoints in any file system of Hadoop, {@code RunPosition} says where in an epoch a run is,
 * {@code OrderedSplit} gives every worker the same minibatches whenever a round is run again, and
 * the classes named {@code PerStep...} average on the workers after every step.
 */
package io.github.ema4j.spark;
