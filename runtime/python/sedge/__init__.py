# SPDX-License-Identifier: MIT
"""Pre-defined sparse neural networks, compiled by sedge and trained on arrays of numpy.

compile() makes a Trainer of a .sedge file; schedule() gives the schedule of its edges on hardware.
"""

from .command import compile, schedule  # pylint: disable=redefined-builtin
from .error import Error
from .trainer import Tally, Trainer

__all__ = ["Error", "Tally", "Trainer", "compile", "schedule"]
__version__ = "0.1.0"
