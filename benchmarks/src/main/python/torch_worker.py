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
from torch import nn

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


class Residual(nn.Module):
    """The sum of a path and a shortcut, and what follows it."""

    def __init__(self, path, shortcut=None, after=None):
        super().__init__()
        self.path, self.shortcut, self.after = path, shortcut, after

    def forward(self, x):
        total = self.path(x) + (self.shortcut(x) if self.shortcut else x)
        return self.after(total) if self.after else total


def normalized(inputs, outputs, kernel, stride=1, activation=None, groups=1):
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(
        convolution, nn.BatchNorm2d(outputs), *([activation(inplace=True)] if activation else [])
    )


def classifier(inputs):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10)]


def train_lenet(channels, size):
    flat = 50 * (((size - 4) // 2 - 4) // 2) ** 2
    return nn.Sequential(
        *[nn.Conv2d(channels, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2)],
        *[nn.Flatten(), nn.Linear(flat, 500), nn.ReLU(inplace=True), nn.Linear(500, 10)],
    )


def train_simplecnn(channels, size):
    widths = [channels, 16, 32, 64]
    layers = [normalized(a, b, 3, 2, nn.ReLU) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(*layers, *classifier(64))


def train_convnet(channels, size):
    layers, width = [], channels
    for outputs in (16, 32, 64):
        layers += [normalized(width, outputs, 3, 1, nn.ReLU), nn.MaxPool2d(2)]
        width = outputs
    return nn.Sequential(*layers, *classifier(width))


def train_resnet(depths, first=64):
    def build(channels, size):
        layers = [normalized(channels, first, 7, 2, nn.ReLU), nn.MaxPool2d(3, 2, 1)]
        width = first
        for stage, depth in enumerate(depths):
            for i in range(depth):
                outputs, stride = first << stage, 2 if stage > 0 and i == 0 else 1
                path = nn.Sequential(
                    normalized(width, outputs, 3, stride, nn.ReLU), normalized(outputs, outputs, 3)
                )
                shortcut = normalized(width, outputs, 1, stride) if width != outputs else None
                layers.append(Residual(path, shortcut, nn.ReLU(inplace=True)))
                width = outputs
        return nn.Sequential(*layers, *classifier(width))

    return build


def train_mobilenetv2(channels, size):
    layers, width = [normalized(channels, 32, 3, 2, nn.ReLU6)], 32
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)]
    rows += [(6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]  # table 2 of Sandler et al. 2018
    for expansion, outputs, repeats, first_stride in rows:
        for i in range(repeats):
            stride, inner = first_stride if i == 0 else 1, width * expansion
            path = [normalized(width, inner, 1, 1, nn.ReLU6)] if expansion > 1 else []
            path.append(normalized(inner, inner, 3, stride, nn.ReLU6, groups=inner))
            path.append(normalized(inner, outputs, 1))
            path = nn.Sequential(*path)
            layers.append(Residual(path) if stride == 1 and width == outputs else path)
            width = outputs
    layers.append(normalized(width, 1280, 1, 1, nn.ReLU6))
    pool, flatten, dense = classifier(1280)
    return nn.Sequential(*layers, pool, flatten, nn.Dropout(0.2), dense)


TRAINED = {
    "lenet": train_lenet,
    "simplecnn": train_simplecnn,
    "convnet": train_convnet,
    "resnet18-8": train_resnet([2, 2, 2, 2], 8),
    "resnet18-16": train_resnet([2, 2, 2, 2], 16),
    "resnet18": train_resnet([2, 2, 2, 2]),
    "resnet34": train_resnet([3, 4, 6, 3]),
    "mobilenetv2": train_mobilenetv2,
}


class Worker:
    def __init__(self):
        self.shadow, self.params = [], []
        self.step = None

    def training(self, network, channels, size, batch):
        """A step of the train command's network, for the operation ``step``."""
        channels, size, batch = int(channels), int(size), int(batch)
        model = TRAINED[network](channels, size)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)
        loss = nn.CrossEntropyLoss()
        x, y = torch.rand(batch, channels, size, size), torch.arange(batch) % 10

        def step():
            with torch.enable_grad():
                optimizer.zero_grad()
                loss(model(x), y).backward()
                optimizer.step()

        self.step = step
        torch.set_num_threads(1)
        for _ in range(3):
            step()
        return str(sum(p.numel() for p in model.parameters()))

    def run_steps(self, threads, calls):
        """Processor time of the whole process: gradients are computed by a thread of their own."""
        torch.set_num_threads(int(threads))
        self.step()
        nanos = []
        for _ in range(int(calls)):
            start = time.process_time_ns()
            self.step()
            nanos.append(time.process_time_ns() - start)
        return " ".join(map(str, nanos))

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
        if operation == "step":
            return self.run_steps(threads, calls)
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
