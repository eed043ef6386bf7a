// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import java.util.Arrays;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last proof that a {@link Replica} asks for: with equal weights it predicts what its network
 * does. A layer of a user's own may keep what no configuration and no parameter tells.
 *
 * <p>It takes an input, so it is made where one is at hand, once per network: with the first
 * minibatch that an average sees trained, or with the first of validation data. What came of it is
 * noted for all who want a second network later.
 */
public final class SameOutput {

  private static final Logger log = LoggerFactory.getLogger(SameOutput.class);

  /**
   * The largest difference, relative to the largest output, that rounding accounts for: a network
   * may be accelerated and its replica not.
   */
  private static final double ROUNDING = 1e-3;

  private static final double ROUNDING_OF_16_BITS = 5e-2;

  private static final long EXAMPLES = 2;

  /** What a replica has otherwise than its network; empty where nothing was found. */
  private static final NetworkNotes<Optional<String>> NOTED = new NetworkNotes<>();

  private SameOutput() {}

  /** Features and masks of a minibatch, by input or output. */
  private record Batch(INDArray[] features, INDArray[] featureMasks, INDArray[] labelMasks) {}

  /**
   * Compares a network with a replica on the input that it has, which is that of its last step, if
   * that was not done yet. The network is left as it is, whatever comes of it.
   *
   * @param network trained by the calling thread, which is between two steps
   * @return false if there is no input, so that another time may be better
   */
  public static boolean proveOnPresentInput(Model network) {
    INDArray[] inputs = inputs(network);
    if (inputs == null || inputs.length == 0 || !areReadable(inputs)) {
      return false;
    }
    // Some vertices take no other number of examples than they were trained with last.
    prove(network, new Batch(few(inputs), null, null), new Batch(inputs, null, null));
    return true;
  }

  /** A replica may be slow where its network is accelerated, and two examples show as much. */
  private static INDArray[] few(INDArray[] inputs) {
    return Arrays.stream(inputs)
        .map(input -> input.get(NDArrayIndex.interval(0, Math.min(EXAMPLES, input.size(0)))).dup())
        .toArray(INDArray[]::new);
  }

  /**
   * Compares a network with a replica on the first batch of some data, if that was not done yet and
   * the data can be reset. The network is left as it is, whatever comes of it.
   *
   * @param network trained by no other thread meanwhile
   * @param data that fits the network; reset before and after
   */
  public static void proveOn(Model network, DataSetIterator data) {
    proveOn(network, new MultiDataSetIteratorAdapter(data));
  }

  /**
   * The same on data of several inputs or outputs.
   *
   * @param network trained by no other thread meanwhile
   * @param data that fits the network; reset before and after
   */
  public static void proveOn(Model network, MultiDataSetIterator data) {
    if (NOTED.contains(network) || !data.resetSupported()) {
      return; // a batch that is read would be lost
    }
    data.reset();
    try {
      if (data.hasNext()) {
        MultiDataSet batch = data.next();
        prove(
            network,
            new Batch(
                batch.getFeatures(), batch.getFeaturesMaskArrays(), batch.getLabelsMaskArrays()));
      }
    } finally {
      data.reset();
    }
  }

  /**
   * Refuses a network whose replica is known to predict otherwise.
   *
   * @param network any
   * @throws UncopyableNetworkException if it was compared, and any output differed by more than
   *     rounding does
   */
  public static void requireNotDisproved(Model network) {
    Optional<String> difference = NOTED.of(network).flatMap(noted -> noted);
    if (difference.isPresent()) {
      throw new UncopyableNetworkException(difference.get());
    }
  }

  // ---------------------------------------------------------------- the proof

