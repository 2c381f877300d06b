# SPDX-License-Identifier: MIT
"""A compiled network, over the functions of sedge_runtime.h by ctypes."""

from __future__ import annotations

import ctypes
import math
import os
from typing import Any, NamedTuple, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .error import Error

_POINTER, _TEXT, _COUNT, _NUMBER = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint32
_INT, _REAL = ctypes.c_int, ctypes.c_double


class _Tally(ctypes.Structure):
    _fields_ = [("count", _COUNT), ("correct", _COUNT), ("loss", _REAL)]


# sedge_trainer_NAME: what it returns, and what it takes after the trainer.
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "close": (None, []),
    "error": (_TEXT, []),
    "name": (_TEXT, []),
    "inputs": (_NUMBER, []),
    "outputs": (_NUMBER, []),
    "batch": (_NUMBER, []),
    "junctions": (_NUMBER, []),
    "parameters": (_COUNT, []),
    "epochs": (_NUMBER, []),
    "fraction_bits": (ctypes.c_int32, []),
    "rate": (_REAL, [_NUMBER]),
    "train": (_INT, [_POINTER, _POINTER, _COUNT, _REAL, _INT, _POINTER]),
    "drain": (_INT, [_POINTER]),
    "infer": (_INT, [_POINTER, _COUNT, _POINTER, _POINTER]),
    "test": (_INT, [_POINTER, _POINTER, _COUNT, _POINTER]),
    "edges": (_NUMBER, [_NUMBER]),
    "neurons": (_NUMBER, [_NUMBER]),
    "read_edges": (_INT, [_NUMBER, _POINTER, _POINTER]),
    "read_weights": (_INT, [_NUMBER, _POINTER]),
    "write_weights": (_INT, [_NUMBER, _POINTER]),
    "read_biases": (_INT, [_NUMBER, _POINTER]),
    "write_biases": (_INT, [_NUMBER, _POINTER]),
    "save": (_INT, [_TEXT]),
    "load": (_INT, [_TEXT]),
    "checkpoint": (_INT, [_TEXT]),
    "resume": (_INT, [_TEXT]),
    "digest": (None, [_TEXT]),
}


def _numbers(values: ArrayLike, kinds: str, cells: Any, what: str) -> NDArray[Any]:
    """An array of one of these kinds of number as C reads it: nothing is cut off on the way but float's last bits."""
    array = np.asarray(values)
    if array.size > 0 and array.dtype.kind not in kinds:
        raise Error(f"{what} are of {array.dtype}, not {'real' if 'f' in kinds else 'whole'} numbers")
    if "f" not in kinds and array.size > 0 and not (np.iinfo(cells).min <= array.min() and array.max() <= np.iinfo(cells).max):
        raise Error(f"{what} are from {array.min()} to {array.max()}, not {np.dtype(cells)}")
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        return np.ascontiguousarray(array, cells)


def _path(path: Union[str, "os.PathLike[str]"]) -> bytes:
    name = os.fsencode(path)
    if b"\0" in name:
        raise Error(f"{os.fspath(path)!r} is no path: it holds a NUL")
    return name


class Tally(NamedTuple):
    """What was seen at the output: how many inputs, how many predicted right, and the sum of their losses."""

    count: int
    correct: int
    loss: float

    @property
    def accuracy(self) -> float:
        """The share predicted right; NaN of no inputs."""
        return self.correct / self.count if self.count else float("nan")


