#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: SameDiff differentiates the inverse of a matrix as if it were 1 / x.
#
# The gradient of sum(weights * inverse(x)) is -inverse(x)' weights inverse(x)', a matrix product. What sd.math.matrixInverse passes back
# is the matrix product -inverse(x) inverse(x) times the weights, element by element: signs differ, too. It is right for diagonal
# matrices with diagonal weights only.
#
# Seen: the gradient, and the one by differences.
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
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  /** The sum of weights * inverse(x), of 2 by 2. */
  static double loss(double[][] x, double[][] w) {
    double determinant = x[0][0] * x[1][1] - x[0][1] * x[1][0];
    return (w[0][0] * x[1][1] - w[0][1] * x[0][1] - w[1][0] * x[1][0] + w[1][1] * x[0][0])
        / determinant;
  }

  static void print(String name, double[][] x, double[][] w) {
    SameDiff sd = SameDiff.create();
    SDVariable variable = sd.var("x", Nd4j.createFromArray(x));
    sd.sum("loss", sd.math().matrixInverse(variable).mul(sd.constant(Nd4j.createFromArray(w))));
    sd.setLossVariables("loss");
    double[][] gradient = sd.calculateGradients(null, "x").get("x").toDoubleMatrix();
    StringBuilder line = new StringBuilder("| " + name + ":");
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 2; j++) {
        double at = x[i][j];
        x[i][j] = at + 1e-5;
        double above = loss(x, w);
        x[i][j] = at - 1e-5;
        double below = loss(x, w);
        x[i][j] = at;
        line.append(
            String.format(
                Locale.ROOT, " %.3f (by differences %.3f)", gradient[i][j], (above - below) / 2e-5));
      }
    }
    System.out.println(line);
  }

  public static void main(String[] args) {
    print("diagonal", new double[][] {{2, 0}, {0, 4}}, new double[][] {{1, 0}, {0, 3}});
    print("symmetric", new double[][] {{2, 0.5}, {0.5, 1}}, new double[][] {{1, 2}, {2, 3}});
    print("not symmetric", new double[][] {{2, 0.5}, {0.1, 1}}, new double[][] {{1, 2}, {3, 4}});
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| diagonal: -0.250 (by differences -0.250) -0.000 (by differences 0.000) -0.000 (by differences 0.000) -0.188 (by differences -0.187)
| symmetric: -0.408 (by differences 0.082) 0.980 (by differences -0.327) 0.980 (by differences -0.327) -4.163 (by differences -2.694)
| not symmetric: -0.276 (by differences 0.026) 0.789 (by differences -0.823) 0.237 (by differences -0.526) -4.260 (by differences -3.537)
EXPECTED
