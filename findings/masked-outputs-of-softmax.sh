#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: with a mask of single outputs the gradient of a loss behind a softmax is wrong: it is 0 for each output that is masked.
#
# A masked output has no part in the loss, but its logit is in the denominator of every other output of the softmax, and so has a gradient. ND4J multiplies the
# gradient by the mask after it has gone back through the activation function, where only the gradient of the loss is to be masked, before it.
# LossMSE, LossL1, LossMAPE, LossMSLE, LossPoisson, LossKLD, LossHinge and others are all the same; LossMCXENT alone refuses such a mask with softmax.
# Activation functions that work on each output alone are not touched by it.
#
# Seen: gradient by computeGradient and by differences of computeScore, for one example with outputs 0 and 1 kept and 2 masked.
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
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossKLD;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossPoisson;

public class Probe {
  static void show(ILossFunction loss, IActivation activation) {
    INDArray labels = Nd4j.createFromArray(new double[][] {{0.7, 0.2, 0.1}});
    INDArray logits = Nd4j.createFromArray(new double[][] {{0.5, -0.25, 1.0}});
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 1, 0}});
    INDArray gradient = loss.computeGradient(labels.dup(), logits.dup(), activation, mask);
    StringBuilder text = new StringBuilder("| " + loss.getClass().getSimpleName() + ", " + activation + ":");
    for (int i = 0; i < 3; i++) {
      double difference = 0;
      for (int sign : new int[] {1, -1}) {
        INDArray moved = logits.dup();
        moved.putScalar(0, i, logits.getDouble(0, i) + sign * 1e-6);
        difference += sign * loss.computeScore(labels.dup(), moved, activation, mask, false);
      }
      text.append(String.format(java.util.Locale.ROOT, " %.4f is %.4f;", gradient.getDouble(0, i), difference / 2e-6));
    }
    System.out.println(text);
  }

  public static void main(String[] args) {
    Nd4j.setDefaultDataTypes(DataType.DOUBLE, DataType.DOUBLE);
    for (ILossFunction loss : new ILossFunction[] {new LossMSE(), new LossKLD(), new LossPoisson()}) {
      show(loss, new ActivationSoftmax());
      show(loss, new ActivationSigmoid());
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| LossMSE, softmax: -0.0535 is -0.0535; 0.0081 is 0.0081; 0.0000 is 0.0454;
| LossMSE, sigmoid: -0.0121 is -0.0121; 0.0390 is 0.0390; 0.0000 is 0.0000;
| LossKLD, softmax: -0.4116 is -0.4116; -0.0638 is -0.0638; 0.0000 is 0.4754;
| LossKLD, sigmoid: -0.2643 is -0.2643; -0.1124 is -0.1124; -0.0000 is 0.0000;
| LossPoisson, softmax: -0.2424 is -0.2424; 0.0162 is 0.0162; 0.0000 is 0.2262;
| LossPoisson, sigmoid: -0.0293 is -0.0293; 0.1337 is 0.1337; 0.0000 is 0.0000;
EXPECTED