class Trainer:
    """One set of parameters of a network, the optimizer's state, and what is still in the pipeline.

    Opened by sedge.compile(), or on a library that `sedge build --emit lib` made. Used by one thread at a time; close() it,
    or use it in a `with` statement. Examples are rows: values [count, inputs], labels [count] from 0 to outputs - 1.
    """

    def __init__(self, library: Union[str, "os.PathLike[str]"], threads: int = 0) -> None:
        self._handle: Optional[int] = None
        if not 0 <= threads <= 0xFFFFFFFF:
            raise Error(f"there cannot be {threads} threads")
        try:
            self._library = ctypes.CDLL(os.path.abspath(library))
            self._library.sedge_trainer_open.restype = _POINTER
        except (OSError, AttributeError) as error:
            raise Error(f"{os.fspath(library)}: no library of sedge: {error}") from error
        self._library.sedge_trainer_open.argtypes = [_NUMBER]
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(self._library, "sedge_trainer_" + name)
            function.restype, function.argtypes = result, [_POINTER, *arguments]
        self._handle = self._library.sedge_trainer_open(threads)
        if not self._handle:
            raise Error(os.fsdecode(self._library.sedge_trainer_error(None)))
        self.name: str = self._ask("name").decode()  #: of the network
        self.inputs: int = self._ask("inputs")  #: values of an example
        self.outputs: int = self._ask("outputs")  #: scores, and classes
        self.batch: int = self._ask("batch")  #: inputs of a minibatch; 1: online
        self.junctions: int = self._ask("junctions")
        self.parameters: int = self._ask("parameters")  #: weights and biases of all junctions
        self.epochs: int = self._ask("epochs")  #: that the program asks for
        self.fraction_bits: Optional[int] = None  #: of fixed point's parameters, which are int32; None: float32
        bits = self._ask("fraction_bits")
        if bits >= 0:
            self.fraction_bits = bits

    def close(self) -> None:
        """Frees the trainer; it cannot be used any more. Closing again does nothing."""
        if self._handle:
            self._library.sedge_trainer_close(self._handle)
        self._handle = None

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def _ask(self, name: str, *arguments: Any) -> Any:
        if not self._handle:
            raise Error("the trainer is closed")
        return getattr(self._library, "sedge_trainer_" + name)(self._handle, *arguments)

    def _do(self, name: str, *arguments: Any) -> None:
        if not self._ask(name, *arguments):
            raise Error(os.fsdecode(self._ask("error")))

    # ---- training and inference ----

    def rate(self, epoch: int) -> float:
        """The learning rate that the program asks for in this epoch, from 0."""
        if not 0 <= epoch <= 0xFFFFFFFF:
            raise Error(f"there is no epoch {epoch}")
        rate: float = self._ask("rate", epoch)
        return rate

    def train(self, values: ArrayLike, labels: ArrayLike, rate: float, *, ends_epoch: bool = True) -> Tally:
        """Trains on the examples in the order given.

        ends_epoch: the last closes its minibatch even if that is not full. In pipelined order the last examples are unfinished
        until later ones or drain() push them out; the Tally is of those whose output was reached meanwhile.
        """
        rows, numbers = self._examples(values, labels)
        tally = _Tally()
        self._do("train", rows.ctypes, numbers.ctypes, len(rows), rate, ends_epoch, ctypes.byref(tally))
        return Tally(tally.count, tally.correct, tally.loss)

    def drain(self) -> Tally:
        """Lets everything in the pipeline finish."""
        tally = _Tally()
        self._do("drain", ctypes.byref(tally))
        return Tally(tally.count, tally.correct, tally.loss)

    def test(self, values: ArrayLike, labels: ArrayLike) -> Tally:
        """Feedforward of examples, against their labels."""
        rows, numbers = self._examples(values, labels)
        tally = _Tally()
        self._do("test", rows.ctypes, numbers.ctypes, len(rows), ctypes.byref(tally))
        return Tally(tally.count, tally.correct, tally.loss)

    def predict(self, values: ArrayLike) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
        """Classes [count] and scores [count, outputs] of examples."""
        rows = self._rows(values)
        classes = np.empty(len(rows), np.uint32)
        scores = np.empty((len(rows), self.outputs), np.float32)
        self._do("infer", rows.ctypes, len(rows), scores.ctypes, classes.ctypes)
        return classes, scores

    def _rows(self, values: ArrayLike) -> NDArray[np.float32]:
        rows = _numbers(values, "biuf", np.float32, "values")
        if rows.ndim > 1:
            rows = rows.reshape(len(rows), math.prod(rows.shape[1:]))  # images too
        if rows.ndim != 2 or rows.shape[1] != self.inputs:
            raise Error(f"values have shape {np.shape(values)}, not [count, {self.inputs}]")
        return rows

    def _examples(self, values: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
        rows, numbers = self._rows(values), np.asarray(labels)
        if numbers.shape != (len(rows),) or (len(rows) > 0 and not np.issubdtype(numbers.dtype, np.integer)):
            raise Error(f"labels have shape {numbers.shape} of {numbers.dtype}, not {len(rows)} whole numbers")
        if len(rows) > 0 and (numbers.min() < 0 or numbers.max() >= self.outputs):
            raise Error(f"labels are from {numbers.min()} to {numbers.max()}, not from 0 to {self.outputs - 1}")
        return rows, np.ascontiguousarray(numbers, np.uint32)

    # ---- parameters ----

    def _cells(self) -> Any:
        return np.float32 if self.fraction_bits is None else np.int32

    def _check_junction(self, junction: int) -> None:
        if not 0 <= junction < self.junctions:
            raise Error(f"there is no junction {junction}: they are 0 to {self.junctions - 1}")

    def edges(self, junction: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Left and right neurons of all edges of a junction (from 0), in their order."""
        self._check_junction(junction)
        left = np.empty(self._ask("edges", junction), np.uint32)
        right = np.empty_like(left)
        self._do("read_edges", junction, left.ctypes, right.ctypes)
        return left, right

    def weights(self, junction: int) -> NDArray[Any]:
        """A copy of a junction's weights in the edges' order: float32, or int32 where the network is fixed point."""
        return self._read(junction, "edges", "read_weights")

    def biases(self, junction: int) -> NDArray[Any]:
        """A copy of the biases of a junction's right neurons."""
        return self._read(junction, "neurons", "read_biases")

    def set_weights(self, junction: int, weights: ArrayLike) -> None:
        """Writes all weights of a junction; the pipeline must be empty (drain)."""
        self._write(junction, "edges", "write_weights", weights)

    def set_biases(self, junction: int, biases: ArrayLike) -> None:
        """Writes the biases of all right neurons of a junction."""
        self._write(junction, "neurons", "write_biases", biases)

    def _read(self, junction: int, count: str, function: str) -> NDArray[Any]:
        self._check_junction(junction)
        cells = np.empty(self._ask(count, junction), self._cells())
        self._do(function, junction, cells.ctypes)
        return cells

    def _write(self, junction: int, count: str, function: str, values: ArrayLike) -> None:
        self._check_junction(junction)
        what = "weights" if count == "edges" else "biases"
        cells = _numbers(values, "biuf" if self.fraction_bits is None else "iu", self._cells(), what)
        expected = self._ask(count, junction)
        if cells.shape != (expected,):
            raise Error(f"there are {expected} {what}, not shape {cells.shape}")
        self._do(function, junction, cells.ctypes)

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the parameters as safetensors, as `sedge train --save` does."""
        self._do("save", _path(path))

    def load(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Reads parameters of this network; the pipeline must be empty (drain)."""
        self._do("load", _path(path))

    def checkpoint(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the whole state, pipeline and optimizer included."""
        self._do("checkpoint", _path(path))

    def resume(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Reads the whole state: training goes on to the same bits."""
        self._do("resume", _path(path))

    def digest(self) -> str:
        """SHA-256 of all parameters: parameters_sha256 of `sedge train`."""
        text = ctypes.create_string_buffer(65)
        self._ask("digest", text)
        return text.value.decode()
