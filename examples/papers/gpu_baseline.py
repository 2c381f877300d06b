#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures how many inputs a second a GPU trains the papers' networks on, online and in minibatches.

    gpu_baseline.py > gpu.csv                        on a machine with an NVIDIA GPU, PyTorch and nvcc
    gpu_baseline.py --device cpu --seconds 0.01      whether the script works; the CPU's figures say nothing

Random numbers of MNIST's shape, all of them in the GPU's memory before the clock starts: what is timed is training and nothing else.
A row for each network, edges, mode, arithmetic and batch:

    edges   dense   all of them
            masked  the sparse network as dense matrices, zeroed where there is no edge: what a framework makes of pre-defined sparsity
            sparse  only the edges that there are (persistent only)
    mode    eager       torch.nn, autograd and torch.optim, called from Python: as it is usually written
            graph       the training step written out in as few kernels as PyTorch offers, many steps captured in one CUDA graph, so
                        that neither Python nor the launch of each kernel counts
            persistent  gpu_online.cu: one kernel that trains input by input, its weights in the registers of one multiprocessor
    tf32    no: float32; yes: products of matrices in TF32

Every way of training is compared with autograd's result, or with float64's, before it is timed; one that differs ends the script.
"""

import argparse
import csv
import ctypes
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).resolve().parent
STEPS = 64             # at most, that are captured in one graph
RATE = 2 ** -6


@dataclass
class Network:
    name: str
    widths: list       # of its layers; without the padded neurons, which cost a GPU time and do nothing
    densities: list    # of its junctions
    hidden: str        # relu or sigmoid
    output: str        # sigmoid (binary cross-entropy) or softmax
    optimizer: str     # sgd or adam


NETWORKS = [
    Network("icann17", [784, 64, 10], [1 / 8, 1 / 2], "sigmoid", "sigmoid", "sgd"),
    Network("deep", [784, 64, 64, 64, 64, 10], [1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 2], "relu", "sigmoid", "sgd"),
    Network("jetcas19", [784, 100, 10], [1 / 2, 1], "relu", "softmax", "adam"),
]


# ---- what is trained on ----

def make_data(network, count, device):
    """(images [count, 784], one-hot labels [count, 10]): a fifth of the pixels is not 0, as in MNIST."""
    images = torch.rand(count, network.widths[0], device=device)
    images *= torch.rand_like(images) < 0.2
    labels = torch.randint(0, network.widths[-1], (count,), device=device)
    return images, nn.functional.one_hot(labels, network.widths[-1]).float()


def make_parameters(network, edges, device):
    """(weights [left, right], biases, masks or None) of each junction."""
    weights, biases, masks = [], [], []
    for left, right, density in zip(network.widths, network.widths[1:], network.densities):
        masked = edges == "masked" and density < 1
        masks.append((torch.rand(left, right, device=device) < density).float() if masked else None)
        weight = torch.randn(left, right, device=device) / left ** 0.5
        weights.append(weight * masks[-1] if masked else weight)
        biases.append(torch.zeros(right, device=device))
    return weights, biases, masks


def make_optimizer(network, parameters, device):
    if network.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=RATE)
    gpu = {"fused": True, "capturable": True} if device.type == "cuda" else {}
    return torch.optim.Adam(parameters, lr=1e-3, **gpu)


# ---- the two ways of training with PyTorch ----

class Eager:
    """As it is usually written: modules, autograd, an optimizer; a masked weight's gradient is masked."""

    def __init__(self, network, weights, biases, masks, device):
        self.hidden = getattr(torch, network.hidden)
        self.layers = nn.ModuleList()
        for weight, bias, mask in zip(weights, biases, masks):
            layer = nn.Linear(*weight.shape, device=device)
            with torch.no_grad():
                layer.weight.copy_(weight.t())
                layer.bias.copy_(bias)
            if mask is not None:
                layer.weight.register_hook(lambda grad, mask=mask.t().contiguous(): grad * mask)
            self.layers.append(layer)
        self.optimizer = make_optimizer(network, self.layers.parameters(), device)
        self.softmax = network.output == "softmax"

    def step(self, images, labels):
        values = images
        for layer in self.layers[:-1]:
            values = self.hidden(layer(values))
        values = self.layers[-1](values)
        if self.softmax:
            loss = nn.functional.cross_entropy(values, labels)
        else:
            loss = nn.functional.binary_cross_entropy_with_logits(values, labels, reduction="sum") / len(images)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def weights(self):
        return [layer.weight.detach().t() for layer in self.layers]


