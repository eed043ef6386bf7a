// SPDX-License-Identifier: Apache-2.0
/**
 * Networks for images by name: {@link io.github.ema4j.train.models.Models} builds them for any
 * number of classes and size of image.
 */
package io.github.ema4j.train.models;
