// SPDX-License-Identifier: Apache-2.0

/**
 * Averaged weights in Deeplearning4j's training UI.
 *
 * <p>Start at {@link io.github.ema4j.ui.EmaUiListener}, which posts to the storage of the UI. The
 * page {@code /ema} is {@link io.github.ema4j.ui.EmaModule}, which the UI finds by itself.
 *
 * <p>Between the two, in memory, in a file or over the network, stands an {@link
 * io.github.ema4j.ui.EmaRecord}. Once per run, as the static info of its session:
 *
 * <pre>{@code
 * {"format":2,"session":"s","worker":"w","timestamp":1700000000000,
 *  "run":{"network":"MultiLayerNetwork","parameters":2,"averages":["constant(0.5)"],
 *   "unscored":[]}}
 * }</pre>
 *
 * <p>and as updates, whose timestamps are unique in a session:
 *
 * <pre>{@code
 * {"format":2,"session":"s","worker":"w","timestamp":1700000000001,
 *  "state":{"average":"constant(0.5)","iteration":10,"epoch":1,"updates":10,"skipped":0,
 *   "restores":0,"decay":0.5,"initialShare":0.25,"distance":0.125,"distanceByLayer":{"0":0.125},
 *   "advice":[],"raw":{"accuracy":0.5},"averaged":{"accuracy":0.75}}}
 * }</pre>
 *
 * <p>Records of format 1 have no {@code unscored}, {@code skipped}, {@code restores} and {@code
 * advice}.
 */
package io.github.ema4j.ui;
