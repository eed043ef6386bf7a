// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.BaseDataBuffer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.options.ArrayOptionsHelper;
import org.nd4j.linalg.compression.CompressedDataBuffer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reads arrays as {@link Nd4j#write} lays them out, with the result of {@link Nd4j#read}, bit for
 * bit. That puts one value after the other, each with calls that look whether it is to be copied to
 * or from a device; this fills the array's host side in blocks, and it is copied once.
 */
public final class ArrayReader {

  private ArrayReader() {}

  /**
   * Of the shape of an array with the most dimensions: rank, dimensions, strides and three more.
   */
  private static final int MOST_SHAPE = 2 * 32 + 4;

  /**
   * Reads an array. What it says about itself is checked before ND4J makes room for it: an array
   * that is said to be longer than its file, or whose shape reaches beyond its values, would
   * otherwise take all memory, or read that of others.
   *
   * @param in at the array's beginning; afterwards at its end
   * @param most bytes that the array can have
   * @return a new array, in the current workspace if one is open
   * @throws java.io.EOFException if the stream ends before the array does
   * @throws IOException if the stream cannot be read
   * @throws IllegalArgumentException if the array is said to be longer, or has an impossible shape
   * @throws RuntimeException if there is no array, of ND4J's
   */
  public static INDArray read(DataInputStream in, long most) throws IOException {
    DataBuffer shape = readShape(in);
    var header = BaseDataBuffer.readHeader(in);
    long length = header.getMiddle();
    DataType type = header.getRight();
    requireFits(length, type, most);
    requirePossible(shape.asLong(), length, type);
    if (!HostVector.supports(type)
        || header.getLeft() != DataBuffer.AllocationMode.MIXED_DATA_TYPES) {
      DataBuffer data = CompressedDataBuffer.readUnknown(in, header.getLeft(), length, type);
      return Nd4j.createArrayFromShapeBuffer(data, shape);
    }
    DataBuffer data = Nd4j.createBuffer(type, length, false);
    INDArray array = Nd4j.createArrayFromShapeBuffer(data, shape);
    AffinityManager devices = Nd4j.getAffinityManager();
    devices.ensureLocation(array, AffinityManager.Location.HOST);
    HostVector.of(type, data.addressPointer(), length).fill(in);
    devices.tagLocation(array, AffinityManager.Location.HOST);
    return array;
  }

  private static DataBuffer readShape(DataInputStream in) {
    var header = BaseDataBuffer.readHeader(in);
    long length = header.getMiddle();
    if (length < 4 || length > MOST_SHAPE || !header.getRight().isIntType()) {
      throw new IllegalArgumentException(
          "a shape of %d values of type %s is none".formatted(length, header.getRight()));
    }
    DataBuffer shape = Nd4j.createBufferDetached(new long[] {length}, header.getRight());
    shape.read(in, header.getLeft(), length, header.getRight());
    return shape;
  }

  private static void requireFits(long length, DataType type, long most) {
    if (type == DataType.UTF8 || type == DataType.COMPRESSED || type == DataType.UNKNOWN) {
      throw new IllegalArgumentException("its values are of type " + type + ", not numbers");
    }
    if (length < 1 || length > most / type.width()) {
      throw new IllegalArgumentException(
          "it is said to have %d values of %d bytes, but there are %d bytes"
              .formatted(length, type.width(), most));
    }
  }

  /** The shape is rank, dimensions, strides, flags, elementwise stride, order. */
  private static void requirePossible(long[] shape, long length, DataType type) {
    int rank = (int) shape[0];
    if (shape[0] < 0 || shape.length != 2 * rank + 4) {
      throw new IllegalArgumentException(
          "a shape of %d values cannot be of rank %d".formatted(shape.length, shape[0]));
    }
    long elements = 1;
    long last = 0;
    for (int i = 0; i < rank; i++) {
      long dimension = shape[1 + i];
      long stride = shape[1 + rank + i];
      if (dimension < 1 || dimension > length / elements) {
        throw impossible(shape, length);
      }
      elements *= dimension;
      if (dimension > 1) {
        if (stride < 0 || stride > (length - 1 - last) / (dimension - 1)) {
          throw impossible(shape, length);
        }
        last += (dimension - 1) * stride;
      }
    }
    long order = shape[2 * rank + 3];
    if (elements != length
        || (order != 'c' && order != 'f')
        || ArrayOptionsHelper.dataType(shape[2 * rank + 1]) != type) {
      throw impossible(shape, length);
    }
  }

  private static IllegalArgumentException impossible(long[] shape, long length) {
    return new IllegalArgumentException(
        "its shape %s is not one of %d such values".formatted(Arrays.toString(shape), length));
  }
}
