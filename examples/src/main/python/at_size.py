# SPDX-License-Identifier: Apache-2.0
"""The experiment at-size in PyTorch, with averages by the formula of timm's ModelEmaV3.

    python3 examples/src/main/python/at_size.py --labels noisy --results output/at-size

writes a file for each training run that is not there yet, beside those of

    mvn -q -Pquickstart compile -Dexample=experiments.Experiments -Dargs="at-size"

which then prints both side by side. Network, start weights (as distributions, not the same numbers),
learning rate, wrong labels and the images of each batch are those of the Java program: random numbers
that choose images and labels are those of java.util.Random. The constant learning rate only.
"""

import argparse
import gzip
import json
import math
import os
import time
import zlib

import torch
from torch import nn
from torch.nn import functional

RATE, MOMENTUM = 0.05, 0.9
DECAYS = {"EMA 0.99": 0.99, "EMA 0.999": 0.999}
WRONG = {"clean": 0.0, "noisy": 0.3}
CLASSES, BINS, TEST_BATCH = 10, 15, 500


class JavaRandom:
    """java.util.Random, as its documentation defines it."""

    def __init__(self, seed):
        self.state = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)

    def bits(self, count):
        self.state = (self.state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        value = self.state >> (48 - count)
        return value - (1 << count) if value >> (count - 1) and count == 32 else value

    def below(self, bound):
        if bound & -bound == bound:
            return (bound * self.bits(31)) >> 31
        while True:
            value = self.bits(31)
            result = value % bound
            if value - result + bound - 1 < 1 << 31:
                return result

    def long(self):
        value = ((self.bits(32) << 32) + self.bits(32)) & ((1 << 64) - 1)
        return value - (1 << 64) if value >> 63 else value

    def shuffle(self, values):
        """Collections.shuffle."""
        for size in range(len(values), 1, -1):
            other = self.below(size)
            values[size - 1], values[other] = values[other], values[size - 1]


def read(directory, prefix):
    def bytes_of(name, header):
        path = os.path.join(directory, prefix + name)
        if not os.path.exists(path):
            raise SystemExit(path + " is not there: apt-get install dataset-fashion-mnist")
        with gzip.open(path) as file:
            return torch.tensor(bytearray(file.read()[header:]), dtype=torch.uint8)

    labels = bytes_of("-labels-idx1-ubyte.gz", 8).long()
    grey = bytes_of("-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    return grey.float().div_(255).mul_(2).sub_(1), labels


def with_wrong_labels(labels, fraction, seed):
    """As LabelledImages.withWrongLabels."""
    random, order, noisy = JavaRandom(seed), list(range(len(labels))), labels.clone()
    random.shuffle(order)
    for image in order[: int(math.floor(fraction * len(labels) + 0.5))]:
        noisy[image] = (int(labels[image]) + 1 + random.below(CLASSES - 1)) % CLASSES
    return noisy


def normalized(inputs, outputs, kernel, stride):
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut (He et al. 2015)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.first = normalized(inputs, outputs, 3, stride)
        self.second = normalized(outputs, outputs, 3, 1)
        self.shortcut = nn.Identity() if stride == 1 else normalized(inputs, outputs, 1, stride)

    def forward(self, x):
        inner = self.second(functional.relu(self.first(x)))
        return functional.relu(inner + self.shortcut(x))


def resnet18(width):
    layers, inputs = [normalized(1, width, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], width
    for stage in range(4):
        for _ in range(2):
            layers.append(Block(inputs, width << stage))
            inputs = width << stage
    last = nn.Linear(inputs, CLASSES)
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last)
    for module in network.modules():  # as Deeplearning4j draws them
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
    nn.init.uniform_(last.weight, -1 / math.sqrt(inputs), 1 / math.sqrt(inputs))
    nn.init.zeros_(last.bias)
    return network


class Average:
    """timm's ModelEmaV3 without warm-up: lerp of every floating-point entry of the state."""

    def __init__(self, network, decay):
        self.decay = decay
        self.state = {name: value.clone() for name, value in network.state_dict().items()}

    def update(self, state):
        for name, value in self.state.items():
            if value.is_floating_point():
                value.lerp_(state[name], 1.0 - self.decay)
            else:
                value.copy_(state[name])


@torch.no_grad()
def score(name, network, images, labels):
    network.eval()
    logits = torch.cat([network(images[i : i + TEST_BATCH]) for i in range(0, len(images), TEST_BATCH)])
    confidence, predicted = logits.double().softmax(1).max(1)
    right = (predicted == labels).double()
    bins = (confidence * BINS).ceil().sub(1).clamp(0, BINS - 1).long()
    gaps = torch.zeros(BINS, dtype=torch.double).index_add_(0, bins, confidence - right)
    return {
        "weights": name,
        "accuracy": right.mean().item(),
        "loss": functional.cross_entropy(logits, labels).item(),
        "calibrationError": gaps.abs().sum().item() / len(labels),
    }


def run(labels_kind, seed, settings, training, test):
    start = time.process_time()
    seeds = JavaRandom(seed)
    noise, order_seed = seeds.long(), seeds.long()
    images, labels = training[0], with_wrong_labels(training[1], WRONG[labels_kind], noise)
    torch.manual_seed(seed)
    network = resnet18(settings["width"])
    averages = {name: Average(network, decay) for name, decay in DECAYS.items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM, nesterov=True)
    shuffling, order = JavaRandom(order_seed), list(range(len(labels)))
    state, trained, updates = network.state_dict(), 0, 0  # shares the memory of the weights
    for _ in range(settings["epochs"]):
        shuffling.shuffle(order)
        network.train()
        for first in range(0, len(order), settings["batch"]):
            chosen = torch.tensor(order[first : first + settings["batch"]])
            loss = functional.cross_entropy(network(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for average in averages.values():
                average.update(state)
            trained = zlib.crc32(bytes(labels[chosen].tolist()), trained)
            updates += 1
    scores = [score("raw", network, *test)]
    for name, average in averages.items():
        network.load_state_dict(average.state)
        scores.append(score(name, network, *test))
    return {
        "system": "PyTorch " + torch.__version__,
        "cell": {"labels": labels_kind.upper(), "method": "CONSTANT", "seed": seed},
        "settings": settings,
        "updates": updates,
        "batches": trained,
        "seconds": time.process_time() - start,
        "scores": scores,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--results", default="output/at-size")
    parser.add_argument("--labels", default="clean,noisy")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch", type=int, default=64)
    options = parser.parse_args()
    torch.set_num_threads(1)
    settings = {"width": options.width, "batch": options.batch, "epochs": options.epochs}
    training, test = read(options.data, "train"), read(options.data, "t10k")
    os.makedirs(options.results, exist_ok=True)
    for labels in options.labels.split(","):
        for seed in range(1, options.seeds + 1):
            path = os.path.join(options.results, f"pytorch-{labels}-constant-{seed}.json")
            if os.path.exists(path):
                continue
            outcome = run(labels, seed, settings, training, test)
            with open(path + ".tmp", "w") as file:
                json.dump(outcome, file, indent=2)
            os.replace(path + ".tmp", path)
            accuracies = " ".join(f"{s['weights']} {100 * s['accuracy']:.2f} %" for s in outcome["scores"])
            print(f"{labels}-constant-{seed}, {outcome['seconds']:.0f} s: {accuracies}", flush=True)


if __name__ == "__main__":
    main()
