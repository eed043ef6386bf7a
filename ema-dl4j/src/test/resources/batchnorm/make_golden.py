# SPDX-License-Identifier: Apache-2.0
"""Batch-norm statistics and their averages as PyTorch and timm's formula have them, in float64.

Writes inputs.npy (200 batches of 8 examples of 3 features, float32; the third feature falls silent
from batch 50 to 119) and golden.json beside this file. Made with PyTorch 1.13 and NumPy 1.24.
"""
import json
import os

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
BATCHES, SIZE, FEATURES = 200, 8, 3
AT = [1, 10, 200]


class BatchNorm(torch.nn.BatchNorm1d):
    """Mixes the biased variance into running_var, as Deeplearning4j does; PyTorch the unbiased."""

    def forward(self, x):
        with torch.no_grad():
            self.running_mean.lerp_(x.mean(0), self.momentum)
            self.running_var.lerp_(x.var(0, unbiased=False), self.momentum)
        return super().forward(x)


def averages(inputs, decay):
    """ModelEmaV2 of timm: every tensor of the state dict, decay * e + (1 - decay) * m."""
    layer = BatchNorm(FEATURES, momentum=0.1, dtype=torch.float64)
    layer.eval()  # leaves the statistics to forward() above
    ema = {name: value.clone() for name, value in layer.state_dict().items()}
    found = []
    for k, batch in enumerate(inputs, 1):
        layer(torch.from_numpy(batch.astype(np.float64)))
        for name, value in layer.state_dict().items():
            if value.is_floating_point():
                ema[name] = decay * ema[name] + (1 - decay) * value
        if k in AT:
            found.append({"mean": ema["running_mean"].tolist(), "variance": ema["running_var"].tolist()})
    return found


def main():
    random = np.random.default_rng(20261130)
    scale = np.array([0.5, 2.0, 1.0])
    inputs = random.normal(size=(BATCHES, SIZE, FEATURES)) * scale + np.array([0.3, -1.0, 0.0])
    inputs = np.maximum(inputs, -5)
    inputs[50:120, :, 2] = 0
    inputs = inputs.astype(np.float32)
    np.save(os.path.join(HERE, "inputs.npy"), inputs)
    golden = {"updates": AT, "decays": {str(d): averages(inputs, d) for d in (0.9, 0.99, 0.999)}}
    with open(os.path.join(HERE, "golden.json"), "w") as file:
        json.dump(golden, file, indent=1)
        file.write("\n")


main()