class Written:
    """The same arithmetic without autograd, in few kernels: what is captured in a graph."""

    def __init__(self, network, weights, biases, masks, device):
        self.network, self.masks = network, masks
        self.w = [weight.clone() for weight in weights]
        self.b = [bias.clone() for bias in biases]
        self.optimizer = None
        if network.optimizer == "adam":
            self.optimizer = make_optimizer(network, [*self.w, *self.b], device)
            for parameter in [*self.w, *self.b]:
                parameter.grad = torch.zeros_like(parameter)

    @torch.no_grad()
    def step(self, images, labels):
        values = [images]
        for k, (w, b) in enumerate(zip(self.w, self.b)):
            total = torch.addmm(b, values[-1], w)
            if k + 1 < len(self.w):
                values.append(total.relu_() if self.network.hidden == "relu" else total.sigmoid_())
            else:
                values.append(torch.softmax(total, 1) if self.network.output == "softmax" else total.sigmoid_())
        delta = values[-1] - labels
        for k in reversed(range(len(self.w))):
            before = delta @ self.w[k].t() if k else None
            self.update(k, values[k], delta)
            if k:
                backward = torch.ops.aten.threshold_backward if self.network.hidden == "relu" else None
                delta = backward(before, values[k], 0) if backward else torch.ops.aten.sigmoid_backward(before, values[k])
        if self.optimizer:
            self.optimizer.step()

    def update(self, k, values, delta):
        if self.optimizer:
            torch.mm(values.t(), delta / len(values), out=self.w[k].grad)
            if self.masks[k] is not None:
                self.w[k].grad.mul_(self.masks[k])
            torch.mean(delta, 0, out=self.b[k].grad)
            return
        self.w[k].addmm_(values.t(), delta, alpha=-RATE / len(values))
        if self.masks[k] is not None:
            self.w[k].mul_(self.masks[k])
        self.b[k].sub_(delta.sum(0), alpha=RATE / len(values))

    def weights(self):
        return self.w


def differ(made, expected):
    """The largest difference between two lists of tensors, relative to the expected one's length."""
    return max(((a.double() - b.double()).norm() / b.double().norm()).item() for a, b in zip(made, expected))


def check(network, edges, device, data):
    """Written and eager steps from the same start must end at the same weights."""
    start = make_parameters(network, edges, device)
    ways = [way(network, *start, device) for way in (Eager, Written)]
    for first in range(0, 512, 16):
        for way in ways:
            way.step(*(tensor[first:first + 16] for tensor in data))
    error = differ(ways[1].weights(), ways[0].weights())
    if not error < 1e-3:
        sys.exit(f"{network.name}, {edges}: the written step differs from autograd's by {error}")


# ---- the clock ----

def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def measure(work, inputs, device, seconds):
    """Inputs a second of work(), which trains on so many inputs: median, least and most of 7 times about `seconds`."""
    work()
    synchronize(device)
    begin = time.perf_counter()
    work()
    synchronize(device)
    calls = max(1, int(seconds / (time.perf_counter() - begin)))
    rates = []
    for _ in range(8):
        begin = time.perf_counter()
        for _ in range(calls):
            work()
        synchronize(device)
        rates.append(calls * inputs / (time.perf_counter() - begin))
    rates = rates[1:]  # the first warms up
    return statistics.median(rates), min(rates), max(rates)


