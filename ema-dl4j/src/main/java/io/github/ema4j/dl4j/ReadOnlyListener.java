// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import org.deeplearning4j.optimize.api.TrainingListener;

/**
 * A listener that says of itself that it changes no weights of the network, in any callback, but by
 * {@linkplain ModelEmaListener#swap swapping in} the average that it follows, and back. It has no
 * methods of its own.
 *
 * <p>Where updates are {@link io.github.ema4j.core.AveragingConfig#overlapped}, they go on while
 * listeners are called that come later than the average, and nothing tells what those do. So of
 * later ones only listeners that implement this, and the usual ones of Deeplearning4j, let updates
 * overlap.
 */
public interface ReadOnlyListener extends TrainingListener {}
