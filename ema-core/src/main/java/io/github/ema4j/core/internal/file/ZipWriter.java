// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.file;

import io.github.ema4j.core.internal.text.PlainValues;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Writes the entries of a model file. Texts are compressed; arrays are not, since weights hardly
 * shrink and it would take ten times as long. Equal content gives equal bytes.
 */
public final class ZipWriter implements AutoCloseable {

  // The earliest month that a zip can hold without an extra field that depends on the time zone.
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

  private final ZipOutputStream zip;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /**
   * What was written.
   *
   * @param bytes length of the content
   * @param crc32 CRC-32 of the content
   */
  public record Entry(long bytes, long crc32) {

    /** As plain values, for a text that vouches for the entry. */
    public Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("bytes", bytes);
      map.put("crc32", crc32);
      return map;
    }

    /**
     * Reads what {@link #toMap} wrote.
     *
     * @throws IllegalArgumentException if a value is missing, of another kind or of another name
     */
    public static Entry fromMap(Map<String, ?> map) {
      PlainValues values = new PlainValues(map);
      Entry entry = new Entry(values.whole("bytes"), values.whole("crc32"));
      values.requireNoOthers();
      return entry;
    }
  }

  /** Begins a zip; the stream is not closed with it. */
  public ZipWriter(OutputStream out) {
    zip = new ZipOutputStream(out);
  }

  /** Bytes that shrink. */
  public void text(String name, byte[] text) throws IOException {
    entry(name, Deflater.DEFAULT_COMPRESSION, out -> out.write(text));
  }

  /** An array as {@link Nd4j#write} lays it out. */
  public void array(String name, INDArray array) throws IOException {
    entry(
        name,
        Deflater.NO_COMPRESSION,
        out -> {
          DataOutputStream data = new DataOutputStream(new BufferedOutputStream(out, 1 << 16));
          Nd4j.write(array, data);
          data.flush();
        });
  }

  private void entry(String name, int level, AtomicFile.Content content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTimeLocal(NO_TIME);
    zip.setLevel(level);
    zip.putNextEntry(entry);
    content.writeTo(zip);
    zip.closeEntry();
    entries.put(name, new Entry(entry.getSize(), entry.getCrc()));
  }

  /** The entries so far by name. */
  public Map<String, Entry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /** Ends the zip without closing the stream under it. */
  @Override
  public void close() throws IOException {
    zip.finish();
  }
}
