# SPDX-License-Identifier: MIT
"""What a model means, once more: sparse junctions, both orders, minibatches, written from the definition alone.

It shares nothing with the command but that definition. Junctions are numbered from 1 as the definition does;
`parameters[i]` are junction i's. One input's values are arrays over all neurons of a layer, padding included.
"""

from dataclasses import dataclass, field

import numpy as np

from arithmetic import Fixed, Real


@dataclass
class Config:
    """A network and how it learns; also what the .sedge file of a comparison is written from."""

    layers: list                       # (real neurons, all neurons, activation), the input's activation unused
    loss: str = "cross_entropy"
    optimizer: str = "sgd"
    momentum: float = 0.0
    nesterov: bool = False
    l2: float = 0.0
    rates: list = field(default_factory=lambda: [0.125])  # of each epoch; the last one stays
    is_pipelined: bool = False
    batch: int = 1
    fixed: tuple = None                # (width, integer), or None for float32
    rounding: str = "nearest"


@dataclass
class Parameters:
    left: np.ndarray                   # [W] left neuron of each edge
    right: np.ndarray                  # [W] right neuron
    weight: np.ndarray                 # [W]
    bias: np.ndarray                   # [n]


class Model:
    """Trains its parameters in place; the arithmetic is `Real` or `Fixed`."""

    def __init__(self, config, parameters):
        self.config = config
        self.numbers = Fixed(*config.fixed, config.rounding) if config.fixed else Real()
        self.parameters = {i: p for i, p in enumerate(parameters, 1)}
        for p in parameters:
            p.weight, p.bias = p.weight.astype(self.numbers.dtype), p.bias.astype(self.numbers.dtype)
        self.count = len(parameters)
        self.update = self.numbers.new_update(config)
        self.gathered = {i: None for i in self.parameters}

    # ---- the three operations of a junction ----

    def is_real(self, layer):
        real, neurons, _ = self.config.layers[layer]
        return np.arange(neurons) < real

    def enter(self, values):
        """Layer 0's activations: the input, and 0 in the padded neurons."""
        _, neurons, _ = self.config.layers[0]
        padded = np.zeros(neurons)
        padded[:len(values)] = values
        return self.numbers.convert(padded)

    def feed_forward(self, i, a_left):
        """(a, d) of layer i; also its sums, for the gradient check."""
        p = self.parameters[i]
        real, neurons, activation = self.config.layers[i]
        s = self.numbers.weighted_sum(p.weight, a_left[p.left], p.right, neurons, p.bias)
        a, d = self.numbers.activate(activation, s, real)
        if i < self.count:
            a, d = a * self.is_real(i), d * self.is_real(i)
        return a, d

    def output_delta(self, a, d, label):
        target = np.zeros(len(a))
        target[label] = 1
        error = self.numbers.subtract(a, self.numbers.convert(target))
        if self.config.layers[-1][2] == "softmax":
            error = error * self.is_real(self.count)
        return error if self.config.loss == "cross_entropy" else self.numbers.multiply(error, d)

    def propagate_back(self, i, delta_right, d_left):
        p = self.parameters[i]
        sums = self.numbers.weighted_sum(p.weight, delta_right[p.right], p.left, len(d_left))
        return self.numbers.multiply(sums, d_left) * self.is_real(i - 1)

    def gather(self, i, a_left, delta_right):
        """Adds one input's gradient to those of its batch."""
        p = self.parameters[i]
        weight = self.update.gradient(a_left[p.left], delta_right[p.right])
        # A bias is a weight whose input is 1: exact in both arithmetics.
        one = self.numbers.dtype(1) if isinstance(self.numbers, Real) else np.int64(1 << self.numbers.fraction)
        bias = self.update.gradient(np.full(len(p.bias), one), delta_right)
        if self.gathered[i] is None:
            self.gathered[i] = [weight, bias, 1]
        else:
            self.gathered[i] = [self.gathered[i][0] + weight, self.gathered[i][1] + bias, self.gathered[i][2] + 1]

    def change(self, i, rate):
        """Applies the gathered gradients to junction i."""
        p = self.parameters[i]
        weight, bias, count = self.gathered[i]
        self.gathered[i] = None
        p.weight = self.update.step(("weight", i), p.weight, weight, count, rate)
        p.bias = self.update.step(("bias", i), p.bias, bias, count, rate)

    # ---- the two orders ----

    def train(self, inputs, labels, epoch_inputs):
        """Trains on inputs in their order; every epoch_inputs of them are an epoch, which ends its batch."""
        rates, closes = [], []
        for m in range(len(inputs)):
            epoch, place = divmod(m, epoch_inputs)
            rates.append(self.config.rates[min(epoch, len(self.config.rates) - 1)])
            is_last = m + 1 == len(inputs) or place + 1 == epoch_inputs
            closes.append(is_last or (place + 1) % self.config.batch == 0)
        order = self.train_pipelined if self.config.is_pipelined else self.train_sequential
        order(inputs, labels, rates, closes)

    def train_sequential(self, inputs, labels, rates, closes):
        last = self.count
        for values, label, rate, is_closing in zip(inputs, labels, rates, closes):
            a, d = {0: self.enter(values)}, {}
            for i in range(1, last + 1):
                a[i], d[i] = self.feed_forward(i, a[i - 1])
            delta = {last: self.output_delta(a[last], d[last], label)}
            for i in range(last, 1, -1):
                delta[i - 1] = self.propagate_back(i, delta[i], d[i - 1])
            for i in range(1, last + 1):
                self.gather(i, a[i - 1], delta[i])
                if is_closing:
                    self.change(i, rate)

    def train_pipelined(self, inputs, labels, rates, closes):
        """Junction cycle by junction cycle: everything in one reads what stood before it, then it is written."""
        last, count = self.count, len(inputs)
        a, d, delta = {}, {}, {}  # by (layer, input)
        for t in range(count + 2 * last):
            changing = []
            if t < count:
                a[0, t] = self.enter(inputs[t])
            for i in range(1, last + 1):
                m = t - i + 1
                if 0 <= m < count:
                    a[i, m], d[i, m] = self.feed_forward(i, a[i - 1, m])
                    if i == last:
                        delta[last, m] = self.output_delta(a[last, m], d[last, m], labels[m])
            for i in range(1, last + 1):
                m = t - 2 * last + i
                if 0 <= m < count:
                    if i > 1:
                        delta[i - 1, m] = self.propagate_back(i, delta[i, m], d[i - 1, m])
                    self.gather(i, a[i - 1, m], delta.pop((i, m)))
                    del a[i - 1, m]
                    if closes[m]:
                        changing.append((i, rates[m]))
            for i, rate in changing:
                self.change(i, rate)

    # ---- testing ----

    def predict(self, values):
        """The class: the largest real output, the lowest number among equals."""
        a = self.enter(values)
        for i in range(1, self.count + 1):
            a, _ = self.feed_forward(i, a)
        return int(np.argmax(a[:self.config.layers[-1][0]]))
