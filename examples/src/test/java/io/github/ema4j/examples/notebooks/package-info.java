// SPDX-License-Identifier: Apache-2.0
/**
 * Runs the notebooks of {@code examples/notebooks} without Jupyter: {@link
 * io.github.ema4j.examples.notebooks.Notebook} reads one and says what a notebook may not hold,
 * {@link io.github.ema4j.examples.notebooks.CellRunner} runs its cells in a JShell of this process.
 * The same notebooks run in a real Jupyter kernel by {@code .ci/notebooks}.
 */
package io.github.ema4j.examples.notebooks;
