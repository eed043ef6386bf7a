// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.deeplearning4j.util.ModelSerializer.COEFFICIENTS_BIN;
import static org.deeplearning4j.util.ModelSerializer.CONFIGURATION_JSON;
import static org.deeplearning4j.util.ModelSerializer.NORMALIZER_BIN;
import static org.deeplearning4j.util.ModelSerializer.UPDATER_BIN;

import io.github.ema4j.core.state.AverageInfo;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The names of a checkpoint's entries; the package's introduction says what is in them. */
final class CheckpointEntries {

  static final String STATE = "emaState.json";

  /** Those that a checkpoint may have beside the ones that it has to have. */
  static final Set<String> OPTIONAL = Set.of(UPDATER_BIN, NORMALIZER_BIN);

  private CheckpointEntries() {}

  /** The values of one of several averages. */
  static String shadow(int index) {
    return numbered("emaShadow", index);
  }

  /** The variances of one of several averages that its values hold as logarithms. */
  static String variances(int index) {
    return numbered("emaVariances", index);
  }

  private static String numbered(String name, int index) {
    return index == 0 ? name + ".bin" : name + (index + 1) + ".bin";
  }

  /** Whether a name is one that checkpoints give to their entries. */
  static boolean isOwn(String name) {
    return name.equals(CONFIGURATION_JSON)
        || name.equals(COEFFICIENTS_BIN)
        || OPTIONAL.contains(name)
        || name.matches("ema(Shadow|Variances)\\d*\\.bin");
  }

  static boolean hasVariances(AverageInfo average) {
    return average.coverage().log10Deviations().count() > 0;
  }

  /** Those that a checkpoint of these averages has to have, but for its state. */
  static Set<String> required(List<AverageInfo> averages) {
    Set<String> names = new LinkedHashSet<>(List.of(COEFFICIENTS_BIN, CONFIGURATION_JSON));
    for (int i = 0; i < averages.size(); i++) {
      names.add(shadow(i));
      if (hasVariances(averages.get(i))) {
        names.add(variances(i));
      }
    }
    return names;
  }
}
