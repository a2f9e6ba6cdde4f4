"""Arrow columns from Python values, built from their buffers.

`pyarrow.array` would do, but it imports pandas to ask whether a list is a series: 60 MB and most of a second
in every process that fetches.
"""

from array import array
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa

_CODES = {pa.int32(): "i", pa.int64(): "q"}


def column_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A column of text, bytes, integers, flags, lists of integers, or instants given as microseconds."""
    if pa.types.is_list(kind):
        offsets = column_of([0, *accumulate(len(value) for value in values)], pa.int32())
        return pa.ListArray.from_arrays(
            offsets, column_of(list(chain.from_iterable(values)), kind.value_type)
        )
    if pa.types.is_boolean(kind):
        return column_of([int(value) for value in values], pa.int32()).cast(kind)
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return _of_variable_length(values, kind)
    if pa.types.is_timestamp(kind):
        return column_of(values, pa.int64()).view(kind)
    numbers = array(_CODES[kind], [0 if value is None else value for value in values])
    return pa.Array.from_buffers(kind, len(values), [_validity(values), pa.py_buffer(numbers)])


def _of_variable_length(values: Sequence[str | bytes | None], kind: pa.DataType) -> pa.Array:
    parts = [value.encode() if isinstance(value, str) else value or b"" for value in values]
    offsets = array("i", [0, *accumulate(map(len, parts))])
    buffers = [_validity(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(parts))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _validity(values: Sequence[object]) -> pa.Buffer | None:
    """One bit per value that is there; None where all are."""
    if None not in values:
        return None
    bits = bytearray((len(values) + 7) // 8)
    for at, value in enumerate(values):
        if value is not None:
            bits[at >> 3] |= 1 << (at & 7)
    return pa.py_buffer(bytes(bits))
