# SPDX-License-Identifier: MIT
"""The data that comparisons train on: MNIST where it is, and made-up sets written in the formats sedge reads."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
IDX_NAMES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
             "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}


def find_mnist():
    """The folder with MNIST's four files, or None."""
    named = os.environ.get("SEDGE_MNIST")
    folder = Path(named) if named else ROOT.parent / "shared" / "data" / "mnist"
    return folder if folder.is_dir() else None


def read_idx(path):
    """One IDX file of bytes, gzipped or not."""
    zipped = path.with_name(path.name + ".gz")
    data = gzip.decompress(zipped.read_bytes()) if zipped.exists() else path.read_bytes()
    axes = data[3]
    shape = struct.unpack_from(f">{axes}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def write_idx(path, array):
    path.write_bytes(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes())


def read_idx_folder(folder, first):
    """(train values, train labels, test values, test labels), bytes scaled to 0..1; the `first` to train on."""
    parts = []
    for part, (images, labels) in IDX_NAMES.items():
        pixels, classes = read_idx(folder / images), read_idx(folder / labels)
        if part == "train":
            pixels, classes = pixels[:first], classes[:first]
        parts += [pixels.reshape(len(pixels), -1) / 255.0, classes]
    return parts


def make_blobs(generator, count, features, classes):
    """Values in 0..1: a pattern per class, blurred by noise; enough to be learned, never trivial."""
    centres = np.random.default_rng(11).random((classes, features)) < 0.25
    labels = generator.integers(0, classes, count)
    values = np.clip(centres[labels] * 0.8 + generator.normal(0.05, 0.25, (count, features)), 0, 1)
    return values * (values > 0.15), labels


def write_images(folder, count, tests):
    """A made-up data set in MNIST's format and shape."""
    generator = np.random.default_rng(21)
    for part, (images, labels) in IDX_NAMES.items():
        size = count if part == "train" else tests
        values, classes = make_blobs(generator, size, 784, 10)
        write_idx(folder / images, np.round(values * 255).astype(np.uint8).reshape(size, 28, 28))
        write_idx(folder / labels, classes.astype(np.uint8))


def write_archive(path, count, tests, features, classes):
    """A made-up data set of floats as npz; returns what read_idx_folder does."""
    generator = np.random.default_rng(22)
    parts = []
    for size in (count, tests):
        values, labels = make_blobs(generator, size, features, classes)
        parts += [values.astype(np.float32), labels.astype(np.int64)]
    xtr, ytr, xte, yte = parts
    np.savez(path, xtr=xtr, ytr=ytr, xva=xtr[:0], yva=ytr[:0], xte=xte, yte=yte)
    return parts
