// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.error;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Why a file or folder could not be read or written, in words instead of names of Java. */
public final class Reason {
  private Reason() {}

  /** The first cause alone, without the path, which those around it repeat. */
  public static String of(IOException e) {
    if (e.getCause() instanceof IOException cause) {
      return of(cause);
    }
    if (e instanceof FileSystemException inFiles) {
      return of(inFiles);
    }
    return e.getMessage() == null ? "input or output failed" : e.getMessage();
  }

  /** Java gives some failures a class instead of words. */
  private static String of(FileSystemException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file or folder";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "there is a file of that name";
    }
    if (e instanceof NotDirectoryException) {
      return "it is not a folder";
    }
    return e.getReason() == null ? "input or output failed" : e.getReason();
  }
}
