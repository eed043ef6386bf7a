// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.file;

import io.github.ema4j.core.internal.kernel.ArrayReader;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.Checksum;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reads the entries of a zip, each of them once: its checksum is that of the bytes that were handed
 * out, so that a file which is overwritten meanwhile is noticed. {@link ZipFile} does not look at
 * checksums at all.
 *
 * <p>What is damaged is a {@link ZipException}, whose message names the entry and not the file.
 */
public final class ZipReader implements AutoCloseable {

  /** What deflate can make of one byte at most, which bounds how large an entry can be. */
  private static final long MOST_INFLATED = 1032;

  private final ZipFile zip;
  private final long fileBytes;
  private final Map<String, Content> expected = new HashMap<>();

  /** What the content of an entry has to be. */
  private record Content(OptionalLong bytes, long crc32) {}

  /**
   * Opens a file.
   *
   * @throws NoSuchFileException if there is none
   * @throws AccessDeniedException if it may not be read
   * @throws ZipException if it is no zip
   */
  public ZipReader(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    if (!Files.isRegularFile(file)) {
      throw new ZipException("is not a model file, but a directory or device");
    }
    fileBytes = Files.size(file);
    try {
      zip = new ZipFile(file.toFile());
    } catch (FileNotFoundException e) {
      throw new AccessDeniedException(file.toString());
    } catch (IOException | IllegalArgumentException e) { // of which there are many for damage
      throw wrong("is not a model file, or only a part of one", e);
    }
  }

  /** Whether there is an entry of this name. */
  public boolean contains(String name) {
    return zip.getEntry(name) != null;
  }

  /** The names of all entries. */
  public Set<String> names() {
    return zip.stream().map(ZipEntry::getName).collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * Says what an entry has to be once it is read.
   *
   * @param name of the entry
   * @param bytes how long; empty if that is not known
   * @param crc32 CRC-32 of its content
   */
  public void expect(String name, OptionalLong bytes, long crc32) {
    expected.put(name, new Content(bytes, crc32));
  }

  /** Takes the content of an entry. */
  @FunctionalInterface
  private interface Taker<T> {
    /** Reads from a stream that is said to hold so many bytes. */
    T take(InputStream in, long bytes) throws IOException;
  }

  /**
   * The content of an entry.
   *
   * @param most bytes that it may have
   * @throws ZipException if it is missing, damaged, longer or not the one that is expected
   */
  public byte[] bytes(String name, int most) throws IOException {
    return read(
        name,
        (in, bytes) -> {
          byte[] content = in.readNBytes(most);
          if (in.read() >= 0) {
            throw new ZipException("'%s' has more than %,d bytes".formatted(name, most));
          }
          return content;
        });
  }

  /**
   * The array in an entry, as {@link Nd4j#write} laid it out; in no workspace.
   *
   * @throws ZipException if it is missing, damaged, no array or not the one that is expected
   */
  public INDArray array(String name) throws IOException {
    return read(
        name,
        (in, bytes) -> {
          try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            DataInputStream data = new DataInputStream(new BufferedInputStream(in, 1 << 16));
            INDArray array = ArrayReader.read(data, bytes);
            if (data.read() >= 0) {
              throw new ZipException("more follows after it");
            }
            return array;
          } catch (RuntimeException | EOFException | ZipException e) {
            throw wrong("'" + name + "' is not an array", e);
          }
        });
  }

  /** The array in an entry; empty if there is no such entry. */
  public Optional<INDArray> optionalArray(String name) throws IOException {
    return contains(name) ? Optional.of(array(name)) : Optional.empty();
  }

  /**
   * Reads an entry to see that it is undamaged and the one that is expected.
   *
   * @throws ZipException if it is not
   */
  public void verify(String name) throws IOException {
    read(name, (in, bytes) -> null);
  }

  private <T> T read(String name, Taker<T> taker) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new ZipException("lacks the entry '" + name + "'");
    }
    requirePossibleSize(entry);
    CountedChecksum read = new CountedChecksum();
    IOException failure = null;
    T taken = null;
    try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), read)) {
      try {
        taken = taker.take(in, entry.getSize());
      } catch (ZipException e) {
        failure = e; // of damage, as the checksum may tell
      }
      in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw wrong("'" + name + "' is damaged", e);
    }
    requireUndamaged(entry, read);
    if (failure != null) {
      throw failure;
    }
    return taken;
  }

  /** What an array is checked against before there is room for it. */
  private void requirePossibleSize(ZipEntry entry) throws ZipException {
    long packed = entry.getCompressedSize();
    if (packed < 0 || packed > fileBytes || entry.getSize() > packed * MOST_INFLATED) {
      throw new ZipException(
          "'%s' is damaged: it cannot have %,d bytes in a file of %,d"
              .formatted(entry.getName(), entry.getSize(), fileBytes));
    }
  }

  private void requireUndamaged(ZipEntry entry, CountedChecksum read) throws ZipException {
    String name = entry.getName();
    if (read.getValue() != entry.getCrc() || read.bytes != entry.getSize()) {
      throw new ZipException(
          "'" + name + "' is damaged: its checksum is not the one that was written");
    }
    Content content = expected.get(name);
    if (content != null
        && (read.getValue() != content.crc32 || read.bytes != content.bytes.orElse(read.bytes))) {
      throw new ZipException(
          "its entry '" + name + "' is not the one that was saved with the average");
    }
  }

  private static ZipException wrong(String message, Exception cause) {
    String why = cause instanceof EOFException ? "it ends too early" : cause.getMessage();
    ZipException e = new ZipException(message + ": " + why);
    e.initCause(cause);
    return e;
  }

  /** CRC-32 and length of what was read. */
  private static final class CountedChecksum implements Checksum {
    private final CRC32 crc = new CRC32();
    private long bytes;

    @Override
    public void update(int b) {
      crc.update(b);
      bytes++;
    }

    @Override
    public void update(byte[] b, int offset, int length) {
      crc.update(b, offset, length);
      bytes += length;
    }

    @Override
    public long getValue() {
      return crc.getValue();
    }

    @Override
    public void reset() {
      crc.reset();
      bytes = 0;
    }
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
