// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Starts workers. JVMs are always there; a C compiler and PyTorch may be missing, and {@link
 * #missing} says why a table has no such rows.
 */
public final class Workers {

  private static final String CHILD = "io.github.ema4j.benchmarks.child.Child";

  private static final String LOG = "workers.log";

  private final Path directory;
  private final String searchPath;
  private final Map<String, String> missing = new LinkedHashMap<>();
  private Path ceiling;
  private Path python;

  /**
   * Looks for a C compiler and a Python with PyTorch.
   *
   * @param directory an existing one, for programs and logs
   * @param searchPath directories to search for {@code gcc} and {@code python3}, as in the
   *     environment variable PATH
   */
  public Workers(Path directory, String searchPath) {
    this.directory = directory;
    this.searchPath = searchPath;
    forgetLastRun();
    compileCeiling();
    findPython();
  }

  /**
   * Why some workers cannot be had.
   *
   * @return one sentence for each kind
   */
  public List<String> missing() {
    return List.copyOf(missing.values());
  }

  /**
   * A JVM with ND4J that sees a number of processors: neither the average nor OpenMP nor OpenBLAS
   * uses more threads.
   *
   * @param threads from 1
   * @return a new worker
   */
  public Worker java(int threads) {
    return java("JVM with %d threads".formatted(threads), threads, List.of(), Map.of());
  }

  /**
   * A JVM of one thread whose ND4J has oneDNN, where there is such a native library for the
   * platform, and whose allocator keeps memory, as the train command starts it.
   *
   * @return a new worker
   */
  public Worker javaWithOneDnn() {
    return java(
        "JVM with oneDNN",
        1,
        List.of("-Dorg.bytedeco.javacpp.platform.extension=-onednn"),
        Map.of(
            "MALLOC_MMAP_THRESHOLD_", "1073741824",
            "MALLOC_TRIM_THRESHOLD_", "4294967296",
            "MALLOC_TOP_PAD_", "67108864",
            "MALLOC_ARENA_MAX", "1"));
  }

  private Worker java(
      String name, int threads, List<String> options, Map<String, String> environment) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED", "-Xmx1g", "-XX:ActiveProcessorCount=" + threads));
    command.addAll(options);
    command.addAll(List.of("-classpath", System.getProperty("java.class.path"), CHILD));
    Map<String, String> all = new LinkedHashMap<>(environment);
    all.put("OMP_NUM_THREADS", Integer.toString(threads));
    return Worker.start(name, command, all, directory.resolve(LOG));
  }

  /**
   * The loop in C that memory bandwidth alone limits.
   *
   * @return a new worker; empty without a C compiler
   */
  public Optional<Worker> ceiling() {
    return Optional.ofNullable(ceiling)
        .map(
            program ->
                Worker.start("C", List.of(program.toString()), Map.of(), directory.resolve(LOG)));
  }

  /**
   * PyTorch.
   *
   * @return a new worker; empty without PyTorch
   */
  public Optional<Worker> torch() {
    return Optional.ofNullable(python)
        .map(
            program ->
                Worker.start(
                    "PyTorch",
                    List.of(program.toString(), extract("torch_worker.py").toString()),
                    // For builds with LLVM's OpenMP, whose threads spin for 200 ms by default.
                    Map.of("KMP_BLOCKTIME", "20"),
                    directory.resolve(LOG)));
  }

  /**
   * Numbers of threads to measure with.
   *
   * @return all cores, then 1; only 1 on a machine of one core
   */
  public static List<Integer> threadCounts() {
    return Machine.cores() == 1 ? List.of(1) : List.of(Machine.cores(), 1);
  }

  /**
   * Numbers of threads to see how time falls with them.
   *
   * @return powers of two up to all cores, and all cores
   */
  public static List<Integer> threadScale() {
    return IntStream.concat(
            IntStream.iterate(1, i -> i < Machine.cores(), i -> 2 * i),
            IntStream.of(Machine.cores()))
        .boxed()
        .toList();
  }

  private void forgetLastRun() {
    try {
      Files.deleteIfExists(directory.resolve(LOG));
    } catch (IOException e) {
      throw new UncheckedIOException("The log of the last run cannot be deleted", e);
    }
  }

  private void compileCeiling() {
    Path compiler = programs("gcc").findFirst().orElse(null);
    if (compiler == null) {
      missing.put("C", "No ceiling in C: there is no gcc on the PATH.");
      return;
    }
    Path program = directory.resolve("ceiling");
    Path log = directory.resolve("gcc.log");
    if (succeeds(
        log,
        compiler.toString(),
        "-O3",
        "-march=native",
        "-fopenmp",
        "-o",
        program.toString(),
        extract("ceiling.c").toString())) {
      ceiling = program;
    } else {
      missing.put("C", "No ceiling in C: gcc could not compile it, see " + log.getFileName() + ".");
    }
  }

  private void findPython() {
    python =
        Stream.of("python3", "python")
            .flatMap(this::programs)
            .filter(
                program ->
                    succeeds(
                        directory.resolve("python.log"), program.toString(), "-c", "import torch"))
            .findFirst()
            .orElse(null);
    if (python == null) {
      missing.put(
          "PyTorch",
          "No comparison with PyTorch: no Python on the PATH has it. On Debian: apt-get install"
              + " python3-torch.");
    }
  }

  private Stream<Path> programs(String name) {
    return Arrays.stream(searchPath.split(File.pathSeparator))
        .filter(part -> !part.isEmpty())
        .map(part -> Path.of(part, name))
        .filter(Files::isExecutable);
  }

  private boolean succeeds(Path log, String... command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      if (process.waitFor(60, TimeUnit.SECONDS)) {
        return process.exitValue() == 0;
      }
      process.destroyForcibly();
    } catch (IOException e) {
      return false; // not a program of this system
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private Path extract(String resource) {
    Path file = directory.resolve(resource);
    try (InputStream in = Workers.class.getResourceAsStream("/" + resource)) {
      Files.writeString(file, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file, e);
    }
    return file;
  }
}
