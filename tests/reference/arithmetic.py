# SPDX-License-Identifier: MIT
"""The two kinds of number of a model, each with the steps of one input: sums, activations, deltas, updates.

`Real` computes in float64: it is what float32 must come close to. `Fixed` computes in exact integers and must be
met bit for bit. Both keep everything in numpy arrays of raw values and share their methods' names:

    convert(values)              values of the data set or of a target
    weighted_sum(w, x, into, n)  for each of n ends the sum of w * x over its edges, and `plus` if given
    activate(name, s)            the activation and its derivative
    multiply(x, y)               one rounded product
    Update                       how gradients change parameters
"""

import numpy as np

FUNCTIONS = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "identity": lambda x: x + 0.0,
    "softsign": lambda x: x / (1 + np.abs(x)),
}
DERIVATIVES = {
    "sigmoid": lambda x: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2,
    "tanh": lambda x: 1 / np.cosh(x) ** 2,
    "relu": lambda x: (x > 0) + 0.0,
    "identity": np.ones_like,
    "softsign": lambda x: 1 / (1 + np.abs(x)) ** 2,
}


def softmax(s, real_count):
    """Softmax over the first real_count sums; the padded ones give 0."""
    shifted = np.exp(s[:real_count] - s[:real_count].max())
    return np.concatenate([shifted / shifted.sum(), np.zeros(len(s) - real_count)])


class Real:
    """float64 arithmetic."""

    dtype = np.float64

    def convert(self, values):
        return np.asarray(np.float32(values), np.float64)

    def value(self, raw):
        return np.asarray(raw, np.float64)

    def weighted_sum(self, w, x, into, n, plus=None):
        total = np.bincount(into, weights=w * x, minlength=n)
        return total if plus is None else total + plus

    def activate(self, name, s, real_count):
        if name == "softmax":
            a = softmax(s, real_count)
            return a, np.zeros_like(a)
        return FUNCTIONS[name](s), DERIVATIVES[name](s)

    def multiply(self, x, y):
        return x * y

    def subtract(self, x, y):
        return x - y

    def new_update(self, config):
        return RealUpdate(config)


class RealUpdate:
    """sgd (momentum, Nesterov), rmsprop and adam, with l2 on the weights; state by name of the parameter."""

    def __init__(self, config):
        self.config = config
        self.state = {}

    def gradient(self, a, delta):
        return a * delta

    def step(self, name, parameter, gradient_sum, count, rate):
        c = self.config
        gradient = gradient_sum / count
        if name[0] == "weight":
            gradient = gradient + c.l2 * parameter
        s = self.state.setdefault(name, {"m": np.zeros_like(parameter), "v": np.zeros_like(parameter), "t": 0})
        s["t"] += 1
        if c.optimizer == "sgd":
            if c.momentum == 0:
                return parameter - rate * gradient
            s["m"] = c.momentum * s["m"] + gradient
            direction = gradient + c.momentum * s["m"] if c.nesterov else s["m"]
            return parameter - rate * direction
        if c.optimizer == "rmsprop":
            s["v"] = 0.9 * s["v"] + 0.1 * gradient ** 2
            return parameter - rate * gradient / (np.sqrt(s["v"]) + 1e-8)
        s["m"] = 0.9 * s["m"] + 0.1 * gradient
        s["v"] = 0.999 * s["v"] + 0.001 * gradient ** 2
        mean = s["m"] / (1 - 0.9 ** s["t"])
        square = s["v"] / (1 - 0.999 ** s["t"])
        return parameter - rate * mean / (np.sqrt(square) + 1e-8)


class Fixed:
    """fixed(width, integer): raw two's complement integers, saturating, `nearest` (half up) or `truncate`."""

    dtype = np.int64

    def __init__(self, width, integer, rounding="nearest"):
        self.fraction = width - 1 - integer
        self.low, self.high = -2 ** (width - 1), 2 ** (width - 1) - 1
        self.is_nearest = rounding == "nearest"
        self.is_wide = width > 24  # sums of exact products need more than 64 bits

    def saturate(self, raw):
        return np.clip(raw, self.low, self.high)

    def round_value(self, value, is_nearest):
        scaled = np.asarray(value, np.float64) * 2.0 ** self.fraction
        return self.saturate(np.floor(scaled + 0.5 if is_nearest else scaled)).astype(np.int64)

    def convert(self, values):
        return self.round_value(np.float32(values), self.is_nearest)

    def value(self, raw):
        return np.asarray(raw, np.float64) / 2.0 ** self.fraction

    def multiply(self, x, y):
        half = (1 << self.fraction) // 2 if self.is_nearest else 0
        return self.saturate((x * y + half) >> self.fraction)

    def subtract(self, x, y):
        return self.saturate(x - y)

    def weighted_sum(self, w, x, into, n, plus=0):
        total = np.zeros(n, np.int64)
        np.add.at(total, into, self.multiply(w, x))
        return self.saturate(total + plus)

    def activate(self, name, s, real_count):
        x = self.value(s)
        if name == "softmax":
            # What is no table is rounded like everything else.
            return self.round_value(softmax(x, real_count), self.is_nearest), np.zeros_like(s)
        return self.round_value(FUNCTIONS[name](x), True), self.round_value(DERIVATIVES[name](x), True)

    def new_update(self, config):
        return FixedUpdate(self, config)


class FixedUpdate:
    """w - rate * gradient / count, one rounding of the exact value; the rate is lowered to a power of two."""

    def __init__(self, numbers, config):
        assert config.optimizer == "sgd" and config.momentum == 0
        self.numbers = numbers
        self.l2 = config.l2

    def gradient(self, a, delta):
        """The exact product, in units of 2^(-2 fraction)."""
        if self.numbers.is_wide:
            a, delta = a.astype(object), delta.astype(object)
        return a * delta

    def step(self, name, parameter, gradient_sum, count, rate):
        exponent = int(np.floor(np.log2(rate)))
        fraction = self.numbers.fraction
        if name[0] == "weight" and self.l2 > 0:
            # 2^k * w in the gradient's units; shifted up so that it stays whole.
            decay = int(np.floor(np.log2(self.l2)))
            whole = max(0, -decay - fraction)
            gradient_sum = gradient_sum * 2 ** whole + parameter * count * 2 ** (fraction + decay + whole)
            fraction += whole
        # parameter - sum * 2^exponent / (count * 2^fraction), over the denominator 2 * count * 2^shift
        shift = fraction - exponent
        over, under = (2 ** -shift, 1) if shift < 0 else (1, 2 ** shift)
        half = count * under if self.numbers.is_nearest else 0
        moved = (half - 2 * over * gradient_sum) // (2 * count * under)
        return self.numbers.saturate(parameter + moved).astype(np.int64)
