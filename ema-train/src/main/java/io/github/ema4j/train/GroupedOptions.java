// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import java.lang.reflect.Member;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.OptionSpec;

/** The options of {@link Train} under a heading each: that of the class that declares them. */
final class GroupedOptions implements IHelpSectionRenderer {

  private static final Map<Class<?>, String> HEADINGS = new LinkedHashMap<>();

  static {
    HEADINGS.put(DataOptions.class, "Images");
    HEADINGS.put(Train.class, "Network and length");
    HEADINGS.put(EmaOptions.class, "Average of the weights");
    HEADINGS.put(OptimizerOptions.class, "Optimizer and learning rate");
    HEADINGS.put(Acceleration.class, "Speed");
    HEADINGS.put(OutputOptions.class, "Results, and going on");
  }

  @Override
  public String render(Help help) {
    Map<Class<?>, List<OptionSpec>> groups = new LinkedHashMap<>();
    HEADINGS.keySet().forEach(type -> groups.put(type, new ArrayList<>()));
    List<OptionSpec> last = new ArrayList<>();
    for (OptionSpec option : help.commandSpec().options()) {
      boolean standard = option.usageHelp() || option.versionHelp();
      (standard ? last : groups.get(((Member) option.userObject()).getDeclaringClass()))
          .add(option);
    }
    StringBuilder text = new StringBuilder();
    groups.forEach(
        (type, options) ->
            text.append("%n%s:%n".formatted(HEADINGS.get(type))).append(layout(help, options)));
    return text.append(System.lineSeparator()).append(layout(help, last)).toString();
  }

  private static String layout(Help help, List<OptionSpec> options) {
    Help.Layout layout = help.createDefaultLayout(options, List.of(), help.colorScheme());
    layout.addAllOptions(options, help.parameterLabelRenderer());
    return layout.toString();
  }
}
