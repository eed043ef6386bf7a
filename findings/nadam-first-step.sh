#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: the first step of Nadam is some sixty times the learning rate.
#
# The moments start at zero. Adam, and NAdam as Dozat published it, divide both by what their start leaves out, so that
# the first step is close to the learning rate whatever the gradient is. NadamUpdater does so for the mean of the
# gradients and not for the mean of their squares: that is 0.001 of the first square at beta2 = 0.999, its root 0.032 of
# the gradient, and the first step 31.6 * 1.9 = 60 times the rate. After ten steps it has gone twenty times as far as Adam,
# after a thousand still twice as far. PyTorch 1.13's NAdam goes 0.105 in the first step at rate 0.1.
#
# Seen: total way after 1, 2, 10 and 1000 steps with gradients of one, at learning rate 0.1.
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
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;

public class Probe {
  public static void main(String[] args) {
    for (IUpdater updater : new IUpdater[] {new Adam(0.1), new Nadam(0.1)}) {
      GradientUpdater<?> state = updater.instantiate(Nd4j.zeros(DataType.DOUBLE, 1, 2), true);
      double way = 0;
      for (int step = 0; step < 1000; step++) {
        INDArray gradient = Nd4j.ones(DataType.DOUBLE, 1, 1);
        state.applyUpdater(gradient, step, 0);
        way += gradient.getDouble(0);
        if (step == 0 || step == 1 || step == 9 || step == 999) {
          System.out.printf(
              Locale.ROOT, "| %s after %d: %.3f%n", updater.getClass().getSimpleName(), step + 1, way);
        }
      }
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| Adam after 1: 0.100
| Adam after 2: 0.200
| Adam after 10: 1.000
| Adam after 1000: 100.000
| Nadam after 1: 6.008
| Nadam after 2: 9.198
| Nadam after 10: 21.150
| Nadam after 1000: 217.960
EXPECTED
