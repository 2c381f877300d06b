#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the reference model by itself: its gradients against differences, its pipeline against the closed form of
how stale weights are, its fixed-point roundings against cases worked by hand."""

import unittest

import numpy as np

from arithmetic import Fixed
from model import Config, Model, Parameters


def random_parameters(layers, generator, share=0.6):
    parameters = []
    for (_, p, _), (_, n, _) in zip(layers, layers[1:]):
        right, left = np.nonzero(generator.random((n, p)) < share)
        parameters.append(Parameters(left, right, generator.normal(0, 0.7, len(left)), generator.normal(0, 0.2, n)))
    return parameters


def copy_of(parameters):
    return [Parameters(p.left, p.right, p.weight.copy(), p.bias.copy()) for p in parameters]


def loss_of(model, values, label):
    """The loss whose derivative the model follows, taken from the sums of the output layer."""
    config = model.config
    a = model.enter(values)
    for i in range(1, model.count + 1):
        a, _ = model.feed_forward(i, a)
    real, neurons, activation = config.layers[-1]
    y = np.zeros(neurons)
    y[label] = 1
    if config.loss == "quadratic":
        return ((a - y) ** 2).sum() / 2
    if activation == "softmax":
        return -np.log(a[:real] @ y[:real])
    return -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum()


class Gradients(unittest.TestCase):
    def check(self, layers, loss):
        generator = np.random.default_rng(3)
        parameters = random_parameters(layers, generator)
        config = Config(layers, loss=loss, rates=[1.0])
        values, label = generator.random(layers[0][0]), 1
        trained = Model(config, copy_of(parameters))
        trained.train([values], [label], 1)
        step = 1e-6
        for i in range(len(parameters)):
            for name in ("weight", "bias"):
                got = getattr(parameters[i], name) - getattr(trained.parameters[i + 1], name)
                for index in range(len(got)):
                    sides = []
                    for sign in (1, -1):
                        moved = copy_of(parameters)
                        getattr(moved[i], name)[index] += sign * step
                        sides.append(loss_of(Model(config, moved), values, label))
                    self.assertAlmostEqual(got[index], (sides[0] - sides[1]) / (2 * step), places=6)

    def test_sigmoid_cross_entropy(self):
        self.check([(5, 6, ""), (4, 5, "sigmoid"), (3, 4, "sigmoid")], "cross_entropy")

    def test_relu_softmax(self):
        self.check([(5, 5, ""), (6, 7, "relu"), (3, 4, "softmax")], "cross_entropy")

    def test_tanh_quadratic_three_junctions(self):
        self.check([(4, 4, ""), (5, 5, "tanh"), (4, 4, "softsign"), (3, 3, "identity")], "quadratic")


class Pipeline(unittest.TestCase):
    def test_staleness(self):
        """FF of input m in junction i sees updates up to input m - 2(L-i) - 2, BP those up to m - 1."""
        layers = [(4, 4, ""), (5, 5, "sigmoid"), (4, 4, "sigmoid"), (3, 3, "sigmoid")]
        generator = np.random.default_rng(5)
        parameters = random_parameters(layers, generator)
        inputs, labels = generator.random((9, 4)), generator.integers(0, 3, 9)
        pipelined = Model(Config(layers, is_pipelined=True, rates=[0.5]), copy_of(parameters))
        pipelined.train(inputs, labels, len(inputs))

        last = 3
        now = Model(Config(layers, rates=[0.5]), copy_of(parameters))
        versions = [copy_of(list(now.parameters.values()))]  # versions[k]: after the updates of k inputs
        for m, (values, label) in enumerate(zip(inputs, labels)):
            a, d = {0: now.enter(values)}, {}
            for i in range(1, last + 1):
                old = versions[max(0, m - 2 * (last - i) - 1)][i - 1]
                seen = Model(now.config, copy_of(versions[-1]))
                seen.parameters[i] = old
                a[i], d[i] = seen.feed_forward(i, a[i - 1])
            delta = {last: now.output_delta(a[last], d[last], label)}
            for i in range(last, 1, -1):
                delta[i - 1] = now.propagate_back(i, delta[i], d[i - 1])
            for i in range(1, last + 1):
                now.gather(i, a[i - 1], delta[i])
                now.change(i, 0.5)
            versions.append(copy_of(list(now.parameters.values())))
        for i in range(1, last + 1):
            np.testing.assert_allclose(pipelined.parameters[i].weight, now.parameters[i].weight, rtol=1e-12)
            np.testing.assert_allclose(pipelined.parameters[i].bias, now.parameters[i].bias, rtol=1e-12)

    def test_one_batch_of_everything_is_order_free(self):
        layers = [(4, 4, ""), (5, 5, "tanh"), (3, 3, "softmax")]
        generator = np.random.default_rng(6)
        parameters = random_parameters(layers, generator)
        inputs, labels = generator.random((7, 4)), generator.integers(0, 3, 7)
        results = []
        for is_pipelined in (False, True):
            model = Model(Config(layers, batch=7, is_pipelined=is_pipelined), copy_of(parameters))
            model.train(inputs, labels, 7)
            results.append(model.parameters[1].weight)
        np.testing.assert_allclose(results[0], results[1], rtol=1e-12)


class FixedPoint(unittest.TestCase):
    def test_rounding_half_up_and_saturation(self):
        numbers = Fixed(8, 3)  # 4 fraction bits, -8 .. 7.9375
        np.testing.assert_array_equal(numbers.convert([1 / 32, -1 / 32, 100, -100, 0.49 / 16]), [1, 0, 127, -128, 0])
        np.testing.assert_array_equal(numbers.multiply(np.array([4, -4, 4, 127]), np.array([2, 2, -6, 127])),
                                      [1, 0, -1, 127])
        truncating = Fixed(8, 3, "truncate")
        np.testing.assert_array_equal(truncating.multiply(np.array([4, -4]), np.array([2, 2])), [0, -1])

    def test_sum_saturates_once(self):
        numbers = Fixed(8, 3)
        total = numbers.weighted_sum(np.array([112, 112, -112]), np.array([16, 16, 16]), np.zeros(3, int), 1)
        np.testing.assert_array_equal(total, [112])

    def test_update_is_one_rounding(self):
        numbers = Fixed(8, 3)
        update = numbers.new_update(Config([], fixed=(8, 3)))
        # 16 - (8 * 4) / 16 * 2^-2 = 15.5 rounds up to 16; with delta -4: 16.5 to 17
        gradient = update.gradient(np.array([8, 8]), np.array([4, -4]))
        np.testing.assert_array_equal(update.step(("weight", 1), np.array([16, 16]), gradient, 1, 0.25), [16, 17])
        # 0.3 is lowered to 1/4; two inputs: the sum is divided inside the same rounding
        np.testing.assert_array_equal(update.step(("weight", 1), np.array([16, 16]), 3 * gradient, 2, 0.3), [15, 17])

    def test_tables(self):
        numbers = Fixed(12, 3)  # 8 fraction bits
        a, d = numbers.activate("sigmoid", np.array([0, 2047, -2048]), 3)
        np.testing.assert_array_equal(a, [128, 256, 0])
        np.testing.assert_array_equal(d, [64, 0, 0])


if __name__ == "__main__":
    unittest.main()
