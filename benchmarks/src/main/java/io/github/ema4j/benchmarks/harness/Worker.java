// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A child process that runs operations on command. A request is one line on its standard input, the
 * answer one line on its standard output that begins with "= ", or with "! " for an error; other
 * lines are chatter of libraries and are passed over. A process that waits for a request does
 * nothing, and ends with this one.
 *
 * <p>Requests that all workers know:
 *
 * <ul>
 *   <li>{@code arrays N}: a shadow and parameters of N floats each, in place of what was there
 *   <li>{@code run OPERATION THREADS CALLS}: one call that is not timed, then CALLS calls; answers
 *       with the nanoseconds of each
 *   <li>{@code verify OPERATION THREADS}: shadow 1, parameters 0.5, one call; answers with the
 *       first, middle and last element of the shadow
 *   <li>{@code release}: gives the arrays back
 * </ul>
 */
public final class Worker implements AutoCloseable {

  private final String name;
  private final ProcessBuilder builder;
  private final Path log;
  private Process process;
  private BufferedWriter requests;
  private BufferedReader answers;
  private ProcessWatch watch;

  private Worker(String name, ProcessBuilder builder, Path log) {
    this.name = name;
    this.builder = builder;
    this.log = log;
    start();
  }

  private void start() {
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException("The worker " + name + " could not be started", e);
    }
    requests = process.outputWriter(StandardCharsets.UTF_8);
    answers = process.inputReader(StandardCharsets.UTF_8);
    watch = new ProcessWatch(process.pid());
  }

  /**
   * Starts a process.
   *
   * @param name of the worker, for messages
   * @param command program and arguments
   * @param environment variables to set beside the inherited ones
   * @param log receives what the process writes to standard error
   * @return the running worker
   */
  public static Worker start(
      String name, List<String> command, Map<String, String> environment, Path log) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    return new Worker(name, builder, log);
  }

  /** Ends the process and starts another, which has no arrays yet. */
  public void restart() {
    close();
    start();
  }

  /**
   * Sends a request and waits for the answer.
   *
   * @param words of the request
   * @return the answer without its mark
   * @throws WorkerException if the worker reports an error or has ended
   */
  public String ask(Object... words) {
    String request = String.join(" ", Arrays.stream(words).map(String::valueOf).toList());
    try {
      requests.write(request + "\n");
      requests.flush();
      for (String line; (line = answers.readLine()) != null; ) {
        if (line.startsWith("= ")) {
          return line.substring(2);
        }
        if (line.startsWith("! ")) {
          throw new WorkerException(name + " on '" + request + "': " + line.substring(2));
        }
      }
    } catch (IOException e) {
      throw new WorkerException(ended(request) + ": " + e.getMessage());
    }
    throw new WorkerException(ended(request));
  }

  private String ended(String request) {
    String end = "";
    try {
      List<String> lines = Files.readAllLines(log);
      end = String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    } catch (IOException e) {
      end = "(its log cannot be read: " + e.getMessage() + ")";
    }
    return "The worker %s ended on '%s'. The end of its log:%n%s".formatted(name, request, end);
  }

  /** Nanoseconds of each of a number of calls. */
  long[] run(String operation, int threads, int calls) {
    return Arrays.stream(ask("run", operation, threads, calls).split(" "))
        .mapToLong(Long::parseLong)
        .toArray();
  }

  ProcessWatch watch() {
    return watch;
  }

  @Override
  public void close() {
    try (BufferedWriter last = requests) {
      process.getOutputStream().close(); // the end of its input ends a worker
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly(); // it has ended already, or does not read any more
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
