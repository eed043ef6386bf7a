// SPDX-License-Identifier: Apache-2.0
/**
 * The experiment at size: a ResNet-18 on the whole of Fashion-MNIST, which takes long and is no
 * part of continuous integration.
 *
 * <p>A {@link io.github.ema4j.examples.experiments.atsize.Cell} is one training run. Its outcome is
 * a file in {@link io.github.ema4j.examples.experiments.atsize.Outcomes}, so that {@link
 * io.github.ema4j.examples.experiments.atsize.AtSize} can be stopped and started again, and so that
 * {@code src/main/python/at_size.py}, which trains the same network on the same batches in PyTorch,
 * can put its own beside it.
 */
package io.github.ema4j.examples.experiments.atsize;
