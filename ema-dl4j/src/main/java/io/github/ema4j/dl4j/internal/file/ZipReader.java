// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import io.github.ema4j.core.internal.kernel.ArrayReader;
import io.github.ema4j.dl4j.EmaCheckpointException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reads the entries of a model file. An entry's checksum is verified before its content is
 * interpreted: {@link ZipFile} does not do so, and ND4J would allocate whatever a damaged header
 * asks for.
 */
public final class ZipReader implements AutoCloseable {

  private final Path file;
  private final ZipFile zip;

  /** Opens a file. */
  public ZipReader(Path file) throws IOException {
    this.file = file;
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    try {
      zip = new ZipFile(file.toFile());
    } catch (ZipException e) {
      throw damaged("is not a model file, or only a part of one", e);
    }
  }

  /** Whether there is an entry of this name. */
  public boolean contains(String name) {
    return zip.getEntry(name) != null;
  }

  /** The content of an entry. */
  public byte[] bytes(String name) throws IOException {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    }
  }

  /** The array in an entry, as {@link Nd4j#write} laid it out. */
  public INDArray array(String name) throws IOException {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        InputStream in = open(name)) {
      return ArrayReader.read(new DataInputStream(new BufferedInputStream(in, 1 << 16)));
    } catch (RuntimeException | EOFException e) {
      throw damaged("'" + name + "' is not an array", e);
    }
  }

  /** The array in an entry; empty if there is no such entry. */
  public Optional<INDArray> optionalArray(String name) throws IOException {
    return contains(name) ? Optional.of(array(name)) : Optional.empty();
  }

  /** CRC-32 of an entry, verified. */
  public long checksum(String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new EmaCheckpointException(file, "lacks the entry '" + name + "'");
    }
    try (CheckedInputStream in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
      in.transferTo(OutputStream.nullOutputStream());
      long checksum = in.getChecksum().getValue();
      if (checksum != entry.getCrc()) {
        throw new ZipException("its checksum is not the one that was written");
      }
      return checksum;
    } catch (IOException e) {
      throw damaged("'" + name + "' is damaged", e);
    }
  }

  private InputStream open(String name) throws IOException {
    checksum(name);
    return zip.getInputStream(zip.getEntry(name));
  }

  private EmaCheckpointException damaged(String message, Exception cause) {
    return new EmaCheckpointException(file, message + ": " + cause.getMessage(), cause);
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
