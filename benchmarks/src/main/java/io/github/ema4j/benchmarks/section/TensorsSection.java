// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Worker;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How does an update compare with PyTorch's on the tensors of real networks? Deeplearning4j keeps
 * them in one array, PyTorch in one array each.
 */
final class TensorsSection implements Section {

  @Override
  public String name() {
    return "tensors";
  }

  @Override
  public void run(Bench bench) {
    try (Fleet fleet = new Fleet(bench.workers(), Workers.threadCounts(), true)) {
      Optional<Worker> torch = fleet.torch();
      if (torch.isEmpty()) {
        return; // the report says why at its beginning
      }
      for (String network :
          bench.effort().networks() ? List.of("resnet18", "resnet50") : List.of("resnet18")) {
        String[] counts = torch.get().ask("shapes", network).split(" ");
        long parameters = Long.parseLong(counts[0]);
        for (int threads : Workers.threadCounts()) {
          fleet.java(threads).ask("release");
          fleet.java(threads).ask("arrays", parameters);
        }
        List<Variant> variants =
            new ArrayList<>(fleet.java("EMA4J", "update", UpdateSection.BYTES));
        variants.addAll(fleet.torchUpdates(UpdateSection.BYTES));
        variants.forEach(variant -> variant.verify(UpdateSection.EXPECTED));
        Comparison comparison =
            bench.compare(
                "Update of %s, %d parameters in %s tensors"
                    .formatted(network, parameters, counts[1]),
                parameters,
                variants);
        UpdateSection.fastestTorch(comparison)
            .ifPresent(
                fastest ->
                    bench
                        .report()
                        .atLeast(
                            "Fastest PyTorch ÷ update on the tensors of " + network,
                            comparison.ratio(fastest, variants.get(0)).median(),
                            1.5));
      }
    }
  }
}
