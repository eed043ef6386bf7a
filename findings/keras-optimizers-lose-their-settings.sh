#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deeplearning4j 1.0.0-M2.1: Keras import trains on with other optimizers than the model was trained with.
#
# KerasOptimizerUtils.mapOptimizer, which importKerasModelAndWeights(file, true) goes through, reads the training configuration of Keras.
# - SGD with momentum and nesterov=False becomes Nesterovs, whatever "nesterov" says: another step from the second on.
# - Adam with amsgrad=True becomes Adam; there is an AMSGrad in ND4J.
# - The schedule_decay of Nadam, 0.004 unless set in Keras 2.3.1, shapes Keras' momentum. Here it becomes a decay of the learning rate,
#   initial / (1 + 0.004 t), which halves it within 250 steps.
#
# Seen: the updaters, and the learning rate that the one of Nadam has after 1,000 steps.
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
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.modelimport.keras.utils.KerasOptimizerUtils;
import org.nd4j.linalg.learning.config.IUpdater;

public class Probe {
  static IUpdater updater(String optimizer, Map<String, Object> settings) throws Exception {
    Map<String, Object> configuration = new HashMap<>();
    configuration.put("class_name", optimizer);
    configuration.put("config", new HashMap<>(settings));
    return KerasOptimizerUtils.mapOptimizer(configuration);
  }

  public static void main(String[] args) throws Exception {
    System.out.println("| SGD, momentum 0.9, nesterov false: "
        + updater("SGD", Map.of("lr", 0.01, "momentum", 0.9, "nesterov", false, "decay", 0.0)).getClass().getSimpleName());
    System.out.println("| Adam, amsgrad true: "
        + updater("Adam", Map.of("lr", 0.001, "beta_1", 0.9, "beta_2", 0.999, "epsilon", 1e-7, "decay", 0.0, "amsgrad", true))
            .getClass().getSimpleName());
    IUpdater nadam =
        updater("Nadam", Map.of("lr", 0.002, "beta_1", 0.9, "beta_2", 0.999, "epsilon", 1e-7, "schedule_decay", 0.004));
    System.out.println("| Nadam, lr 0.002, schedule_decay 0.004: " + nadam);
    System.out.println("| its learning rate after 1,000 steps: " + nadam.getLearningRate(1000, 0));
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| SGD, momentum 0.9, nesterov false: Nesterovs
| Adam, amsgrad true: Adam
| Nadam, lr 0.002, schedule_decay 0.004: Nadam(learningRate=0.002, learningRateSchedule=InverseSchedule(scheduleType=ITERATION, initialValue=0.002, gamma=0.004, power=1.0), beta1=0.9, beta2=0.999, epsilon=1.0E-7)
| its learning rate after 1,000 steps: 4.0E-4
EXPECTED
