# SPDX-License-Identifier: MIT
"""The one exception of the package."""


class Error(Exception):
    """What sedge could not do, in its own words."""
