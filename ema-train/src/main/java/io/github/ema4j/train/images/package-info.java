// SPDX-License-Identifier: Apache-2.0
/**
 * Images with labels. {@link io.github.ema4j.train.images.FashionMnist} reads the shipped images
 * from the class path, and {@link io.github.ema4j.train.images.ImageIterator} feeds them to DL4J as
 * they are.
 *
 * <p>An {@link io.github.ema4j.train.images.ImageSource} does more: it brings images from an {@link
 * io.github.ema4j.train.images.ImageFolder}, or the shipped ones, to any size, augments them, and
 * loads them ahead in threads of its own. {@code Batches} makes the batches, {@code Preparation}
 * the images in them, {@code Pass} has them made ahead.
 */
package io.github.ema4j.train.images;
