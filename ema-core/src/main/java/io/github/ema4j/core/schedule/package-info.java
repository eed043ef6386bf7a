// SPDX-License-Identifier: Apache-2.0

/**
 * Decay schedules: how strongly an average holds on to its past at each update.
 *
 * <p>Start at {@link io.github.ema4j.core.schedule.DecaySchedule}; its static factories are the
 * whole offer. A schedule is a pure function of the update's number, so it can be looked at alone:
 *
 * <pre>{@code
 * DecaySchedule warmUp = DecaySchedule.inversePower(0.9999);
 * warmUp.decayAt(2);    // 0.370
 * warmUp.decayAt(1001); // 0.990
 * }</pre>
 */
package io.github.ema4j.core.schedule;
