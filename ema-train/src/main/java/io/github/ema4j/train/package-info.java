// SPDX-License-Identifier: Apache-2.0
/**
 * The {@code train} command: trains an image classifier with averaged weights from the command
 * line, with the flags of timm's {@code train.py}. The script {@code ./train} starts it, and {@code
 * docs/train.md} is its manual.
 *
 * <p>{@link io.github.ema4j.train.Train} is the command, and the place to start reading. It turns
 * its options into a {@link io.github.ema4j.train.TrainingRun}, which goes from epoch to epoch:
 * fit, validate raw and averaged weights, record, save. What a run leaves behind lies in one {@link
 * io.github.ema4j.train.RunDirectory}; what it was started with is in {@link
 * io.github.ema4j.train.RunSettings}, so that it can be resumed. Networks come from {@code models},
 * images from {@code images}, files for people from {@code record}.
 */
package io.github.ema4j.train;
