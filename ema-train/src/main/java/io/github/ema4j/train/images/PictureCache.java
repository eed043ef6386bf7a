// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.awt.image.BufferedImage;
import java.lang.ref.SoftReference;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Keeps pictures in memory once they have been read, up to a limit, so that the next epoch need not
 * decode them again. What is kept has the bits of what was read. Thread-safe.
 *
 * <p>Pictures of which always the middle is taken are kept as that, in the size of the network's
 * input: a fraction of the memory, and they need not be resized again either.
 *
 * <p>The first pictures that fit stay: an epoch goes through all of them once, so that no other
 * choice would meet more often. They are softly reachable only, and so never the reason why a large
 * picture cannot be read for want of memory.
 */
final class PictureCache {

  /** Of a picture, besides its pixels. */
  private static final int OVERHEAD = 80;

  /** A set of pictures, and how each is prepared; empty for pictures as they are. */
  private record Key(Pictures pictures, Optional<Preparation> centring) {}

  /** 3 bytes for each pixel. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  private record Kept(int width, int height, byte[] rgb) {

    static Kept of(BufferedImage image) {
      int width = image.getWidth();
      int height = image.getHeight();
      int[] pixels = image.getRGB(0, 0, width, height, null, 0, width);
      byte[] rgb = new byte[3 * pixels.length];
      for (int i = 0; i < pixels.length; i++) {
        rgb[3 * i] = (byte) (pixels[i] >> 16);
        rgb[3 * i + 1] = (byte) (pixels[i] >> 8);
        rgb[3 * i + 2] = (byte) pixels[i];
      }
      return new Kept(width, height, rgb);
    }

    BufferedImage image() {
      int[] pixels = new int[width * height];
      for (int i = 0; i < pixels.length; i++) {
        int red = rgb[3 * i] & 0xff;
        int green = rgb[3 * i + 1] & 0xff;
        int blue = rgb[3 * i + 2] & 0xff;
        pixels[i] = (red << 16) | (green << 8) | blue;
      }
      BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      image.setRGB(0, 0, width, height, pixels, 0, width);
      return image;
    }

    static long size(BufferedImage image) {
      return 3L * image.getWidth() * image.getHeight() + OVERHEAD;
    }
  }

  private final AtomicLong left;
  private final Map<Key, AtomicReferenceArray<SoftReference<Kept>>> kept =
      new ConcurrentHashMap<>();

  /**
   * A cache without pictures.
   *
   * @param bytes that it may take; 0 keeps nothing
   */
  PictureCache(long bytes) {
    left = new AtomicLong(bytes);
  }

  /** Pictures as they are. */
  Pictures whole(Pictures pictures) {
    return keeping(pictures, new Key(pictures, Optional.empty()));
  }

  /** The middles of pictures. */
  Pictures centres(Pictures pictures, Preparation preparation) {
    return keeping(new Centres(pictures, preparation), new Key(pictures, Optional.of(preparation)));
  }

  private Pictures keeping(Pictures pictures, Key key) {
    return new Keeping(
        pictures,
        kept.computeIfAbsent(key, unknown -> new AtomicReferenceArray<>(pictures.size())));
  }

  /** Reads the middles only. */
  private record Centres(Pictures pictures, Preparation preparation) implements Pictures {

    @Override
    public int size() {
      return pictures.size();
    }

    @Override
    public int label(int picture) {
      return pictures.label(picture);
    }

    @Override
    public Optional<BufferedImage> read(int picture) {
      return pictures.read(picture).map(preparation::centre);
    }
  }

  /** Reads what is not kept. */
  private final class Keeping implements Pictures {

    private final Pictures pictures;
    private final AtomicReferenceArray<SoftReference<Kept>> ofThese;

    Keeping(Pictures pictures, AtomicReferenceArray<SoftReference<Kept>> ofThese) {
      this.pictures = pictures;
      this.ofThese = ofThese;
    }

    @Override
    public int size() {
      return pictures.size();
    }

    @Override
    public int label(int picture) {
      return pictures.label(picture);
    }

    @Override
    public Optional<BufferedImage> read(int picture) {
      SoftReference<Kept> reference = ofThese.get(picture);
      Kept known = reference == null ? null : reference.get();
      if (known != null) {
        return Optional.of(known.image());
      }
      Optional<BufferedImage> image = pictures.read(picture);
      image.ifPresent(read -> keep(picture, reference, read));
      return image;
    }

    /** A picture that memory ran out for has its place still. */
    private void keep(int picture, SoftReference<Kept> lost, BufferedImage image) {
      if (lost != null || take(Kept.size(image))) {
        ofThese.set(picture, new SoftReference<>(Kept.of(image)));
      }
    }
  }

  private boolean take(long bytes) {
    for (long now; (now = left.get()) >= bytes; ) {
      if (left.compareAndSet(now, now - bytes)) {
        return true;
      }
    }
    return false;
  }
}
