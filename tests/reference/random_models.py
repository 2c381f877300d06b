# SPDX-License-Identifier: MIT
"""Legal models drawn at random over all of the language, as plain data that can be written as .sedge files.

A Model is what verify_models.py hands to `sedge verify`, and what it makes smaller when the two executors disagree. Nearly
all that is drawn is legal by construction: a junction is chosen for its left layer, and the right layer's size follows. What
little is not (a z that asks a memory too often) sedge refuses, and that is counted.
"""

import math
import random
from dataclasses import dataclass, field

import numpy as np

MOST_NEURONS = 96  # of a layer; more where a network is wide on purpose
MOST_EDGES = 3000  # of a junction

ACTIVATIONS = ["sigmoid", "tanh", "relu", "identity"]
PROCESSORS = ["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"]


@dataclass
class Layer:
    """`count` neurons, `real` of them real; `shape` multiplies to real."""
    shape: list
    count: int
    activation: str = ""

    @property
    def real(self):
        return math.prod(self.shape)


@dataclass
class Model:
    layers: list
    patterns: list                                   # text of each junction's pattern
    listed: dict = field(default_factory=dict)       # junction -> (left, right), for edges("...")
    definitions: dict = field(default_factory=dict)  # name -> text of an activation or pattern of the file's own
    number: tuple | None = None                      # (width, integer), or float32
    rounding: str = "nearest"
    z: list | None = None
    stages: int = 2
    loss: str = "cross_entropy"
    optimizer: str = "sgd"
    arguments: dict = field(default_factory=lambda: {"rate": "1/8"})
    init: str = "glorot_normal(seed = 1)"
    is_pipelined: bool = False
    batch: int = 1
    epochs: int = 3
    is_shuffled: bool = True
    data: str = "npz"
    examples: int = 20
    tests: int = 10
    inputs: int = 50
    level: int = 2
    processor: str | None = None
    threads: int = 1

    @property
    def features(self):
        return self.layers[0].real

    @property
    def classes(self):
        return self.layers[-1].real


# ---- numbers ----

def divisors(number):
    return [d for d in range(1, number + 1) if number % d == 0]


def flags(rng, share):
    return rng.random() < share


# ---- junctions: (right neurons, pattern's text) for a left layer ----

