// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The parameters of a network as its layers' constraints will leave them.
 *
 * <p>Deeplearning4j applies constraints after {@link TrainingListener#iterationDone}. To apply them
 * there to the network itself would change training, since rounding makes a norm constraint differ
 * in bits when applied twice. So they are applied to a copy of the parameters. Costs one more
 * vector of parameters, for networks with constraints only.
 */
public final class ConstrainedParameters {

  private final INDArray copy;
  private final Model network;

  private ConstrainedParameters(Model original) {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      copy = Networks.params(original).dup();
    }
    network = Replica.unproved(original, copy);
  }

  /**
   * For a network that has constraints.
   *
   * @param network an initialised network
   * @return empty if no layer is constrained
   */
  public static Optional<ConstrainedParameters> of(Model network) {
    return Networks.hasConstraints(network)
        ? Optional.of(new ConstrainedParameters(network))
        : Optional.empty();
  }

  /**
   * The constrained values of the given parameters.
   *
   * @param params the network's parameters after an update
   * @param iteration number of iterations done, as Deeplearning4j counts when it applies
   *     constraints
   * @param epoch number of epochs done
   * @return valid until the next call
   */
  public INDArray after(INDArray params, int iteration, int epoch) {
    copy.assign(params);
    network.applyConstraints(iteration, epoch);
    return copy;
  }
}
