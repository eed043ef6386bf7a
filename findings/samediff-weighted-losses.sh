#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: SameDiff's losses pass on a gradient that leaves out what was done with the loss afterwards.
#
# The backward pass of sd.loss.* starts at 1, whatever the gradient that reaches it. A sum of two losses with weights, 0.1 * a + b, is
# trained as a + b, and a loss of which the square root or the negative is taken is trained as itself: a maximised loss is minimised.
# The value that is reported is that of the weighted sum. The same loss written with math operations has the right gradient.
#
# Seen: the gradient at 2 of losses of x against 0, by sd.loss.meanSquaredError and by sd.mean(sd.math.square(...)).
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
import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static double gradient(boolean lossOp, UnaryOperator<SDVariable> then) {
    SameDiff sd = SameDiff.create();
    SDVariable x = sd.var("x", Nd4j.createFromArray(2f));
    SDVariable zero = sd.constant(Nd4j.createFromArray(0f));
    SDVariable loss =
        lossOp
            ? sd.loss().meanSquaredError(zero, x, null)
            : sd.mean(sd.math().square(x.sub(zero)));
    then.apply(loss).rename("total");
    sd.setLossVariables("total");
    return sd.calculateGradients(null, "x").get("x").getDouble(0);
  }

  static void print(String name, UnaryOperator<SDVariable> then) {
    System.out.printf(
        Locale.ROOT,
        "| d/dx of %s: %.1f by the loss, %.1f by its formula%n",
        name, gradient(true, then), gradient(false, then));
  }

  public static void main(String[] args) {
    print("loss", loss -> loss);
    print("0.1 loss", loss -> loss.mul(0.1));
    print("-loss", SDVariable::neg);
    print("loss^2", loss -> loss.mul(loss));
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| d/dx of loss: 4.0 by the loss, 4.0 by its formula
| d/dx of 0.1 loss: 4.0 by the loss, 0.4 by its formula
| d/dx of -loss: 4.0 by the loss, -4.0 by its formula
| d/dx of loss^2: 4.0 by the loss, 32.0 by its formula
EXPECTED
