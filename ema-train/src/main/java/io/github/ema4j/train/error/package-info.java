// SPDX-License-Identifier: Apache-2.0
/**
 * What goes wrong through the command line, the images or the files that a person gave: {@link
 * io.github.ema4j.train.error.UserError}, which every package here throws and the command prints.
 */
package io.github.ema4j.train.error;
