"""Canonical JSON: one spelling per statement, so that a signature or a leaf means one thing."""

import json
from collections.abc import Mapping
from typing import Any

from governance.errors import LeafError


def canonical_json(value: Any) -> bytes:
    """Spell `value` with sorted keys, no spaces, UTF-8 and no floating-point number.

    Raises:
        LeafError: a float, a non-text key, or a type that JSON does not know. Its place is named.
    """
    _refuse_ambiguity(value, "$")
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _refuse_ambiguity(value: Any, place: str) -> None:
    if value is None or isinstance(value, (bool, int, str)):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise LeafError(f"canonical JSON needs text keys; {place} has the key {key!r}")
            _refuse_ambiguity(item, f"{place}.{key}")
        return
    if isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            _refuse_ambiguity(item, f"{place}[{position}]")
        return
    raise LeafError(f"canonical JSON has no single spelling for {type(value).__name__} at {place}")
