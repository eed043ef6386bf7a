// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Grey images of one size, each with a label. Immutable. */
public final class LabelledImages {
  private final byte[] pixels;
  private final byte[] labels;
  private final List<String> classes;

  private LabelledImages(byte[] pixels, byte[] labels, List<String> classes) {
    this.pixels = pixels;
    this.labels = labels;
    this.classes = classes;
  }

  /**
   * Puts images and labels together.
   *
   * @param images [images, rows, columns]
   * @param labels [images], each the number of a class, from 0
   * @param classes the names of the classes, at least two
   * @throws IllegalArgumentException if the numbers of images and labels differ, or a label has no
   *     class
   */
  public static LabelledImages of(IdxFile images, IdxFile labels, List<String> classes) {
    if (images.size(0) != labels.size(0)) {
      throw new IllegalArgumentException(
          images.size(0) + " images but " + labels.size(0) + " labels: they are not of one set");
    }
    LabelledImages result =
        new LabelledImages(images.values(), labels.values(), List.copyOf(classes));
    for (int i = 0; i < result.size(); i++) {
      if (result.label(i) >= classes.size()) {
        throw new IllegalArgumentException(
            String.format(
                "image %d has the label %d, the classes are 0 to %d",
                i, result.label(i), classes.size() - 1));
      }
    }
    return result;
  }

  /**
   * The same images with some labels made wrong: {@code round(fraction * size())} images drawn at
   * random get one of their wrong classes, also drawn at random.
   *
   * @param fraction the share of wrong labels, 0 to 1
   * @param seed the same seed gives the same labels
   */
  public LabelledImages withWrongLabels(double fraction, long seed) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException("fraction " + fraction + " is not in 0 to 1");
    }
    Random random = new Random(seed);
    List<Integer> images = indices();
    Collections.shuffle(images, random);
    byte[] noisy = labels.clone();
    for (int image : images.subList(0, (int) Math.round(fraction * size()))) {
      int shift = 1 + random.nextInt(classes.size() - 1);
      noisy[image] = (byte) ((label(image) + shift) % classes.size());
    }
    return new LabelledImages(pixels, noisy, classes);
  }

  /**
   * The first images alone.
   *
   * @param count at least 1
   * @throws IllegalArgumentException if it is below 1, or there are not so many
   */
  public LabelledImages first(int count) {
    if (count < 1 || count > size()) {
      throw new IllegalArgumentException(
          "the first " + count + " images: there are " + size() + ", of which to take at least 1");
    }
    return new LabelledImages(
        Arrays.copyOf(pixels, count * pixels()), Arrays.copyOf(labels, count), classes);
  }

  /** The number of images. */
  public int size() {
    return labels.length;
  }

  /** The number of pixels of one image. */
  public int pixels() {
    return pixels.length / labels.length;
  }

  /** The names of the classes. */
  public List<String> classes() {
    return classes;
  }

  /** The number of the class of an image; both count from 0. */
  public int label(int image) {
    return Byte.toUnsignedInt(labels[image]);
  }

  /** The grey value of a pixel, 0 to 255. */
  int grey(int image, int pixel) {
    return Byte.toUnsignedInt(pixels[image * pixels() + pixel]);
  }

  /** 0, 1, 2, ... one for each image; a new list that may be changed. */
  List<Integer> indices() {
    return IntStream.range(0, size()).boxed().collect(Collectors.toCollection(ArrayList::new));
  }

  /**
   * The chosen images as DL4J takes them.
   *
   * @return features [n, pixels], grey values 0 to 1; labels [n, classes], one-hot
   */
  DataSet batch(List<Integer> images) {
    float[][] features = new float[images.size()][pixels()];
    float[][] oneHot = new float[images.size()][classes.size()];
    for (int i = 0; i < images.size(); i++) {
      int image = images.get(i);
      for (int j = 0; j < pixels(); j++) {
        features[i][j] = grey(image, j) / 255f;
      }
      oneHot[i][label(image)] = 1;
    }
    return new DataSet(Nd4j.createFromArray(features), Nd4j.createFromArray(oneHot));
  }
}
