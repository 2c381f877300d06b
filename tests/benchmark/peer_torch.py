#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch as a peer: the network as dense layers whose gradients are masked, on one thread.

Reads commands from standard input, one a line, and answers each with a line. Arguments: the file of the network and the file for answers
that are arrays (peer_torch.c writes the one and reads the other).
"""

import sys
import time

import numpy
import torch


class Reader:
    """Arrays of a file, one after another."""

    def __init__(self, path):
        self.data = numpy.fromfile(path, numpy.uint32)
        self.at = 0

    def words(self, count):
        """The next words."""
        self.at += count
        return self.data[self.at - count:self.at]

    def floats(self, count):
        """The next words, as they are, for floats."""
        return self.words(count).view(numpy.float32)


class Layer:
    """Weights and biases of a junction, and where its edges are."""

    def __init__(self, reader, left_count, right_count):
        begin = reader.words(right_count + 1).astype(numpy.int64)
        edges = int(begin[-1])
        self.left = torch.from_numpy(reader.words(edges).astype(numpy.int64))
        self.right = torch.from_numpy(numpy.repeat(numpy.arange(right_count), numpy.diff(begin)))
        self.mask = torch.zeros(right_count, left_count)
        self.mask[self.right, self.left] = 1
        self.weight = torch.zeros(right_count, left_count)
        self.weight[self.right, self.left] = torch.from_numpy(reader.floats(edges).copy())
        self.bias = torch.zeros(right_count, requires_grad=True)
        self.weight.requires_grad_(True)


class Network:
    """The network, its examples, and the place in them."""

    def __init__(self, path):
        reader = Reader(path)
        count, self.batch, examples = (int(word) for word in reader.words(3))
        neurons = [int(word) for word in reader.words(count + 1)]
        rate = float(reader.floats(1)[0])
        self.layers = [Layer(reader, neurons[i], neurons[i + 1]) for i in range(count)]
        values = reader.floats(examples * neurons[0]).copy()
        self.examples = torch.from_numpy(values.reshape(examples, neurons[0]))
        labels = torch.from_numpy(reader.words(examples).astype(numpy.int64))
        self.wanted = torch.nn.functional.one_hot(labels, neurons[-1]).float()
        self.optimizer = torch.optim.SGD([p for layer in self.layers for p in (layer.weight, layer.bias)], lr=rate)
        self.next = 0
        self.outputs = None

    def forward(self):
        """The output layer's sums for the next batch."""
        values = self.examples[self.next:self.next + self.batch]
        for layer in self.layers[:-1]:
            values = torch.sigmoid(torch.nn.functional.linear(values, layer.weight, layer.bias))
        return torch.nn.functional.linear(values, self.layers[-1].weight, self.layers[-1].bias)

    def train(self):
        """One batch."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            self.forward(), self.wanted[self.next:self.next + self.batch], reduction="sum")
        (loss / self.batch).backward()
        for layer in self.layers:
            layer.weight.grad.mul_(layer.mask)
        self.optimizer.step()
        self.next = (self.next + self.batch) % len(self.examples)

    def infer(self):
        """One batch."""
        with torch.no_grad():
            self.outputs = torch.sigmoid(self.forward())
        self.next = (self.next + self.batch) % len(self.examples)

    def weights(self):
        """The weights of all edges."""
        return torch.cat([layer.weight.detach()[layer.right, layer.left] for layer in self.layers])


def main():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    network = Network(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        verb, *counts = line.split()
        if verb in ("train", "infer"):
            for _ in range(int(counts[0]) // network.batch):
                getattr(network, verb)()
            print("done", flush=True)
        elif verb == "seconds":
            print(time.process_time(), flush=True)
        elif verb == "outputs":
            network.outputs.numpy().tofile(sys.argv[2])
            print("done", flush=True)
        elif verb == "weights":
            network.weights().numpy().tofile(sys.argv[2])
            print("done", flush=True)


if __name__ == "__main__":
    main()
