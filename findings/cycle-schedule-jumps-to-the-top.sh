#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: in many cycles of CycleSchedule the rate jumps to its maximum when it has just come down.
#
# CycleSchedule goes up and down in (length - annealing steps) / 2 steps each, rounded down. Where that leaves a step over, the step
# between the way down and the annealing has the maximal rate, in the middle of the smallest ones. Half of the lengths are hit,
# with the shares of annealing that the short constructor takes, too.
#
# Seen: the rates of a cycle of 20 steps with 5 of annealing and with 6, and the lengths from 10 to 40 for which the short constructor
# reaches the maximum twice.
#
# Needs JDK 17 and Maven. Ends with 0 while the output is the one below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.deeplearning4j</groupId><artifactId>deeplearning4j-core</artifactId><version>1.0.0-M2.1</version></dependency>
    <dependency><groupId>org.nd4j</groupId><artifactId>nd4j-native-platform</artifactId><version>1.0.0-M2.1</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.outputFile=classpath >&2

cat >Probe.java <<'JAVA'
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.nd4j.linalg.schedule.CycleSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

public class Probe {
  public static void main(String[] args) {
    for (int annealing : new int[] {5, 6}) {
      CycleSchedule schedule =
          new CycleSchedule(ScheduleType.ITERATION, 0.1, 1, 20, annealing, 0.1);
      StringBuilder line = new StringBuilder("| " + annealing + " of annealing:");
      for (int i = 0; i < 20; i++) {
        line.append(String.format(Locale.ROOT, " %.3f", schedule.valueAt(i, 0)));
      }
      System.out.println(line);
    }
    List<Integer> lengths = new ArrayList<>();
    for (int length = 10; length <= 40; length++) {
      CycleSchedule schedule = new CycleSchedule(ScheduleType.ITERATION, 1, length);
      int peaks = 0;
      for (int i = 0; i < length; i++) {
        peaks += schedule.valueAt(i, 0) > 0.999 ? 1 : 0;
      }
      if (peaks > 1) {
        lengths.add(length);
      }
    }
    System.out.println("| twice at the top: " + lengths);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| 5 of annealing: 0.100 0.229 0.357 0.486 0.614 0.743 0.871 1.000 0.871 0.743 0.614 0.486 0.357 0.229 1.000 0.100 0.010 0.001 0.000 0.000
| 6 of annealing: 0.100 0.229 0.357 0.486 0.614 0.743 0.871 1.000 0.871 0.743 0.614 0.486 0.357 0.229 0.100 0.010 0.001 0.000 0.000 0.000
| twice at the top: [10, 12, 14, 15, 17, 19, 21, 23, 26, 28, 30, 32, 34, 35, 37, 39]
EXPECTED
