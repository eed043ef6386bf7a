// SPDX-License-Identifier: Apache-2.0
/**
 * What the tests of several modules share. None of it knows EMA4J: it stands below all modules, so
 * that what it says of them is not said by themselves.
 *
 * <ul>
 *   <li>{@link io.github.ema4j.testing.AverageCompatibilityKit}: what every way to train with an
 *       average has to do, compared with {@link io.github.ema4j.testing.EmaOracle};
 *   <li>{@link io.github.ema4j.testing.ArchitectureRules}: how modules and packages may depend on
 *       each other;
 *   <li>{@link io.github.ema4j.testing.MarkdownSnippets}: the code of a page of the documentation;
 *   <li>{@link io.github.ema4j.testing.LogCapture} and {@link io.github.ema4j.testing.Bits}.
 * </ul>
 */
package io.github.ema4j.testing;
