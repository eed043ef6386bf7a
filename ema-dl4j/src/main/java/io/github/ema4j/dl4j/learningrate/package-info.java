// SPDX-License-Identifier: Apache-2.0

/** Learning rates that go with averaging, as schedules of Deeplearning4j. */
package io.github.ema4j.dl4j.learningrate;