def shared_degrees(rng, p, n):
    """fanout, fanin or density of a pattern with equal degrees."""
    common = math.gcd(p, n)
    steps = rng.randint(1, min(common, max(1, MOST_EDGES * common // (p * n))))
    return rng.choice([f"fanout = {steps * n // common}", f"fanin = {steps * p // common}", f"density = {steps}/{common}"])


def clashfree(rng, degrees, banks=None, kind=None, dither=None):
    words = [degrees]
    if banks:
        words.append(f"banks = {banks}")
    kind = rng.choice([None, 1, 2, 3]) if kind is None else kind
    if kind:
        words.append(f"type = {kind}")
    if flags(rng, 0.3) if dither is None else dither:
        words.append("dither = true")
    return f"clashfree({', '.join(words)}, seed = {rng.randint(0, 99)})"


def any_clashfree(rng, left, n):
    degrees = shared_degrees(rng, left.count, n)
    banks = rng.choice([None, *divisors(left.count)])
    return n, clashfree(rng, degrees, banks)


def regular_sizes(p, fanin):
    """(fanout, right neurons) that go with a fan-in."""
    sizes = []
    for fanout in range(1, 4 * MOST_NEURONS):
        if p * fanout > MOST_EDGES:
            break
        if p * fanout % fanin == 0 and fanout <= p * fanout // fanin <= 2 * MOST_NEURONS:
            sizes.append((fanout, p * fanout // fanin))
    return sizes


def turning(rng, left, _):
    """Rows per bank a multiple of 16, fan-in and banks dividing one another: what is summed by segments."""
    p = left.count
    choices = [(banks, fanin) for banks in divisors(p) if p // banks % 16 == 0
               for fanin in divisors(p) + [banks * k for k in range(1, p // banks + 1)]
               if fanin % banks == 0 or banks % fanin == 0]
    rng.shuffle(choices)
    for banks, fanin in choices:
        sizes = regular_sizes(p, fanin)
        if sizes:
            fanout, n = rng.choice(sizes)
            return n, clashfree(rng, f"fanout = {fanout}", banks, rng.choice([2, 3]), dither=False)
    return None


def blending(rng, left, _):
    """Banks and fan-in multiples of 16, few rows."""
    p = left.count
    choices = [(p // rows, fanin) for rows in (2, 4, 8) if p % (16 * rows) == 0 for fanin in range(16, p + 1, 16)]
    rng.shuffle(choices)
    for banks, fanin in choices:
        sizes = regular_sizes(p, fanin)
        if sizes:
            fanout, n = rng.choice(sizes)
            return n, clashfree(rng, f"fanout = {fanout}", banks, dither=False)
    return None


def window(rng, left, _):
    """Over a shaped layer; n is the number of windows."""
    shape = left.shape
    count = rng.randint(1, len(shape))
    size = [rng.randint(1, axis) for axis in shape[-count:]]
    stride = [rng.randint(1, 3) for _ in size]
    windows = math.prod((axis - s) // t + 1 for axis, s, t in zip(shape[-count:], size, stride))
    fanin = math.prod(size) * math.prod(shape[:-count])
    if windows > 2 * MOST_NEURONS or windows * fanin > MOST_EDGES:
        return None
    text = [str(size[0]) if count == 1 else f"({', '.join(map(str, size))})",
            str(stride[0]) if count == 1 else f"({', '.join(map(str, stride))})"]
    return windows, f"window(size = {text[0]}, stride = {text[1]})"


def listed(rng, left, n):
    """The place of a list of edges; the list itself is drawn by draw_edges()."""
    return n, "edges"


OWN_PATTERNS = [
    "pattern {name}(k)(l, r) = (l + 2 * r) % k == 0;",
    "pattern {name}(k)(l, r) = abs(l - r) <= k;",
    "pattern {name}(k)(l, r) = l % k == r % k || l == r;",
    "pattern {name}(k)(l, r) = gcd(l + 1, r + 1) == 1 && l + r > k;",
    "pattern {name}(k)(l, r) = floor(l / k) >= r - 1;",
]

MAKERS = {
    "dense": lambda rng, left, n: (n, "dense()"),
    "random": lambda rng, left, n: (n, f"random(density = {rng.choice(['1/2', '0.3', '1', '0.07'])}, seed = {rng.randint(0, 99)})"),
    "structured": lambda rng, left, n: (n, f"structured({shared_degrees(rng, left.count, n)}, seed = {rng.randint(0, 99)})"),
    "clashfree": any_clashfree,
    "turning": turning,
    "blending": blending,
    "window": window,
    "edges": listed,
    "own": lambda rng, left, n: (n, f"own({rng.randint(1, 5)})"),
}


def draw_edges(rng, p, n):
    """A list of distinct edges, none for some neurons, in no order."""
    pairs = [(l, r) for l in range(p) for r in range(n)]
    chosen = rng.sample(pairs, rng.randint(1, max(1, min(len(pairs), MOST_EDGES) // rng.choice([1, 2, 5]))))
    return [l for l, _ in chosen], [r for _, r in chosen]


# ---- layers ----

def draw_size(rng):
    return rng.choice([rng.randint(1, 20), rng.randint(1, 60), 16 * rng.randint(1, 6), 32 * rng.randint(1, 4),
                       2 ** rng.randint(0, 7)])


def draw_shape(rng, real):
    """As one number, or channels, height and width."""
    if flags(rng, 0.4):
        channels = rng.choice([d for d in divisors(real) if d <= 4])
        height = rng.choice(divisors(real // channels))
        return [channels, height, real // channels // height]
    return [real]


def draw_layer(rng, count):
    """`count` neurons, sometimes with padding among them."""
    real = count if flags(rng, 0.7) else rng.randint(max(1, count - 20), count)
    return Layer(draw_shape(rng, real), count)


def draw_layers(rng, model, junctions):
    model.layers = [draw_layer(rng, draw_size(rng))]
    for i in range(junctions):
        left = model.layers[-1]
        made = None
        while made is None:
            maker = rng.choice(list(MAKERS))
            wanted = max(1, min(draw_size(rng), MOST_EDGES // left.count))
            made = MAKERS[maker](rng, left, wanted)
        n, text = made
        model.layers.append(draw_layer(rng, n))
        if text == "edges":
            model.listed[i] = draw_edges(rng, left.count, n)
            text = f'edges("junction{i + 1}.npz")'
        if text.startswith("own("):
            name = f"own{i + 1}"
            model.definitions[name] = rng.choice(OWN_PATTERNS).format(name=name)
            text = name + text[len("own"):]
        model.patterns.append(text)


# ---- functions ----

OWN_ACTIVATIONS = ["x / (1 + abs(x))", "max(-1, min(1, x))", "exp(-x * x)", "log2(1 + x * x)", "sqrt(1 + x * x) - 1",
                   "x > 0 ? x : exp(x) - 1", "floor(4 * x) / 4 + x / 8", "x / (1 + exp(-x))", "max(x, x / 16)",
                   "round(8 * x) / 8", "abs(x) < 1 && x != 0 ? x ^ 2 : min(abs(x), 3)", "1 / 2"]


def draw_formula(rng, depth):
    """An expression of x that is finite wherever x is."""
    if depth == 0 or flags(rng, 0.15):
        return rng.choice(["x", "x", "1/2", "2", "0.1"])
    a, b = draw_formula(rng, depth - 1), draw_formula(rng, depth - 1)
    return rng.choice([f"({a} + {b})", f"({a} - {b})", f"max({a}, {b})", f"min({a}, {b})", f"abs({a})",
                       f"({a} / (1 + abs({b})))", f"(x * {b} / (1 + abs({b})))", f"exp(min({a}, 1))", f"sqrt(1 + abs({a}))",
                       f"log2(1 + abs({a}))", f"({a} < {b} ? {b} : x)", f"ceil({a})", f"(-{a})",
                       f"(!({a} >= 0) || {b} == x ? x : 1 / 4)"])


def draw_own_activation(rng, model):
    name = f"shape{len(model.definitions)}"
    text = rng.choice(OWN_ACTIVATIONS) if flags(rng, 0.5) else draw_formula(rng, 3)
    model.definitions[name] = f"activation {name}(x) = {text};"
    return name


def draw_activations(rng, model):
    for layer in model.layers[1:-1]:
        layer.activation = draw_own_activation(rng, model) if flags(rng, 0.25) else rng.choice(ACTIVATIONS)
    output = model.layers[-1]
    if flags(rng, 0.65):
        output.activation = rng.choice(["sigmoid", "softmax"])
        return
    model.loss = "quadratic"
    output.activation = draw_own_activation(rng, model) if flags(rng, 0.3) else rng.choice(ACTIVATIONS)


# ---- hardware and training ----

def draw_hardware(rng, model):
    if flags(rng, 0.5):
        width = rng.choice([rng.randint(4, 16), rng.randint(4, 32), 12, 16])
        model.number = (width, rng.randint(0, min(width - 1, 6)) if flags(rng, 0.8) else rng.randint(0, width - 1))
        model.rounding = rng.choice(["nearest", "nearest", "truncate", f"stochastic(seed = {rng.randint(0, 9)})"])
    model.stages = rng.choice([0, 1, 2, 2, 2, 7])


def draw_rate(rng, low, high):
    rate = f"2^-{rng.randint(low, high)}" if flags(rng, 0.6) else f"{2 ** -rng.uniform(low, high):.4g}"
    return rng.choice([rate, rate, rate, f"step({rate}, factor = 1/2, every = {rng.randint(1, 2)})",
                       f"step({rate}, factor = 0.3)", f"cosine(from = {rate}, to = 0)"])


def draw_optimizer(rng, model):
    kinds = ["sgd", "sgd"] if model.number else ["sgd", "sgd", "rmsprop", "adam"]
    model.optimizer = rng.choice(kinds)
    model.arguments = {"rate": draw_rate(rng, 1, 8) if model.optimizer == "sgd" else draw_rate(rng, 5, 10)}
    if model.optimizer == "sgd" and flags(rng, 0.4):
        model.arguments["momentum"] = rng.choice(["1/2", "0.9", "0.37"])
        if flags(rng, 0.5):
            model.arguments["nesterov"] = "true"
    if model.optimizer == "adam" and flags(rng, 0.3):
        model.arguments |= {"beta1": "0.8", "beta2": "0.99", "epsilon": "1e-6"}
    if model.optimizer == "rmsprop" and flags(rng, 0.3):
        model.arguments |= {"decay": "0.8", "epsilon": "1e-6"}
    if flags(rng, 0.04):  # so high that some run away
        model.arguments["rate"] = rng.choice(["2^4", "2^9"])
    if flags(rng, 0.3):
        model.arguments["l2"] = rng.choice(["0.001", "0.01", "2^-5"])


def draw_training(rng, model):
    draw_optimizer(rng, model)
    seed = f"seed = {rng.randint(0, 9)}"
    model.init = rng.choice([f"glorot_normal({seed})", f"glorot_uniform({seed})", f"he_normal({seed})", "zeros",
                             f"uniform(-1/2, 1/2, {seed})"])
    model.is_pipelined = flags(rng, 0.6)
    model.is_shuffled = flags(rng, 0.7)


def draw_data(rng, model):
    model.data = rng.choice(["npz", "npz", "bytes", "csv", "libsvm"])
    model.examples = rng.choice([1, 2, 3, rng.randint(4, 12), rng.randint(13, 40), rng.randint(41, 90)])
    model.tests = rng.choice([1, 15, 40, 70])
    # Several epochs where they are short: what their ends leave half full then meets in the pipeline.
    model.inputs = rng.randint(1, min(4 * model.examples + 12, 150))


def draw_execution(rng, model, processors):
    # A minibatch's kernels take long to optimize.
    model.level = rng.choice([0, 1, 2, 3]) if model.batch == 1 or flags(rng, 0.08) else 0
    model.processor = rng.choice([None, *processors])
    model.threads = rng.choice([1, 1, 2, 3, 5])


def draw_model(seed, number, processors=()):
    """Model `number` of a seed's endless list; processors: names for --cpu."""
    rng = random.Random(f"sedge {seed} {number}")
    model = Model([], [])
    draw_hardware(rng, model)
    model.batch = rng.choice([1, 1, 1, 2, 3, 7, 16, 17, 64, 200])
    # The kernels of float32 minibatches are long: LLVM takes its time over each junction's.
    is_slow = model.batch > 1 and not model.number and flags(rng, 0.9)
    draw_layers(rng, model, rng.choice([1, 1, 2] if is_slow else [1, 2, 2, 3, 3, 4, 5]))
    if flags(rng, 0.15):
        model.z = [1] * len(model.patterns)
    draw_activations(rng, model)
    draw_training(rng, model)
    draw_data(rng, model)
    draw_execution(rng, model, processors)
    return model


# ---- on disk ----

def layer_text(layer, name, kind):
    shape = ", ".join(map(str, layer.shape))
    pad = f" pad {layer.count}" if layer.count != layer.real else ""
    return f"  {kind} {name}[{shape}]{pad}" + (f" : {layer.activation}" if layer.activation else "") + ";"


def program_text(model):
    """The .sedge file; data.* and junction*.npz lie beside it."""
    last = len(model.layers) - 1
    used = " ".join(model.patterns + [layer.activation for layer in model.layers])
    lines = [text for name, text in model.definitions.items() if name in used]
    lines.append("network drawn {")
    for i, layer in enumerate(model.layers):
        lines.append(layer_text(layer, f"layer{i}", "input" if i == 0 else "output" if i == last else "layer"))
    lines += [f"  junction layer{i} -> layer{i + 1} : {text};" for i, text in enumerate(model.patterns)]
    lines.append("}")
    number = f"fixed(width = {model.number[0]}, integer = {model.number[1]})" if model.number else "float32"
    lines.append(f"hardware exact {{ number = {number}; rounding = {model.rounding}; stages = {model.stages};"
                 + (f" z = ({', '.join(map(str, model.z))});" if model.z else "") + " }")
    suffix = {"npz": "npz", "bytes": "npz", "csv": "csv", "libsvm": "libsvm"}[model.data]
    arguments = ", ".join(f"{name} = {value}" for name, value in model.arguments.items())
    lines += ["train {",
              f'  data = {suffix}("data.{suffix}");', f"  loss = {model.loss};", f"  optimizer = {model.optimizer}({arguments});",
              f"  init = {model.init};", f"  order = {'pipelined' if model.is_pipelined else 'sequential'};",
              f"  batch = {model.batch};", f"  epochs = {model.epochs};",
              f"  shuffle = {'true' if model.is_shuffled else 'false'};", "}"]
    return "\n".join(lines) + "\n"


def csv_text(values, labels):
    return "".join(",".join(f"{v:.6g}" for v in row) + f",{label}\n" for row, label in zip(values, labels))


def libsvm_text(values, labels):
    # The last value is always written: it says how many there are.
    rows = [" ".join(f"{i}:{v:.6g}" for i, v in enumerate(row, 1) if v != 0 or i == len(row)) for row in values]
    return "".join(f"{label} {row}\n" for row, label in zip(rows, labels))


def write_data(folder, model):
    generator = np.random.default_rng(model.examples * 1000 + model.features)
    parts = []
    for count in (model.examples, model.tests):
        values = generator.random((count, model.features)) * (generator.random((count, model.features)) < 0.7)
        parts.append((values, generator.integers(0, model.classes, count)))
    (xtr, ytr), (xte, yte) = parts
    if model.data == "csv":
        (folder / "data.csv").write_text(csv_text(xtr, ytr))
        (folder / "data-test.csv").write_text(csv_text(xte, yte))
    elif model.data == "libsvm":
        (folder / "data.libsvm").write_text(libsvm_text(xtr, ytr))
        (folder / "data.libsvm.t").write_text(libsvm_text(xte, yte))
    else:
        xtr, xte = [(x * 255).astype(np.uint8) if model.data == "bytes" else x.astype(np.float32) for x in (xtr, xte)]
        np.savez(folder / "data.npz", xtr=xtr, ytr=ytr, xva=xtr[:0], yva=ytr[:0], xte=xte, yte=yte)


def write_model(folder, model):
    """Writes the model's files into an empty folder; returns the program's path."""
    program = folder / "model.sedge"
    program.write_text(program_text(model))
    write_data(folder, model)
    for junction, (left, right) in model.listed.items():
        np.savez(folder / f"junction{junction + 1}.npz", left=np.array(left, np.int32), right=np.array(right, np.int32))
    return program
