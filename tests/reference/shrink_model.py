# SPDX-License-Identifier: MIT
"""Makes a failing model smaller: every simpler neighbour is tried, and the first that still fails is gone on from."""

import copy


def changed(model, **values):
    other = copy.deepcopy(model)
    for name, value in values.items():
        setattr(other, name, value)
    return other


def without_layer(model, is_first):
    """Without the first layer, or the last, and the junction beside it."""
    other = copy.deepcopy(model)
    output = model.layers[-1].activation
    gone = 0 if is_first else -1
    del other.layers[gone], other.patterns[gone]
    other.layers[0].activation = ""
    other.layers[-1].activation = output
    shift = 1 if is_first else 0
    other.listed = {i - shift: edges for i, edges in model.listed.items() if 0 <= i - shift < len(other.patterns)}
    for i in range(len(other.patterns)):
        if i in other.listed:
            other.patterns[i] = f'edges("junction{i + 1}.npz")'
    return other


def smaller_numbers(number, least):
    return [n for n in dict.fromkeys((least, number // 2, number - 1)) if least <= n < number]


def in_structure(model):
    if len(model.patterns) > 1:
        yield without_layer(model, True)
        yield without_layer(model, False)
    for i, pattern in enumerate(model.patterns):
        if pattern != "dense()":
            other = copy.deepcopy(model)
            other.patterns[i] = "dense()"
            other.listed.pop(i, None)
            yield other
    for i, (left, right) in model.listed.items():
        for part in (slice(0, len(left) // 2), slice(len(left) // 2, None)):
            if left[part] and len(left[part]) < len(left):
                yield changed(model, listed={**model.listed, i: (left[part], right[part])})


def in_layers(model):
    for i, layer in enumerate(model.layers):
        sizes = [(layer.real, layer.real)] if layer.count != layer.real else []
        sizes += [(size, size) for size in smaller_numbers(layer.count, 1)]
        for real, count in sizes:
            other = copy.deepcopy(model)
            other.layers[i].shape, other.layers[i].count = [real], count
            yield other
        plain = "sigmoid" if i == len(model.layers) - 1 and model.loss == "cross_entropy" else "identity"
        if i > 0 and layer.activation != plain:
            other = copy.deepcopy(model)
            other.layers[i].activation = plain
            yield other


def in_settings(model):
    for name, plain in (("number", None), ("rounding", "nearest"), ("z", None), ("stages", 2), ("is_pipelined", False),
                        ("is_shuffled", False), ("data", "npz"), ("threads", 1), ("processor", None), ("level", 2),
                        ("init", "glorot_normal(seed = 1)")):
        if getattr(model, name) != plain:
            yield changed(model, **{name: plain})
    if model.optimizer != "sgd" or model.arguments != {"rate": "1/8"}:
        yield changed(model, optimizer="sgd", arguments={"rate": "1/8"})
    for name in model.arguments:
        if name != "rate":
            yield changed(model, arguments={k: v for k, v in model.arguments.items() if k != name})
    for name, least in (("batch", 1), ("examples", 1), ("tests", 1), ("inputs", 1)):
        for number in smaller_numbers(getattr(model, name), least):
            yield changed(model, **{name: number})


def neighbours(model):
    yield from in_structure(model)
    yield from in_layers(model)
    yield from in_settings(model)



def shrink(model, still_fails, most_tries=400):
    """The smallest model found for which still_fails(model) holds."""
    tries, is_smaller = 0, True
    while is_smaller:
        is_smaller = False
        for other in neighbours(model):
            tries += 1
            if tries > most_tries:
                return model
            if still_fails(other):
                model, is_smaller = other, True
                break
    return model
