// SPDX-License-Identifier: Apache-2.0

/**
 * Averaging a part of a network: {@link io.github.ema4j.dl4j.selection.ParameterSelection} names
 * parameters by layer, key or predicate and says whether they are averaged, copied or left out.
 */
package io.github.ema4j.dl4j.selection;
