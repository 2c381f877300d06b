# SPDX-License-Identifier: MIT
"""The command `sedge`: compiling a file into a library, and its schedule."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Union

from .error import Error
from .trainer import Trainer

PathLike = Union[str, "os.PathLike[str]"]
Defines = Mapping[str, Union[str, int, float]]


def _command() -> str:
    name = os.environ.get("SEDGE") or "sedge"
    path = shutil.which(name)
    if path is None:
        raise Error(f"the command '{name}' is not there; set SEDGE to its path, or PATH to its folder")
    return path


def _run(verb: str, file: PathLike, defines: Optional[Defines], options: Sequence[str]) -> str:
    words = [_command(), verb, os.fspath(file), *options, "--color", "never"]
    for name, value in (defines or {}).items():
        words += ["-D", f"{name}={value}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Error(done.stderr.strip() or done.stdout.strip() or f"{verb} ended with {done.returncode}")
    return done.stdout


def compile(file: PathLike, *, defines: Optional[Defines] = None, options: Sequence[str] = (),  # pylint: disable=redefined-builtin
            threads: int = 0) -> Trainer:
    """Compiles a .sedge file and opens a trainer with initial parameters.

    defines: other values for the file's params and settings, as `-D` has them: {"fanout": 4, "train.batch": 32}.
    options: further options of `sedge build`, such as ["--cpu", "x86-64-v3"].
    threads: how many share the work on minibatches and inference; 0: as many as pay. The result does not depend on it.
    Raises Error with all messages where the file is wrong or cannot be compiled.
    """
    with tempfile.TemporaryDirectory(prefix="sedge-python-") as folder:
        library = Path(folder) / "network.so"
        _run("build", file, defines, ["--emit", "lib", "-o", str(library), "-q", *options])
        return Trainer(library, threads)  # stays loaded when the file is gone


def schedule(file: PathLike, *, defines: Optional[Defines] = None, options: Sequence[str] = ()) -> dict[str, Any]:
    """The schedule of a .sedge file: what `sedge schedule --format json` prints, as a dict.

    options: such as ["--junction", "1", "--clocks", "0..3"], which expand clocks into operations.
    """
    result: dict[str, Any] = json.loads(_run("schedule", file, defines, ["--format", "json", *options]))
    return result
