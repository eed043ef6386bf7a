// SPDX-License-Identifier: Apache-2.0

/**
 * Averages of networks that Deeplearning4j's {@code ParallelWrapper} trains with several workers:
 * {@link io.github.ema4j.dl4j.parallel.ParallelEma} attaches an average to a wrapper.
 *
 * <p>How it works. A wrapper makes its workers anew for each fit, through a {@code TrainerContext};
 * the first of them trains the network itself, the others train replicas. {@code Workers} is put in
 * that place. It makes {@code Worker}s, which train as Deeplearning4j's do, and it knows from what
 * the wrapper asks of them when none of them trains. At these moments {@code Synchronisation}
 * updates the average. {@code Requirements} says which wrappers and averages go together.
 *
 * <p>Needs the optional dependency {@code deeplearning4j-parallel-wrapper}; no other package refers
 * to it or to this one.
 */
package io.github.ema4j.dl4j.parallel;
