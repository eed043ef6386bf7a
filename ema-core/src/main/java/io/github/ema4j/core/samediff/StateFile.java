// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.samediff;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.internal.file.ZipReader;
import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.core.internal.text.PlainJson;
import io.github.ema4j.core.internal.text.PlainValues;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.zip.ZipException;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The file that holds the average of a SameDiff: a zip of {@code emaShadow.bin}, the vector as
 * {@link Nd4j#write} lays it out, and {@code emaState.json}, with the members {@code format} (2),
 * {@code average} (see {@link AverageInfo#toMap}), {@code variables} (shape by name, in the order
 * of the vector) and {@code shadow} ({@code bytes} and {@code crc32} of the vector). Format 1 lacks
 * the last.
 */
final class StateFile {

  private static final int FORMAT = 2;
  private static final String STATE = "emaState.json";
  private static final String SHADOW = "emaShadow.bin";

  private StateFile() {}

  static void write(Path file, AverageState state, Map<String, long[]> shapes) throws IOException {
    AtomicFile.write(
        file,
        out -> {
          try (ZipWriter zip = new ZipWriter(out)) {
            zip.array(SHADOW, state.shadow());
            Map<String, Object> root = new LinkedHashMap<>();
            root.put("format", FORMAT);
            root.put("average", state.info().toMap());
            root.put("variables", texts(shapes));
            root.put("shadow", zip.entries().get(SHADOW).toMap());
            zip.text(STATE, PlainJson.write(root));
          }
        });
  }

  private static Map<String, String> texts(Map<String, long[]> shapes) {
    Map<String, String> texts = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> texts.put(name, Arrays.toString(shape)));
    return texts;
  }

  /** Reads the average of variables of these shapes. */
  static AverageState read(Path file, Map<String, long[]> shapes) throws IOException {
    AverageState state;
    Map<String, String> saved;
    try (ZipReader zip = new ZipReader(file)) {
      PlainValues root = PlainJson.read(zip.bytes(STATE, PlainJson.MOST_BYTES));
      long format = root.whole("format");
      if (format < 1 || format > FORMAT) {
        throw new ZipException(
            "it is of format %d, but this version of EMA4J reads up to %d"
                .formatted(format, FORMAT));
      }
      PlainValues variables = new PlainValues(root.map("variables"));
      saved = variables.all(variables::text);
      if (format > 1) {
        ZipWriter.Entry shadow = ZipWriter.Entry.fromMap(root.map("shadow"));
        zip.expect(SHADOW, OptionalLong.of(shadow.bytes()), shadow.crc32());
      }
      AverageInfo info = AverageInfo.fromMap(root.map("average"));
      root.requireNoOthers();
      // A SameDiff does not say which of its variables are variances.
      state = new AverageState(info, zip.array(SHADOW), new double[0]);
    } catch (ZipException | IllegalArgumentException | ArithmeticException e) {
      throw new IOException(
          "%s cannot be read as the average of a SameDiff: %s".formatted(file, e.getMessage()), e);
    }
    Map<String, String> expected = texts(shapes);
    if (!saved.equals(expected)) {
      throw new IllegalArgumentException(
          "%s holds the average of the variables %s, but this SameDiff has %s"
              .formatted(file, saved, expected));
    }
    return state;
  }
}
