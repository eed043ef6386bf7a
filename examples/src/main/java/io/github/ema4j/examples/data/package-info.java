// SPDX-License-Identifier: Apache-2.0
/**
 * The images of the examples: {@link io.github.ema4j.examples.data.FashionMnist} reads them from
 * the class path, {@link io.github.ema4j.examples.data.ImageIterator} feeds them to DL4J. No
 * network.
 */
package io.github.ema4j.examples.data;
