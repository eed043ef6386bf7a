// SPDX-License-Identifier: Apache-2.0
/**
 * The made-up data of the examples: {@link io.github.ema4j.examples.data.MachineStates} and {@link
 * io.github.ema4j.examples.data.Pumps}. Their images are those of the {@code train} command, {@link
 * io.github.ema4j.train.images.FashionMnist}.
 */
package io.github.ema4j.examples.data;
