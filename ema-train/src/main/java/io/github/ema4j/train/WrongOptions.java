// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.Printable;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Answers a command line that cannot be: with the option that was probably meant, and for one of
 * timm's {@code train.py} that is missing here with what there is instead.
 */
final class WrongOptions implements IParameterExceptionHandler {

  private static final Map<String, String> OF_TIMM = new HashMap<>();

  private static final Set<String> OF_LARGE_BATCHES = Set.of("lamb", "lambc", "lars", "larc");

  private static void answer(String sentence, String... options) {
    for (String option : options) {
      OF_TIMM.put(option, sentence);
    }
  }

  static {
    answer("name the folder as it is: train DIR", "--data-dir", "--data");
    answer(
        "a folder of images is read, with the parts train/ and val/; no other data set is",
        "--dataset",
        "--train-split",
        "--val-split",
        "--dataset-download");
    answer("the classes are the folders below train/", "--num-classes", "--class-map");
    answer("the validation images are read in batches of --batch-size", "--validation-batch-size");
    answer(
        "there are no pretrained networks; to go on with a run of yours take --resume RUN",
        "--pretrained",
        "--initial-checkpoint");
    answer(
        "images are mirrored (--hflip) and cropped (--random-resized-crop), and nothing else is done to"
            + " them",
        "--mixup",
        "--mixup-prob",
        "--mixup-mode",
        "--cutmix",
        "--aa",
        "--aug-splits",
        "--color-jitter",
        "--reprob",
        "--remode",
        "--recount",
        "--vflip",
        "--scale",
        "--ratio",
        "--crop-pct");
    answer("images are mirrored with --hflip, or not without", "--no-aug");
    answer(
        "Deeplearning4j trains in FLOAT; --no-accelerate aside, the fastest way is taken by itself",
        "--amp",
        "--amp-dtype",
        "--amp-impl",
        "--channels-last",
        "--torchcompile",
        "--torchscript",
        "--fuser");
    answer(
        "one process trains; for several workers see docs/parallel.md and docs/spark.md",
        "--local-rank",
        "--local_rank",
        "--sync-bn",
        "--dist-bn",
        "--grad-accum-steps",
        "--no-ddp-bb");
    answer("the backend on the class path decides: nd4j-native or CUDA", "--device");
    answer(
        "the networks of list-models have no such part",
        "--drop",
        "--drop-path",
        "--drop-block",
        "--gp");
    answer("gradients are not clipped", "--clip-grad", "--clip-mode");
    answer(
        "give the rate of a step of the optimizer with --lr",
        "--lr-base",
        "--lr-base-size",
        "--layer-decay");
    answer(
        "results are written to --output, for TensorBoard too", "--log-wandb", "--wandb-project");
    answer("the loss is the cross-entropy, with --smoothing if wanted", "--bce-loss", "--jsd-loss");
  }

  @Override
  public int handleParseException(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    command.getErr().println(Printable.of(message(e)));
    command.getErr().println("--help shows the options.");
    return CommandLine.ExitCode.USAGE;
  }

  private static String message(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched) {
      return unmatched.getUnmatched().stream()
          .filter(argument -> argument.startsWith("-") && !argument.matches("-[\\d.].*"))
          .findFirst()
          .map(option -> unknown(option, unmatched.getSuggestions()))
          .orElseGet(() -> tooMany(unmatched));
    }
    return withoutTypesOfJava(inSmallLetters(e.getMessage())) + optimizerOfTimm(e);
  }

  /** What picocli says of text where a number should be. */
  private static String withoutTypesOfJava(String message) {
    return message
        .replaceFirst("is not an? (int|long)$", "is not a whole number")
        .replaceFirst("is not a (float|double)$", "is not a number");
  }

  /** What to take instead of one of timm's optimizers that is missing here. */
  private static String optimizerOfTimm(ParameterException e) {
    if (!(e.getArgSpec() instanceof OptionSpec option)
        || !option.longestName().equals("--opt")
        || e.getValue() == null) {
      return "";
    }
    String name = e.getValue().toLowerCase(Locale.ROOT);
    if (name.startsWith("lookahead")) {
      return ". There is no lookahead: take the optimizer after the '_', and --model-ema for weights"
          + " that are averaged";
    }
    if (name.startsWith("adamw") || name.startsWith("nadamw") || name.startsWith("fusedadamw")) {
      return ". The nearest is adam; --weight-decay is an L2 penalty here, not decoupled";
    }
    if (OF_LARGE_BATCHES.contains(name)) {
      return ". It is for batches of thousands: take adam or momentum";
    }
    return name.contains("sgd") || name.equals("nesterov")
        ? ". timm's sgd, with Nesterov momentum, is momentum here"
        : name.contains("rmsprop") ? ". The nearest is rmsprop" : ". The nearest is mostly adam";
  }

  /** Names of constants as they are typed: "expected one of [SGD, ADAM] (case-insensitive)". */
  private static String inSmallLetters(String message) {
    return Pattern.compile("(\\[[A-Z_, ]+]) \\(case-insensitive\\)")
        .matcher(message)
        .replaceAll(names -> names.group(1).toLowerCase(Locale.ROOT));
  }

  private static String unknown(String argument, List<String> similar) {
    String option = argument.replaceFirst("=.*", "");
    return "Unknown option: '"
        + option
        + "'"
        + Optional.ofNullable(OF_TIMM.get(option))
            .map(sentence -> ", of timm: " + sentence)
            .or(() -> similar.stream().findFirst().map(likely -> ": " + likely + "?"))
            .orElse("");
  }

  /** A number too many is most often that of a flag which has one in timm. */
  private static String tooMany(UnmatchedArgumentException e) {
    return e.getMessage()
        + (e.getUnmatched().get(0).matches("[\\d.]+")
            ? ". --hflip takes no number: it mirrors every second image"
            : "");
  }
}
