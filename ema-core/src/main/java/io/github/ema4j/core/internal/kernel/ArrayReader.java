// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.io.DataInputStream;
import java.io.IOException;
import org.nd4j.linalg.api.buffer.BaseDataBuffer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
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
   * Reads an array.
   *
   * @param in at the array's beginning; afterwards at its end
   * @return a new array, in the current workspace if one is open
   * @throws java.io.EOFException if the stream ends before the array does
   * @throws IOException if the stream cannot be read
   * @throws RuntimeException if there is no array, of ND4J's
   */
  public static INDArray read(DataInputStream in) throws IOException {
    DataBuffer shape = readShape(in);
    var header = BaseDataBuffer.readHeader(in);
    long length = header.getMiddle();
    DataType type = header.getRight();
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
    DataBuffer shape =
        Nd4j.createBufferDetached(new long[] {header.getMiddle()}, header.getRight());
    shape.read(in, header.getLeft(), header.getMiddle(), header.getRight());
    return shape;
  }
}