  /** With the first batch for which both predict the same; a difference is told by the last. */
  private static void prove(Model network, Batch... batches) {
    if (NOTED.contains(network)) {
      return;
    }
    Model replica;
    try {
      replica = Replica.unproved(network, Networks.params(network));
    } catch (UncopyableNetworkException e) {
      return; // whoever asks for a replica is told why there is none
    }
    Optional<Optional<String>> found = Optional.empty();
    for (Batch batch : batches) {
      Optional<INDArray[]> expected = predictionsOf(network, batch);
      found = expected.map(outputs -> difference(outputs, replica, batch));
      if (found.isPresent() && found.get().isEmpty()) {
        break;
      }
    }
    found.ifPresent(difference -> NOTED.add(network, difference));
  }

  /** Empty where the network itself cannot tell, or only NaN: nothing is shown by that. */
  private static Optional<INDArray[]> predictionsOf(Model network, Batch batch) {
    try (KeptState kept = KeptState.of(network)) {
      clearMasks(network); // those of the last step are not asked for here
      INDArray[] outputs = outputs(network, batch);
      for (INDArray output : outputs) {
        if (!Double.isFinite(largest(output))) {
          return Optional.empty();
        }
      }
      return Optional.of(outputs);
    } catch (RuntimeException e) {
      log.debug("A network makes no prediction for its own input", e);
      return Optional.empty();
    }
  }

  private static Optional<String> difference(INDArray[] expected, Model replica, Batch batch) {
    INDArray[] found;
    try (KeptRandom kept = KeptRandom.now()) {
      found = outputs(replica, batch);
    } catch (RuntimeException e) {
      return Optional.of(
          "a rebuilt network ends in an exception for an input that this one takes: " + e);
    }
    for (int i = 0; i < expected.length; i++) {
      if (!expected[i].equalShapes(found[i])) {
        return Optional.of(
            "its output %d is of shape %s, but that of a rebuilt network of shape %s, for the same input"
                .formatted(
                    i, Arrays.toString(expected[i].shape()), Arrays.toString(found[i].shape())));
      }
      double difference = largest(expected[i].sub(found[i]));
      if (!(difference <= rounding(expected[i]) * largest(expected[i]))) { // nor NaN
        return Optional.of(
            "with equal weights its output %d is other by %s than that of a rebuilt network, for the same input: a layer keeps something beside its configuration and its parameters"
                .formatted(i, (float) difference));
      }
    }
    return Optional.empty();
  }

  private static INDArray[] outputs(Model network, Batch batch) {
    if (network instanceof MultiLayerNetwork layers) {
      return new INDArray[] {
        layers.output(
            batch.features()[0], false, first(batch.featureMasks()), first(batch.labelMasks()))
      };
    }
    return ((ComputationGraph) network)
        .output(false, batch.features(), batch.featureMasks(), batch.labelMasks());
  }

  private static INDArray first(INDArray[] masks) {
    return masks == null || masks.length == 0 ? null : masks[0];
  }

  private static double rounding(INDArray output) {
    return output.dataType().width() < Float.BYTES ? ROUNDING_OF_16_BITS : ROUNDING;
  }

  private static double largest(INDArray array) {
    return array.amaxNumber().doubleValue();
  }

  // ---------------------------------------------------------------- what a network has at hand

  private static INDArray[] inputs(Model network) {
    if (network instanceof MultiLayerNetwork layers) {
      INDArray input = layers.getInput();
      return input == null ? null : new INDArray[] {input};
    }
    INDArray[] inputs = ((ComputationGraph) network).getInputs();
    return inputs == null ? null : inputs.clone();
  }

  private static boolean areReadable(INDArray[] inputs) {
    for (INDArray input : inputs) {
      if (input == null || input.wasClosed() || isOfClosedWorkspace(input)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isOfClosedWorkspace(INDArray input) {
    MemoryWorkspace workspace = input.isAttached() ? input.data().getParentWorkspace() : null;
    return workspace != null && !workspace.isScopeActive();
  }

  private static void clearMasks(Model network) {
    if (network instanceof MultiLayerNetwork layers) {
      layers.clearLayerMaskArrays();
    } else {
      ((ComputationGraph) network).clearLayerMaskArrays();
    }
  }
}
