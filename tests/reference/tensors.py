# SPDX-License-Identifier: MIT
"""Reads safetensors files: eight bytes of header length, a JSON header, the tensors' bytes."""

import json
import struct
from pathlib import Path

import numpy as np

TYPES = {"F32": "<f4", "I32": "<i4", "U32": "<u4", "I64": "<i8", "U64": "<u8", "F64": "<f8", "U8": "u1"}


def read_tensors(path):
    """(tensors by name, metadata) of a file; every length is checked against the file's."""
    data = Path(path).read_bytes()
    (header_bytes,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + header_bytes])
    metadata = header.pop("__metadata__", {})
    body = memoryview(data)[8 + header_bytes:]
    tensors = {}
    end_of_last = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        assert begin == end_of_last, f"{path}: a gap before {name}"
        tensors[name] = np.frombuffer(body[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        end_of_last = end
    assert end_of_last == len(body), f"{path}: {len(body) - end_of_last} bytes after the last tensor"
    return tensors, metadata
