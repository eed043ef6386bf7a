// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.Printable;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Answers a command line that cannot be: with the option that was probably meant, and for one of
 * timm's {@code train.py} that is missing here with what there is instead.
 */
final class WrongOptions implements IParameterExceptionHandler {

  private static final Map<String, String> OF_TIMM = new HashMap<>();

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
    return inSmallLetters(e.getMessage());
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