def eager_work(trainer, batch, data):
    """(work, inputs of a call): steps one after the other."""
    steps = min(STEPS, len(data[0]) // batch)

    def work():
        for k in range(steps):
            trainer.step(*(tensor[k * batch:(k + 1) * batch] for tensor in data))
    return work, steps * batch


def graph_work(trainer, batch, data):
    """(work, inputs of a call): the same steps as one CUDA graph."""
    work, inputs = eager_work(trainer, batch, data)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # libraries allocate what they need before the capture
        trainer.step(*(tensor[:batch] for tensor in data))
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay, inputs


# ---- one kernel for all inputs ----

class Persistent:
    """gpu_online.cu on 784-64-10: with all edges of the first junction, or with 128 into each hidden neuron."""

    def __init__(self, edges, library, device):
        self.sparse, self.library = edges == "sparse", library
        fanin = 128 if self.sparse else 784
        self.left = torch.stack([torch.randperm(784, device=device)[:fanin] for _ in range(64)]).int().contiguous()
        if not self.sparse:
            self.left = torch.arange(784, device=device, dtype=torch.int32).repeat(64, 1)
        self.w1 = torch.randn(64, fanin, device=device) / fanin ** 0.5
        self.b1 = torch.zeros(64, device=device)
        self.w2 = torch.randn(10, 64, device=device) / 8
        self.b2 = torch.zeros(10, device=device)
        self.mask = (torch.rand(10, 64, device=device) < 0.5).float() if self.sparse else torch.ones(10, 64, device=device)
        self.w2 *= self.mask

    def train(self, images, labels):
        tensors = [images, labels, self.left, self.w1, self.b1, self.w2, self.mask, self.b2]
        failed = self.library.train_online(int(self.sparse), *(ctypes.c_void_p(t.data_ptr()) for t in tensors),
                                           len(images), ctypes.c_float(RATE))
        if failed:
            sys.exit(f"gpu_online.cu: CUDA error {failed}")

    def check(self, images, labels):
        """Against the same in float64."""
        w1, b1, w2, b2 = (t.double() for t in (self.w1, self.b1, self.w2, self.b2))
        self.train(images, labels)
        left, truth = self.left.long(), nn.functional.one_hot(labels.long(), 10).double()
        for image, wanted in zip(images.double(), truth):
            value = image[left]
            hidden = torch.sigmoid((w1 * value).sum(1) + b1)
            delta2 = torch.sigmoid(w2 @ hidden + b2) - wanted
            delta1 = (delta2 @ w2) * hidden * (1 - hidden)
            w1, b1 = w1 - RATE * delta1[:, None] * value, b1 - RATE * delta1
            w2, b2 = w2 - RATE * delta2[:, None] * hidden * self.mask, b2 - RATE * delta2
        error = differ([self.w1, self.b1, self.w2, self.b2], [w1, b1, w2, b2])
        if not error < 1e-3:
            sys.exit(f"gpu_online.cu differs from float64 by {error}")


def load_online(folder):
    """gpu_online.cu as a library; None, and why on standard error, without nvcc."""
    made = Path(folder) / "gpu_online.so"
    major, minor = torch.cuda.get_device_capability()
    command = ["nvcc", "-O3", f"-arch=sm_{major}{minor}", "-shared", "-Xcompiler", "-fPIC", "-o", str(made),
               str(HERE / "gpu_online.cu")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        print(f"no persistent kernel: {error}", file=sys.stderr)
        return None
    if done.returncode:
        sys.exit(f"nvcc: {done.stderr}")
    return ctypes.CDLL(str(made))


# ---- all of it ----

def rows_of_network(network, device, options):
    """(edges, mode, tf32, batch, rates) of everything that PyTorch does with a network."""
    data = make_data(network, options.images, device)
    modes = ["eager", "graph"] if device.type == "cuda" else ["eager", "written"]
    for edges in ["dense", "masked"]:
        torch.backends.cuda.matmul.allow_tf32 = False
        check(network, edges, device, data)
        for tf32 in [False, True] if device.type == "cuda" else [False]:
            torch.backends.cuda.matmul.allow_tf32 = tf32
            for mode in modes:
                for batch in options.batches:
                    parameters = make_parameters(network, edges, device)
                    trainer = (Eager if mode == "eager" else Written)(network, *parameters, device)
                    work = (graph_work if mode == "graph" else eager_work)(trainer, batch, data)
                    yield edges, mode, tf32, batch, measure(*work, device, options.seconds)


def rows_of_persistent(device, options):
    with tempfile.TemporaryDirectory() as folder:
        library = load_online(folder)
        if not library:
            return
        images, one_hot = make_data(NETWORKS[0], options.images, device)
        labels = one_hot.argmax(1).int()
        for edges in ["dense", "sparse"]:
            trainer = Persistent(edges, library, device)
            trainer.check(images[:1000], labels[:1000])
            rates = measure(lambda trainer=trainer: trainer.train(images, labels), len(images), device, options.seconds)
            yield edges, "persistent", False, 1, rates


def main():
    parser = argparse.ArgumentParser(description="Measures how fast a GPU trains the papers' networks.")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--seconds", type=float, default=0.05, help="of each of 8 measurements")
    parser.add_argument("--batches", type=lambda text: [int(word) for word in text.split(",")], default=[1, 16, 64, 128, 256, 1024])
    parser.add_argument("--images", type=int, default=60000, help="in the GPU's memory")
    options = parser.parse_args()
    device = torch.device(options.device)
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch finds no GPU here; --device cpu tests the script")
    if options.images < 1000 or not all(0 < batch <= options.images for batch in options.batches):
        parser.error("at least 1000 images, and batches of 1 up to as many")
    if options.device == "cpu":
        torch.set_num_threads(1)  # matrices this small are not worth more, least of all on a busy machine
    torch.manual_seed(1)
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["network", "edges", "mode", "tf32", "batch", "inputs_per_second", "least", "most", "device", "torch"])

    def write(network, edges, mode, tf32, batch, rates):
        out.writerow([network, edges, mode, "yes" if tf32 else "no", batch, *(f"{rate:.6g}" for rate in rates), name,
                      torch.__version__])
        sys.stdout.flush()
    for network in NETWORKS:
        for row in rows_of_network(network, device, options):
            write(network.name, *row)
    if options.device == "cuda":
        for row in rows_of_persistent(device, options):
            write("icann17", *row)


if __name__ == "__main__":
    main()
