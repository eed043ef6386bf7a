// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a user runs it, in a JVM of its own, but with tiny arrays. */
@Tag("slow")
class BenchmarksTest {

  @TempDir private Path directory;

  private record Run(int exitCode, String output) {
    boolean hasRow(String... cells) {
      return output
          .lines()
          .filter(line -> line.startsWith("| "))
          .map(line -> Arrays.stream(line.split("\\|")).map(String::strip).toList())
          .anyMatch(row -> row.containsAll(List.of(cells)));
    }
  }

  private Run run(String path, String... options) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-classpath",
                System.getProperty("java.class.path"),
                Benchmarks.class.getName(),
                "--output",
                directory.toString()));
    command.addAll(List.of(options));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PATH", path);
    Path output = directory.resolve("output.txt");
    int exitCode = builder.redirectOutput(output.toFile()).start().waitFor();
    return new Run(exitCode, Files.readString(output));
  }

  private static boolean isOnPath(String program) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(part -> Files.isExecutable(Path.of(part, program)));
  }

  @Test
  void tablesHaveAllRowsAndRunWithoutCompilerAndPython() throws Exception {
    Run run =
        run(
            directory.toString(),
            "--quick",
            "--rounds=1",
            "--sizes=0.002M",
            "--only=update,swap,finite,tensors,types,layers,schedules,group,memory,"
                + "acceleration,evaluation");
    assertEquals(0, run.exitCode, run.output);
    assertTrue(run.output.contains("No ceiling in C: there is no gcc on the PATH."), run.output);
    assertTrue(run.output.contains("No comparison with PyTorch"), run.output);
    assertFalse(run.output.contains("C loop"), run.output);
    assertTrue(run.output.contains("## Update, 2000 parameters"), run.output);
    assertEveryTableTellsMachineAndLoad(run.output);
    for (String row :
        List.of(
            "EMA4J",
            "ND4J `e.muli(d).addi(p.mul(1-d))`",
            "ND4J `p.sub(e, tmp)`, Axpy",
            "ND4J `e.muli(d)`, Axpy",
            "ND4J `e.subi(p).muli(d).addi(p)`",
            "ND4J, three `assign`s",
            "the same loop without the check",
            "ND4J norm1",
            "EMA4J, HALF parameters, FLOAT shadow",
            "EMA4J, FLOAT parameters, DOUBLE shadow",
            "uniform()",
            "AverageGroup",
            "lenet, 1 x 28 x 28, batch 64",
            "EMA4J swap and back",
            "average, by swap",
            "average, on the live view",
            "average, on a copy")) {
      assertTrue(run.hasRow(row), "Row missing: " + row + "\n" + run.output);
    }
    assertTrue(run.hasRow("EMA4J", "1"), run.output);
    assertTrue(
        run.hasRow("EMA4J", Integer.toString(Runtime.getRuntime().availableProcessors())),
        run.output);
    assertTrue(run.hasRow("100", "2000"), "100 layers of width 4\n" + run.output);
    assertTrue(Files.readString(directory.resolve("report.md")).contains("## Targets"));
    assertTrue(
        Files.readString(directory.resolve("samples.csv"))
            .contains("\"Update, 2000 parameters\",\"EMA4J\",1,0,"));
  }

  private static void assertEveryTableTellsMachineAndLoad(String output) {
    List<String> lines = output.lines().toList();
    long tables = lines.stream().filter(line -> line.startsWith("## ")).count();
    long described =
        lines.stream()
            .filter(line -> line.startsWith("_20") && line.contains(System.getProperty("os.name")))
            .filter(line -> line.contains(System.getProperty("java.vm.version")))
            .filter(line -> line.contains("core") && line.contains("load average"))
            .count();
    assertTrue(tables > 0, output);
    assertEquals(tables, described, output);
  }

  @Test
  void checksPassAndTellTheirDigest() throws Exception {
    Run run = run(directory.toString(), "--quick", "--only=checks");
    assertEquals(0, run.exitCode, run.output);
    assertTrue(
        run.hasRow("swap exchanges, and twice is as never", "1", "right", "c3dff5d0"), run.output);
  }

  @Test
  void ceilingIsMeasuredWhereThereIsACompiler() throws Exception {
    Assumptions.assumeTrue(isOnPath("gcc"), "no gcc on this machine");
    Run run = run(System.getenv("PATH"), "--quick", "--rounds=1", "--sizes=1000", "--only=update");
    assertEquals(0, run.exitCode, run.output);
    assertTrue(run.hasRow("C loop", "1"), run.output);
    assertTrue(run.hasRow("C loop, on cache lines", "1"), run.output);
    assertTrue(run.hasRow("C memcpy", "1"), run.output);
  }

  @Test
  void unknownPartIsRefusedWithTheNamesOfAll() throws Exception {
    Run run = run(directory.toString(), "--only=speed");
    assertEquals(2, run.exitCode, run.output);
    assertTrue(run.output.contains("There is no part 'speed'; there are checks, update"));
  }

  @Test
  void badSizeIsRefused() throws Exception {
    for (String size : List.of("0", "-1", "1.5", "many", "1e30")) {
      Run run = run(directory.toString(), "--sizes=" + size);
      assertEquals(2, run.exitCode, run.output);
      assertTrue(run.output.contains("'" + size + "' is no number of parameters"), run.output);
    }
  }
}
