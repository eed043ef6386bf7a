#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: PolySchedule raises the learning rate to 2^power of its start, then drops it to zero.
#
# The schedule is known from Caffe's "poly" policy and its own Javadoc: initial * (1 - i / max)^power, which falls to zero.
# PolySchedule.valueAt computes (1 + i / max)^power, and 0 from max on. Whoever anneals with it trains at twice the
# initial rate at the end of the run (power 1), or four times (power 2), and the run still looks finished, since the
# rate is zero afterwards.
#
# Seen: the value at the start, in the middle, at the last iteration and after it, for an initial value of 0.1.
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
import java.util.Locale;
import org.nd4j.linalg.schedule.PolySchedule;
import org.nd4j.linalg.schedule.ScheduleType;

public class Probe {
  public static void main(String[] args) {
    for (double power : new double[] {1, 2}) {
      PolySchedule schedule = new PolySchedule(ScheduleType.ITERATION, 0.1, power, 100);
      StringBuilder line = new StringBuilder("| power " + power + ":");
      for (int iteration : new int[] {0, 50, 99, 100}) {
        line.append(String.format(Locale.ROOT, " %d: %.4f", iteration, schedule.valueAt(iteration, 0)));
      }
      System.out.println(line);
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| power 1.0: 0: 0.1000 50: 0.1500 99: 0.1990 100: 0.0000
| power 2.0: 0: 0.1000 50: 0.2250 99: 0.3960 100: 0.0000
EXPECTED
