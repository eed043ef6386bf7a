// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.samediff;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.internal.kernel.ArrayReader;
import io.github.ema4j.core.internal.text.PlainValues;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.core.type.TypeReference;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * The file that holds the average of a SameDiff: a zip of {@code emaState.json}, with the members
 * {@code format} (1), {@code average} (see {@link AverageInfo#toMap}) and {@code variables} (shape
 * by name, in the order of the vector), and {@code emaShadow.bin}, the vector as {@link Nd4j#write}
 * lays it out.
 */
final class StateFile {

  private static final int FORMAT = 1;
  private static final String STATE = "emaState.json";
  private static final String SHADOW = "emaShadow.bin";
  private static final ObjectMapper JSON = new ObjectMapper();

  private StateFile() {}

  static void write(Path file, AverageState state, Map<String, long[]> shapes) throws IOException {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("format", FORMAT);
    root.put("average", state.info().toMap());
    root.put("variables", texts(shapes));
    AtomicFile.write(
        file,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          zip.setLevel(Deflater.NO_COMPRESSION); // weights hardly shrink
          zip.putNextEntry(new ZipEntry(STATE));
          zip.write(JSON.writeValueAsBytes(root));
          zip.closeEntry();
          zip.putNextEntry(new ZipEntry(SHADOW));
          DataOutputStream data = new DataOutputStream(new BufferedOutputStream(zip));
          Nd4j.write(state.shadow(), data);
          data.flush();
          zip.closeEntry();
          zip.finish();
        });
  }

  private static Map<String, String> texts(Map<String, long[]> shapes) {
    Map<String, String> texts = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> texts.put(name, Arrays.toString(shape)));
    return texts;
  }

  /** Reads the average of variables of these shapes. */
  static AverageState read(Path file, Map<String, long[]> shapes) throws IOException {
    if (Files.notExists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    AverageState state;
    Map<String, ?> saved;
    try (ZipFile zip = new ZipFile(file.toFile());
        MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        InputStream text = open(zip, STATE);
        DataInputStream shadow = new DataInputStream(new BufferedInputStream(open(zip, SHADOW)))) {
      PlainValues root =
          new PlainValues(JSON.readValue(text, new TypeReference<Map<String, Object>>() {}));
      if (root.whole("format") != FORMAT) {
        throw new IOException(
            "it is of format %d, but this version of EMA4J reads format %d"
                .formatted(root.whole("format"), FORMAT));
      }
      saved = root.map("variables");
      // A SameDiff does not say which of its variables are variances.
      state =
          new AverageState(
              AverageInfo.fromMap(root.map("average")), ArrayReader.read(shadow), new double[0]);
    } catch (IOException | IllegalArgumentException e) {
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

  /** Opens an entry whose content has been found undamaged: ZipFile does not look itself. */
  private static InputStream open(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new ZipException("it lacks the entry " + name);
    }
    try (CheckedInputStream in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
      in.transferTo(OutputStream.nullOutputStream());
      if (in.getChecksum().getValue() != entry.getCrc()) {
        throw new ZipException("the checksum of " + name + " does not match its content");
      }
    }
    return zip.getInputStream(entry);
  }
}
