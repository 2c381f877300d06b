# SPDX-License-Identifier: MIT
"""Messages that no test can make: (file, begin of the text, why). One that is made after all is an error."""

UNREACHED = [
]
