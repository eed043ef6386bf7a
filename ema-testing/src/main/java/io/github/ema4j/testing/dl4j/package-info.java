// SPDX-License-Identifier: Apache-2.0
/** Small networks of Deeplearning4j and data for them, for the tests of modules that have it. */
package io.github.ema4j.testing.dl4j;
