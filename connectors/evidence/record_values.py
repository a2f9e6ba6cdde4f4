"""The top-level records of a body, in their order."""

import json
from typing import Any

_RECORD_MARK = b"\x1e"
_TOTAL = "total_count"


RECORDS_AT = "records-at"
"""The header in which a page says where its records stand in the body, as a dotted path."""


def records_of(body: bytes, *, path: str | None = None) -> list[Any]:
    """The records of a page: items of an array, of a list at a path or beside `total_count`, or the one.

    Args:
        body: The page's body.
        path: Dotted path of the list (or of the one record), where the page says one.

    A body that starts with the record separator (`git log` pages) is split at it; its records are text, in
    which bytes that are not UTF-8 are escaped. Any other body is one record of text.
    """
    if body.startswith(_RECORD_MARK):
        return [each.decode(errors="backslashreplace") for each in body.split(_RECORD_MARK)[1:]]
    try:
        value = json.loads(body)
    except ValueError:
        return [body.decode(errors="backslashreplace")] if body else []
    if isinstance(value, dict) and path:
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return [] if value is None else value if isinstance(value, list) else [value]
    if isinstance(value, dict) and _TOTAL in value:
        lists = [item for item in value.values() if isinstance(item, list)]
        if len(lists) == 1:
            return lists[0]
    return value if isinstance(value, list) else [value]
