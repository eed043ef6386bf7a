# SPDX-License-Identifier: Apache-2.0
"""PyTorch's ways to update an average, as a worker of the benchmarks.

Reads requests from standard input and answers on standard output, see Worker.java. Beside the
requests that all workers know: ``shapes resnet18`` and ``shapes resnet50`` take a tensor for each
parameter and each buffer of batch normalisation of the network, as ``state_dict()`` holds them
(without the integer ``num_batches_tracked``, which is copied and not averaged), and answer with
the number of elements and of tensors. ``version`` answers with that of PyTorch.
"""

import sys
import time

import torch

DECAY = 0.9999


def batch_norm(channels):
    return [[channels]] * 4  # weight, bias, running mean and variance


def conv(outputs, inputs, size):
    return [[outputs, inputs, size, size]] + batch_norm(outputs)


def basic_block(inputs, planes, stride):
    shapes = conv(planes, inputs, 3) + conv(planes, planes, 3)
    return (shapes + conv(planes, inputs, 1) if stride != 1 or inputs != planes else shapes), planes


def bottleneck(inputs, planes, stride):
    outputs = 4 * planes
    shapes = conv(planes, inputs, 1) + conv(planes, planes, 3) + conv(outputs, planes, 1)
    return (shapes + conv(outputs, inputs, 1) if stride != 1 or inputs != outputs else shapes), outputs


def resnet(block, depths):
    """The shapes of a ResNet for ImageNet (He et al. 2015), as torchvision builds it."""
    shapes, channels = conv(64, 3, 7), 64
    for stage, depth in enumerate(depths):
        for i in range(depth):
            more, channels = block(channels, 64 << stage, 2 if stage > 0 and i == 0 else 1)
            shapes += more
    return shapes + [[1000, channels], [1000]]


NETWORKS = {
    "resnet18": lambda: resnet(basic_block, [2, 2, 2, 2]),
    "resnet50": lambda: resnet(bottleneck, [3, 4, 6, 3]),
}


def lerp(shadow, params):
    """timm's ModelEmaV3 with foreach=False."""
    for e, p in zip(shadow, params):
        e.lerp_(p, weight=1.0 - DECAY)


def foreach(shadow, params):
    """timm's ModelEmaV3 where PyTorch has no _foreach_lerp_; also torch.optim.swa_utils."""
    torch._foreach_mul_(shadow, DECAY)
    torch._foreach_add_(shadow, params, alpha=1.0 - DECAY)


def foreach_lerp(shadow, params):
    """timm's ModelEmaV3."""
    torch._foreach_lerp_(shadow, params, 1.0 - DECAY)


def timm_v2(shadow, params):
    """timm's ModelEmaV2."""
    for e, p in zip(shadow, params):
        e.copy_(DECAY * e + (1.0 - DECAY) * p)


OPERATIONS = {"lerp_": lerp, "foreach": foreach, "timm-v2": timm_v2}
if hasattr(torch, "_foreach_lerp_"):
    OPERATIONS["foreach-lerp"] = foreach_lerp


class Worker:
    def __init__(self):
        self.shadow, self.params = [], []

    def allocate(self, shapes):
        self.release()
        self.shadow = [torch.ones(shape) for shape in shapes]
        self.params = [torch.full(shape, 0.5) for shape in shapes]
        return "%d %d" % (sum(e.numel() for e in self.shadow), len(shapes))

    def arrays(self, length):
        return self.allocate([[int(length)]])

    def shapes(self, network):
        return self.allocate(NETWORKS[network]())

    def release(self):
        self.shadow, self.params = [], []
        return "released"

    def operations(self):
        return " ".join(OPERATIONS)

    def version(self):
        return torch.__version__

    def run(self, operation, threads, calls):
        call = OPERATIONS[operation]
        torch.set_num_threads(int(threads))
        call(self.shadow, self.params)
        nanos = []
        for _ in range(int(calls)):
            start = time.perf_counter_ns()
            call(self.shadow, self.params)
            nanos.append(time.perf_counter_ns() - start)
        return " ".join(map(str, nanos))

    def verify(self, operation, threads):
        torch.set_num_threads(int(threads))
        for e, p in zip(self.shadow, self.params):
            e.fill_(1)
            p.fill_(0.5)
        OPERATIONS[operation](self.shadow, self.params)
        first, last = self.shadow[0].view(-1), self.shadow[-1].view(-1)
        middle = self.shadow[len(self.shadow) // 2].view(-1)
        return "%.9g %.9g %.9g" % (first[0], middle[middle.numel() // 2], last[-1])


def main():
    worker = Worker()
    with torch.no_grad():
        for line in sys.stdin:
            request, *arguments = line.split()
            try:
                answer = "= " + getattr(worker, request)(*arguments)
            except Exception as e:  # whatever it is, the benchmark reports it
                answer = "! %s: %s" % (type(e).__name__, str(e).replace("\n", " "))
            print(answer, flush=True)


if __name__ == "__main__":
    main()
