"""Read the tensors stored in an ONNX file; nothing in it is executed.

ONNX is a protobuf: fields of (number, wire type, value). Only the path from a model to its graph's
initializers is followed: model.graph = 7, graph.initializer = 5, and of a tensor dims = 1,
data_type = 2, float_data = 4, name = 8, raw_data = 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from relrec_core.errors import SourceError

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _TYPE, _FLOATS, _NAME, _RAW = 1, 2, 4, 8, 9
_FLOAT = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Field = tuple[int, int | memoryview]


def tensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """All float32 initializers of the model's graph, by name.

    Raises:
        SourceError: the file is damaged or no ONNX model.
    """
    found = {}
    try:
        for number, graph in _fields(memoryview(path.read_bytes())):
            if number != _GRAPH or not isinstance(graph, memoryview):
                continue
            for inner, content in _fields(graph):
                if inner == _INITIALIZER and isinstance(content, memoryview):
                    tensor = _tensor(content)
                    if tensor is not None:
                        found[tensor[0]] = tensor[1]
    except (IndexError, ValueError, OverflowError, MemoryError) as error:
        raise SourceError(f"{path.name} is not a whole ONNX file ({error}).") from error
    if not found:
        raise SourceError(f"{path.name} holds no float tensors, so it is not an ONNX model.")
    return found


def _tensor(content: memoryview) -> tuple[str, npt.NDArray[np.float32]] | None:
    """Name and values of a float tensor; None for one of another type."""
    dims: list[int] = []
    name, kind, values = "", 0, np.zeros(0, dtype="<f4")
    for number, value in _fields(content):
        if number == _DIMS:
            dims += [value] if isinstance(value, int) else _packed(value)
        elif number == _TYPE and isinstance(value, int):
            kind = value
        elif number == _NAME and isinstance(value, memoryview):
            name = bytes(value).decode("utf-8")
        elif number in (_RAW, _FLOATS) and isinstance(value, memoryview):
            values = np.concatenate([values, np.frombuffer(value, dtype="<f4")])
    return (name, values.reshape(dims)) if kind == _FLOAT else None


def _fields(content: memoryview) -> Iterator[Field]:
    """Number and value of each field of a message."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        wire = key & 7
        if wire == _VARINT:
            value, place = _varint(content, place)
            yield key >> 3, value
            continue
        length = {_FIXED64: 8, _FIXED32: 4}.get(wire, 0)
        if wire == _BYTES:
            length, place = _varint(content, place)
        elif not length:
            raise ValueError(f"wire type {wire} at byte {place}")
        if place + length > len(content):
            raise ValueError(f"a field of {length} bytes is cut off")
        yield key >> 3, content[place : place + length]
        place += length


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError(f"a number that does not end at byte {place}")


def _packed(content: memoryview) -> list[int]:
    values, place = [], 0
    while place < len(content):
        value, place = _varint(content, place)
        values.append(value)
    return values
