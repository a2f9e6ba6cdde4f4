"""Canonical JSON: one value, one sequence of bytes.

Keys sorted by code point, UTF-8, no white space, no floats: a float's text depends on who prints it, so
amounts go in as integers of a named unit or as strings.
"""

import json
from typing import Any

from lineage.ledger.errors import CanonicalError


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of a JSON value.

    Args:
        value: dictionaries with string keys, lists, tuples, strings, integers, booleans and None.

    Raises:
        CanonicalError: the value holds a float, another type, a key that is no string, or a lone surrogate.
    """
    _refuse_ambiguous(value, "$")
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise CanonicalError(f"text with a lone surrogate has no UTF-8 form: {error}") from error


def _refuse_ambiguous(value: Any, path: str) -> None:
    if value is None or isinstance(value, str | int):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise CanonicalError(f"the key {key!r} at {path} is {type(key).__name__}; keys are strings")
            _refuse_ambiguous(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            _refuse_ambiguous(item, f"{path}[{position}]")
    else:
        raise CanonicalError(
            f"{type(value).__name__} at {path} has no canonical form; use an integer of a named unit or text",
        )
