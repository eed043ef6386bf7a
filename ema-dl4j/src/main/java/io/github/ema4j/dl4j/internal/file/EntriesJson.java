// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import static org.deeplearning4j.util.ModelSerializer.COEFFICIENTS_BIN;
import static org.deeplearning4j.util.ModelSerializer.CONFIGURATION_JSON;
import static org.deeplearning4j.util.ModelSerializer.UPDATER_BIN;

import io.github.ema4j.core.internal.file.ZipReader;
import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.core.internal.text.PlainJson;
import io.github.ema4j.core.internal.text.PlainValues;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipException;

/**
 * The last two entries of a model file without an average: texts of the user by name, and the entry
 * that vouches for all others. Each names the other, so that neither can be lost unnoticed.
 */
public final class EntriesJson {

  static final String ENTRIES = "entries.json";
  private static final String METADATA = "metadata.json";
  private static final int FORMAT = 1;

  private EntriesJson() {}

  /** Writes both, as the last entries of a file. */
  public static void write(ZipWriter zip, Map<String, String> metadata) throws IOException {
    zip.text(METADATA, PlainJson.write(metadata));
    Map<String, Object> entries = new LinkedHashMap<>();
    zip.entries().forEach((name, entry) -> entries.put(name, entry.toMap()));
    zip.text(ENTRIES, PlainJson.write(Map.of("format", FORMAT, "entries", entries)));
  }

  /** Whether a file has one of them, and so has to have both. */
  static boolean isIn(ZipReader zip) {
    return zip.contains(ENTRIES) || zip.contains(METADATA);
  }

  /**
   * Reads all entries of a model file to see that they are undamaged and, where they are vouched
   * for, those that were written.
   *
   * @throws ZipException if they are not
   */
  public static void verify(ZipReader zip) throws IOException {
    if (isIn(zip)) {
      read(zip);
    }
    Set<String> names = new TreeSet<>(zip.names());
    names.addAll(Set.of(CONFIGURATION_JSON, COEFFICIENTS_BIN));
    for (String name : names) {
      zip.verify(name);
    }
  }

  /**
   * Reads both, and expects of the other entries what was written.
   *
   * @return the texts of the user
   * @throws ZipException if an entry is missing, or is there that was not written
   */
  static Map<String, String> read(ZipReader zip) throws IOException {
    PlainValues root = PlainJson.read(zip.bytes(ENTRIES, PlainJson.MOST_BYTES));
    if (root.whole("format") != FORMAT) {
      throw new ZipException("its " + ENTRIES + " is of another version than " + FORMAT);
    }
    PlainValues named = new PlainValues(root.map("entries"));
    Map<String, ZipWriter.Entry> entries =
        named.all(name -> ZipWriter.Entry.fromMap(named.map(name)));
    root.requireNoOthers();
    Set<String> names = new TreeSet<>(entries.keySet());
    names.addAll(Set.of(CONFIGURATION_JSON, COEFFICIENTS_BIN, UPDATER_BIN, METADATA));
    for (String name : names) {
      ZipWriter.Entry entry = entries.get(name);
      if (zip.contains(name) != (entry != null)) {
        throw new ZipException(
            (entry == null ? "does not vouch for its entry '" : "lacks the entry '") + name + "'");
      }
      if (entry != null) {
        zip.expect(name, OptionalLong.of(entry.bytes()), entry.crc32());
      }
    }
    if (!zip.contains(METADATA)) { // which earlier versions did not write
      return Map.of();
    }
    PlainValues metadata = PlainJson.read(zip.bytes(METADATA, PlainJson.MOST_BYTES));
    return metadata.all(metadata::text);
  }
}
