// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

@DisabledForJreRange(min = JRE.JAVA_24, disabledReason = "Hadoop 3.3 needs getSubject")
class CheckpointStoreTest {

  /** A file system of another scheme, as that of a cluster would be, which can refuse to rename. */
  public static final class OtherFileSystem extends RawLocalFileSystem {

    @Override
    public URI getUri() {
      return URI.create("other:///");
    }

    @Override
    public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to)
        throws IOException {
      return !getConf().getBoolean("other.refuses", false) && super.rename(from, to);
    }
  }

  @TempDir Path directory;

  private static Configuration hadoop() {
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.other.impl", OtherFileSystem.class, org.apache.hadoop.fs.FileSystem.class);
    hadoop.setBoolean("fs.other.impl.disable.cache", true);
    return hadoop;
  }

  private static CheckpointStore.Content text(String text) {
    return out -> out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static String read(CheckpointStore store) throws IOException {
    Path copy = store.download(store.last().orElseThrow());
    try {
      return Files.readString(copy);
    } finally {
      Files.delete(copy);
    }
  }

  @Test
  void keepsTheNewest() throws IOException {
    CheckpointStore store = new CheckpointStore(directory.toString(), 2, hadoop());
    assertTrue(store.last().isEmpty());
    for (long round : new long[] {8, 9, 10, 123_456_789_012L}) {
      store.save(round, text("round " + round));
    }
    assertEquals(List.of("round-00000010.zip", "round-123456789012.zip"), names());
    assertEquals("round 123456789012", read(store));
  }

  @Test
  void anyFileSystemOfHadoop() throws IOException {
    CheckpointStore store = new CheckpointStore("other://" + directory, 1, hadoop());
    store.save(1, text("one"));
    store.save(2, text("two"));
    assertEquals(List.of("round-00000002.zip"), names());
    assertEquals("two", read(store));
  }

  @Test
  void aFileIsThereWhollyOrNotAtAll() throws IOException {
    CheckpointStore store = new CheckpointStore(directory.toString(), 2, hadoop());
    store.save(1, text("one"));
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                store.save(
                    2,
                    out -> {
                      out.write(1);
                      throw new IOException("the disk is full");
                    }));
    assertEquals("the disk is full", e.getMessage());
    assertEquals(List.of("round-00000001.zip"), names());
  }

  @Test
  void aRenameThatIsRefusedIsAnError() throws IOException {
    Configuration hadoop = hadoop();
    hadoop.setBoolean("other.refuses", true);
    CheckpointStore store = new CheckpointStore("other://" + directory, 2, hadoop);
    assertThrows(IOException.class, () -> store.save(1, text("one")));
    assertEquals(List.of(), names());
  }

  @Test
  void leftoversOfADriverThatDiedAreDeleted() throws IOException {
    Files.writeString(directory.resolve(".ema4j-4711.tmp"), "half a checkpo");
    Files.writeString(directory.resolve("notes.txt"), "mine");
    CheckpointStore store = new CheckpointStore(directory.toString(), 2, hadoop());
    assertTrue(store.last().isEmpty());
    assertEquals(List.of("notes.txt"), names());
  }

  @Test
  void aDirectoryThatCannotBeIsRefused() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    for (String where : List.of("nowhere://host/runs", file.toString(), "")) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> new CheckpointStore(where, 2, hadoop()));
      assertTrue(e.getMessage().contains("'" + where + "'"), e.getMessage());
    }
  }
}
