// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

/**
 * What is the same in all runs of a table.
 *
 * @param width channels of the first stage of the ResNet-18
 * @param batch training images in a batch
 * @param epochs passes over the training images
 */
record Settings(int width, int batch, int epochs) {

  /** Updates in a run over so many images. */
  int iterations(int images) {
    return epochs * ((images + batch - 1) / batch);
  }
}
