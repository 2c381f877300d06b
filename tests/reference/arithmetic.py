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
        # bincount adds in float64, which holds these integers exactly: less than 2^21 products of 32 bits.
        total = np.bincount(into, weights=self.multiply(w, x), minlength=n).astype(np.int64)
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
    """sgd, with momentum and l2: every line is one rounding of its exact value, kept as numerator over denominator.

    Rate and l2 are lowered to powers of two, the momentum is rounded to the format.
    """

    def __init__(self, numbers, config):
        assert config.optimizer == "sgd"
        self.numbers = numbers
        self.decay = -int(np.floor(np.log2(config.l2))) if config.l2 else None
        self.momentum = int(numbers.round_value(config.momentum, True))
        self.is_nesterov = config.nesterov
        # 64 bits hold the exact values of short words; Python's own integers those of long ones.
        self.is_wide = numbers.is_wide or config.momentum != 0
        self.velocity = {}

    def gradient(self, a, delta):
        """The exact product, in units of 2^(-2 fraction)."""
        return a.astype(object) * delta if self.is_wide else a * delta

    def round(self, start, numerator, denominator):
        """start + numerator / denominator, rounded once and saturated."""
        half = denominator if self.numbers.is_nearest else 0
        return self.numbers.saturate(start + (2 * numerator + half) // (2 * denominator)).astype(np.int64)

    def step(self, name, parameter, gradient_sum, count, rate):
        one = 1 << self.numbers.fraction
        numerator, denominator = gradient_sum, count * one
        if name[0] == "weight" and self.decay is not None:
            scale = 2 ** self.decay
            numerator, denominator = numerator * scale + parameter * denominator, denominator * scale
        if self.momentum:
            old = self.velocity.get(name, np.zeros_like(parameter))
            new = self.round(0, self.momentum * denominator * old.astype(object) + one * numerator, denominator * one)
            self.velocity[name] = new
            if self.is_nesterov:
                numerator = one * numerator + self.momentum * denominator * new.astype(object)
                denominator = denominator * one
            else:
                numerator, denominator = new.astype(object), 1
        exponent = int(np.floor(np.log2(rate)))
        if exponent > 0:
            numerator = numerator * 2 ** exponent
        return self.round(parameter, -numerator, denominator * 2 ** max(0, -exponent))
