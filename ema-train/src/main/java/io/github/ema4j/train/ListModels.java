// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.models.Models;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code train list-models}. */
@Command(name = "list-models", description = "Prints the names that --model takes, one a line.")
final class ListModels implements Runnable {
  @Spec private CommandSpec command;

  @Override
  public void run() {
    PrintWriter out = command.commandLine().getOut();
    Models.names().forEach(out::println);
    Models.zooNames().forEach(out::println);
  }
}
