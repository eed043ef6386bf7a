// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A JVM that is measured. Beside the requests that all workers know it has:
 *
 * <ul>
 *   <li>{@code scene NAME ARGUMENTS}: sets the scene for the tasks to come
 *   <li>{@code memory OPERATION}: answers with the bytes by which the memory of the process rises
 *       at most during a call, median of some; -1 where the system does not tell
 *   <li>{@code allocated OPERATION CALLS}: answers with the bytes of heap that this thread
 *       allocated in all calls together, median of five
 *   <li>{@code check NAME SIZE}: answers with a digest of the result, or an error if it is wrong
 *   <li>{@code backend}: answers with that of ND4J
 * </ul>
 */
public final class Child {

  private Scene scene;

  private Child() {}

  /**
   * Obeys until the input ends.
   *
   * @param args none
   * @throws IOException if the driver has gone
   */
  public static void main(String[] args) throws IOException {
    PrintStream answers =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.setOut(System.err); // for libraries that print
    Child child = new Child();
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = requests.readLine()) != null; ) {
      try {
        answers.println("= " + child.answer(line.split(" ")));
      } catch (RuntimeException | Error e) { // whatever it is, the driver reports it
        e.printStackTrace();
        answers.println("! " + String.valueOf(e).replaceAll("\\R", " "));
      }
    }
  }

  private String answer(String[] request) {
    return switch (request[0]) {
      case "arrays" -> set(new ArraysScene(size(request[1]), DataType.FLOAT, DataType.FLOAT));
      case "scene" -> scene(Arrays.copyOfRange(request, 1, request.length));
      case "run" -> run(scene.task(request[1]), Integer.parseInt(request[3]));
      case "verify" -> scene.verify(request[1]);
      case "memory" -> Long.toString(PeakMemory.during(scene.task(request[1])));
      case "allocated" ->
          Long.toString(Heap.allocated(scene.task(request[1]), Integer.parseInt(request[2])));
      case "check" -> BitChecks.run(request[1], Math.toIntExact(size(request[2])));
      case "backend" -> Nd4j.getBackend().getClass().getSimpleName();
      case "release" -> release();
      default -> throw new IllegalArgumentException("There is no request '" + request[0] + "'");
    };
  }

  private String scene(String[] words) {
    return switch (words[0]) {
      case "arrays" ->
          set(
              new ArraysScene(
                  size(words[1]), DataType.valueOf(words[2]), DataType.valueOf(words[3])));
      case "training" ->
          set(
              TrainingScene.of(
                  words[1], Integer.parseInt(words[2]), words[3].equals("accelerated")));
      case "step" ->
          set(
              new StepScene(
                  words[1],
                  Integer.parseInt(words[2]),
                  Integer.parseInt(words[3]),
                  Integer.parseInt(words[4]),
                  words[5].equals("accelerated")));
      case "evaluation" -> set(new EvaluationScene(Integer.parseInt(words[1])));
      case "layers" -> set(new LayersScene(size(words[1])));
      case "group" -> set(new GroupScene(size(words[1])));
      case "schedules" -> set(new SchedulesScene(size(words[1])));
      default -> throw new IllegalArgumentException("There is no scene '" + words[0] + "'");
    };
  }

  private String set(Scene next) {
    scene = next;
    return next.describe();
  }

  private String release() {
    scene = null;
    System.gc(); // ND4J frees an array when it learns that nobody holds it
    return "released";
  }

  private static String run(Task task, int calls) {
    task.run();
    return LongStream.range(0, calls)
        .mapToObj(i -> Long.toString(task.run()))
        .collect(Collectors.joining(" "));
  }

  private static long size(String word) {
    return Long.parseLong(word);
  }
}
